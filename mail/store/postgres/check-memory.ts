import { lastFor } from '../remembered-check';
import type { CheckMemoryRow } from '../remembered-check';
import type { CheckMemory } from '../store';
import type { Database } from './database';
import { lock } from './lock';
import { CLOCK, NOW, statement } from './statement';

const SQL = {
	read: statement<CheckMemoryRow>(`
		SELECT run, content, previous, previous_at, updated_at FROM check_memory WHERE key = :key`),
	write: statement(`
		WITH ${CLOCK}
		INSERT INTO check_memory (key, run, content, previous, previous_at, updated_at)
		VALUES (:key, :run, :content, :previous, :previousAt, ${NOW})
		ON CONFLICT (key) DO UPDATE SET
			run = excluded.run, content = excluded.content, previous = excluded.previous,
			previous_at = excluded.previous_at, updated_at = excluded.updated_at`),
	forget: statement<{ key: string }>(
		'DELETE FROM check_memory WHERE updated_at < :before::bigint RETURNING key',
	),
};

/** What checks found the last time; see the interface for who sees what. */
export function createCheckMemory(database: Database): CheckMemory {
	return {
		revise: (key, run, revise, isOver = () => true) =>
			database.transaction(async (session) => {
				// A row that is not there yet cannot be locked.
				await lock(session, 'checkMemory', [key]);
				const last = lastFor(await session.get(SQL.read, { key }), run, isOver);
				const { content, result } = revise(last);
				if (content !== undefined)
					await session.all(SQL.write, {
						key,
						run,
						content,
						previous: last?.content,
						previousAt: last?.at,
					});
				return result;
			}),

		async forget(before) {
			return (await database.all(SQL.forget, { before })).length;
		},
	};
}
