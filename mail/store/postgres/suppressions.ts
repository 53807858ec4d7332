import type { SuppressionReason } from '../../model/event';
import type { NewSuppression, Suppression, SuppressionList } from '../store';
import { mergeSuppression } from '../suppression-merge';
import { chunksOf } from './chunks';
import type { Database, Session } from './database';
import { lock } from './lock';
import { CLOCK, NOW, statement } from './statement';

interface SuppressionRow {
	key: string;
	list: string;
	address: string;
	reason: SuppressionReason;
	campaign: string | null;
	detail: string | null;
	created_at: number;
	expires_at: number | null;
}

const COLUMNS = 'key, list, address, reason, campaign, detail, created_at, expires_at';
/** An entry that has not expired. */
export const STILL_HOLDS = `(expires_at IS NULL OR expires_at > ${NOW})`;
const WANTED = 'reason = coalesce(:reason, reason) AND list = coalesce(:list, list)';

const SQL = {
	now: statement<{ now: number }>(`WITH ${CLOCK} SELECT ${NOW} AS now`),
	ofKeys: statement<SuppressionRow>(`
		WITH ${CLOCK}
		SELECT ${COLUMNS} FROM suppression WHERE key = ANY (:keys::text[]) AND ${STILL_HOLDS}
		ORDER BY key, list`),
	holding: statement<SuppressionRow>(`
		WITH ${CLOCK}
		SELECT DISTINCT ON (key) ${COLUMNS} FROM suppression
		WHERE key = ANY (:keys::text[]) AND list IN ('', :list) AND ${STILL_HOLDS}
		ORDER BY key, list`),
	write: statement(`
		INSERT INTO suppression (${COLUMNS})
		SELECT * FROM unnest(:keys::text[], :lists::text[], :addresses::text[], :reasons::text[],
			:campaigns::text[], :details::text[], :createdAts::bigint[], :expiresAts::bigint[])
		ON CONFLICT (key, list) DO UPDATE SET
			address = excluded.address, reason = excluded.reason, campaign = excluded.campaign,
			detail = excluded.detail, created_at = excluded.created_at, expires_at = excluded.expires_at`),
	erase: statement<{ held: boolean }>(`
		WITH ${CLOCK}
		DELETE FROM suppression WHERE key = ANY (:keys::text[]) AND list = coalesce(:list, list)
		RETURNING ${STILL_HOLDS} AS held`),
	newest: statement<SuppressionRow>(`
		WITH ${CLOCK}
		SELECT ${COLUMNS} FROM suppression WHERE ${STILL_HOLDS} AND ${WANTED}
		ORDER BY created_at DESC, key DESC, list DESC LIMIT :limit::int OFFSET :offset::int`),
	newestAfter: statement<SuppressionRow>(`
		WITH ${CLOCK}
		SELECT ${COLUMNS} FROM suppression
		WHERE (created_at, key, list) < (:createdAt::bigint, :key, :lastList)
			AND ${STILL_HOLDS} AND ${WANTED}
		ORDER BY created_at DESC, key DESC, list DESC LIMIT :limit::int`),
	count: statement<{ entries: number }>(`
		WITH ${CLOCK} SELECT count(*) AS entries FROM suppression WHERE ${STILL_HOLDS} AND ${WANTED}`),

	keepSoftBounce: statement(`
		INSERT INTO soft_bounce (key, mail, at) VALUES (:key, :mail, :at::bigint)
		ON CONFLICT (key, mail) DO NOTHING`),
	forgetSoftBounces: statement('DELETE FROM soft_bounce WHERE key = :key AND at < :since::bigint'),
	countSoftBounces: statement<{ mails: number }>(
		'SELECT count(*) AS mails FROM soft_bounce WHERE key = :key',
	),
	eraseSoftBounces: statement('DELETE FROM soft_bounce WHERE key = ANY (:keys::text[])'),
};

