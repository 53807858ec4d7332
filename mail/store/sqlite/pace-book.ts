import type { PaceBook } from '../store';
import type { Database } from './database';

/** Pages of text that are read and written anew under one lock. */
export function createPaceBook(database: Database, clock: () => number): PaceBook {
	const page = database.statement<{ content: string }>(
		'SELECT content FROM pace_page WHERE key = :key',
	);
	const write = database.statement(`
		INSERT INTO pace_page VALUES (:key, :content, :now)
		ON CONFLICT (key) DO UPDATE SET content = excluded.content, updated_at = excluded.updated_at`);
	const forget = database.statement('DELETE FROM pace_page WHERE updated_at < :before');

	return {
		// Not forced to the disk: the dispatch that a slot is for is, and takes this with it.
		revise: (keys, revise) =>
			database.alone('kill', () => {
				const now = clock();
				const before = keys.map((key) => page.get({ key })?.content);
				const { pages, result } = revise(before, now);
				for (const [index, key] of keys.entries()) {
					const content = pages[index];
					if (content !== undefined) write.run({ key, content, now });
				}
				return result;
			}),

		async read(keys) {
			const found = new Map<string, string>();
			await database.readEach(keys, (key) => {
				const content = page.get({ key })?.content;
				if (content !== undefined) found.set(key, content);
			});
			return found;
		},

		forget: (before) => database.alone('kill', () => forget.run({ before })),
	};
}
