import type { PaceBook } from '../store';
import type { Database } from './database';
import { CLOCK, NOW, statement } from './statement';

interface PageRow {
	key: string;
	content: string | null;
	now: number;
}

const SQL = {
	/**
	 * Locks the pages in the order of their keys, so that two who write several never wait for each
	 * other. The time is read when the page is ours, not when we began to wait for it.
	 */
	lock: statement<PageRow>(`
		SELECT key, content,
			coalesce(:now::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now
		FROM (
			SELECT key, content FROM pace_page WHERE key = ANY (:keys::text[])
			ORDER BY key FOR UPDATE) AS page`),
	/** A page that is not there cannot be locked. */
	make: statement(`
		WITH ${CLOCK}
		INSERT INTO pace_page (key, updated_at)
		SELECT DISTINCT key, now FROM clock, unnest(:keys::text[]) AS key ORDER BY key
		ON CONFLICT (key) DO NOTHING`),
	write: statement(`
		UPDATE pace_page SET content = page.content, updated_at = :at::bigint
		FROM unnest(:keys::text[], :contents::text[]) AS page (key, content)
		WHERE pace_page.key = page.key`),
	read: statement<{ key: string; content: string }>(`
		SELECT key, content FROM pace_page WHERE key = ANY (:keys::text[]) AND content IS NOT NULL`),
	forget: statement<{ key: string }>(
		'DELETE FROM pace_page WHERE updated_at < :before::bigint RETURNING key',
	),
	time: statement<{ now: number }>(`WITH ${CLOCK} SELECT ${NOW} AS now`),
};

/** Pages of text that are read and written anew under a lock of each page. */
export function createPaceBook(database: Database): PaceBook {
	return {
		revise: (keys, revise) =>
			database.transaction(async ({ all, get }) => {
				let rows = await all(SQL.lock, { keys });
				if (rows.length < new Set(keys).size) {
					await all(SQL.make, { keys });
					rows = await all(SQL.lock, { keys });
				}
				const now = rows.length
					? Math.max(...rows.map((row) => row.now))
					: ((await get(SQL.time))?.now ?? 0);
				const known = new Map(rows.map(({ key, content }) => [key, content ?? undefined]));
				const { pages, result } = revise(
					keys.map((key) => known.get(key)),
					now,
				);
				const written = new Map<string, string>();
				for (const [index, key] of keys.entries()) {
					const content = pages[index];
					if (content !== undefined) written.set(key, content);
				}
				if (written.size > 0)
					await all(SQL.write, {
						keys: [...written.keys()],
						contents: [...written.values()],
						at: now,
					});
				return result;
			}),

		async read(keys) {
			const rows = await database.all(SQL.read, { keys });
			const byKey = new Map(rows.map(({ key, content }) => [key, content]));
			const found = new Map<string, string>();
			for (const key of keys) {
				const content = byKey.get(key);
				if (content !== undefined) found.set(key, content);
			}
			return found;
		},

		async forget(before) {
			return (await database.all(SQL.forget, { before })).length;
		},
	};
}
