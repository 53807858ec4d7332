import { lastFor } from '../remembered-check';
import type { CheckMemoryRow } from '../remembered-check';
import type { CheckMemory } from '../store';
import type { Database } from './database';

/** What checks found the last time; see the interface for who sees what. */
export function createCheckMemory(database: Database, clock: () => number): CheckMemory {
	const read = database.statement<CheckMemoryRow>(`
		SELECT run, content, previous, previous_at, updated_at FROM check_memory WHERE key = :key`);
	const write = database.statement(`
		INSERT INTO check_memory VALUES (:key, :run, :content, :previous, :previousAt, :now)
		ON CONFLICT (key) DO UPDATE SET
			run = excluded.run, content = excluded.content, previous = excluded.previous,
			previous_at = excluded.previous_at, updated_at = excluded.updated_at`);
	const forget = database.statement('DELETE FROM check_memory WHERE updated_at < :before');

	return {
		revise: (key, run, revise, isOver = () => true) =>
			database.alone('powerCut', () => {
				const last = lastFor(read.get({ key }), run, isOver);
				const { content, result } = revise(last);
				if (content !== undefined)
					write.run({
						key,
						run,
						content,
						previous: last?.content,
						previousAt: last?.at,
						now: clock(),
					});
				return result;
			}),

		forget: (before) => database.alone('kill', () => forget.run({ before })),
	};
}