/** The suppression list. An expired entry is as good as none: not found, not listed, not counted. */
export function createSuppressionList(database: Database): SuppressionList {
	return {
		add: (entries) =>
			database.transaction(async (session) => {
				// What is kept of two reasons is decided by looking first, so additions wait for each other.
				await lock(session, 'suppressions');
				let added = 0;
				for (const chunk of chunksOf(entries)) added += await addAll(session, chunk);
				return added;
			}),

		remove(keys, from = {}) {
			const list = 'everywhere' in from ? undefined : (from.list ?? '');
			return database.transaction(async (session) => {
				let removed = 0;
				for (const chunk of chunksOf(keys)) {
					const erased = await session.all(SQL.erase, { keys: chunk, list });
					removed += erased.filter(({ held }) => held).length;
					// They suppress for everything, so only who may be mailed everything again starts anew.
					if (!list) await session.all(SQL.eraseSoftBounces, { keys: chunk });
				}
				return removed;
			});
		},

		async check(keys, { list = '' } = {}) {
			const found = new Map<string, Suppression>();
			for (const chunk of chunksOf(keys)) {
				const rows = await database.all(SQL.holding, { keys: chunk, list });
				const byKey = new Map(rows.map((row) => [row.key, row]));
				for (const key of chunk) {
					const row = byKey.get(key);
					if (row && !found.has(key)) found.set(key, entryOf(row));
				}
			}
			return found;
		},

		async find(key) {
			return (await database.all(SQL.ofKeys, { keys: [key] })).map(entryOf);
		},

		async list({ limit, offset = 0, after, reason, list }) {
			const wanted = { reason, list, limit: Math.max(limit, 0) };
			const rows = after
				? await database.all(SQL.newestAfter, {
						...wanted,
						createdAt: after.createdAt,
						key: after.key,
						lastList: after.list,
					})
				: await database.all(SQL.newest, { ...wanted, offset });
			return rows.map(entryOf);
		},

		async count({ reason, list } = {}) {
			return (await database.get(SQL.count, { reason, list }))?.entries ?? 0;
		},

		countSoftBounce: (bounce, since) =>
			database.transaction(async (session) => {
				// Of two that come at once, the second must see the first, or the threshold is missed.
				await lock(session, 'softBounces', [bounce.key]);
				await session.all(SQL.keepSoftBounce, bounce);
				await session.all(SQL.forgetSoftBounces, { key: bounce.key, since });
				return (await session.get(SQL.countSoftBounces, { key: bounce.key }))?.mails ?? 0;
			}),
	};
}

/** One after the other, so that one who comes twice is merged with themselves. */
async function addAll({ all, get }: Session, entries: readonly NewSuppression[]): Promise<number> {
	const now = (await get(SQL.now))?.now ?? 0;
	const standing = new Map<string, Suppression>();
	for (const row of await all(SQL.ofKeys, { keys: entries.map(({ key }) => key) }))
		standing.set(nameOf(row), entryOf(row));
	const changed = new Map<string, Suppression>();
	let added = 0;
	for (const entry of entries) {
		const name = nameOf({ key: entry.key, list: entry.list ?? '' });
		const before = changed.get(name) ?? standing.get(name);
		if (!before) added += 1;
		changed.set(name, mergeSuppression(before, entry, now));
	}
	const written = [...changed.values()];
	await all(SQL.write, {
		keys: written.map(({ key }) => key),
		lists: written.map(({ list }) => list),
		addresses: written.map(({ address }) => address),
		reasons: written.map(({ reason }) => reason),
		campaigns: written.map(({ campaignId }) => campaignId ?? null),
		details: written.map(({ detail }) => detail ?? null),
		createdAts: written.map(({ createdAt }) => createdAt),
		expiresAts: written.map(({ expiresAt }) => expiresAt ?? null),
	});
	return added;
}

function nameOf({ key, list }: { key: string; list: string }): string {
	return JSON.stringify([key, list]);
}

function entryOf(row: SuppressionRow): Suppression {
	return {
		key: row.key,
		list: row.list,
		address: row.address,
		reason: row.reason,
		campaignId: row.campaign ?? undefined,
		detail: row.detail ?? undefined,
		createdAt: row.created_at,
		expiresAt: row.expires_at ?? undefined,
	};
}
