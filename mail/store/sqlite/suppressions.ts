import type { SuppressionReason } from '../../model/event';
import type { NewSuppression, Suppression, SuppressionList } from '../store';
import { mergeSuppression } from '../suppression-merge';
import type { Database } from './database';
import { jsonArray } from './json-array';
import { createSoftBounces } from './soft-bounces';
import type { Steps } from './transactions';

interface SuppressionRow extends Record<string, string | number | null> {
	key: string;
	list: string;
	address: string;
	reason: SuppressionReason;
	campaign: string | null;
	detail: string | null;
	created_at: number;
	expires_at: number | null;
}

/** How many entries are written before the event loop may have its turn. */
const STEP = 200;

/** An entry that has not expired. */
export const STILL_HOLDS = '(expires_at IS NULL OR expires_at > :now)';
const WANTED = 'reason = coalesce(:reason, reason) AND list = coalesce(:list, list)';

/** The suppression list. An expired entry is as good as none: not found, not listed, not counted. */
export function createSuppressionList(database: Database, clock: () => number): SuppressionList {
	const onList = database.statement<SuppressionRow>(`
		SELECT * FROM suppression WHERE key = :key AND list = :list AND ${STILL_HOLDS}`);
	// The sign keeps the lists out of the search, which is for each recipient: a key has few.
	const holding = database.statement<SuppressionRow>(`
		SELECT suppression.* FROM json_each(:keys) AS wanted CROSS JOIN suppression
			ON suppression.key = wanted.value
		WHERE (+list = '' OR +list = :list) AND ${STILL_HOLDS}
		ORDER BY list DESC`);
	const ofKey = database.statement<SuppressionRow>(`
		SELECT * FROM suppression WHERE key = :key AND ${STILL_HOLDS} ORDER BY list`);
	const write = database.statement(`
		INSERT INTO suppression
			(key, list, address, reason, campaign, detail, created_at, expires_at)
		VALUES (:key, :list, :address, :reason, :campaignId, :detail, :createdAt, :expiresAt)
		ON CONFLICT (key, list) DO UPDATE SET
			address = excluded.address, reason = excluded.reason, campaign = excluded.campaign,
			detail = excluded.detail, created_at = excluded.created_at, expires_at = excluded.expires_at`);
	const erase = database.statement(
		'DELETE FROM suppression WHERE key = :key AND list = coalesce(:list, list)',
	);
	const newest = database.statement<SuppressionRow>(`
		SELECT * FROM suppression WHERE ${STILL_HOLDS} AND ${WANTED}
		ORDER BY created_at DESC, key DESC, list DESC LIMIT :limit OFFSET :offset`);
	const newestAfter = database.statement<SuppressionRow>(`
		SELECT * FROM suppression
		WHERE (created_at, key, list) < (:createdAt, :key, :lastList) AND ${STILL_HOLDS} AND ${WANTED}
		ORDER BY created_at DESC, key DESC, list DESC LIMIT :limit`);
	const countAll = database.statement<{ entries: number }>(
		`SELECT count(*) AS entries FROM suppression WHERE ${STILL_HOLDS} AND ${WANTED}`,
	);
	const softBounces = createSoftBounces(database);

	function* addAll(entries: readonly NewSuppression[]): Steps<number> {
		let added = 0;
		for (const [index, entry] of entries.entries()) {
			const row = onList.get({ key: entry.key, list: entry.list ?? '', now: clock() });
			if (!row) added += 1;
			const { key, list, address, reason, campaignId, detail, createdAt, expiresAt } =
				mergeSuppression(row && entryOf(row), entry, clock());
			write.run({ key, list, address, reason, campaignId, detail, createdAt, expiresAt });
			if (index % STEP === 0) yield;
		}
		return added;
	}

	function* removeAll(keys: readonly string[], list: string | undefined): Steps<number> {
		let removed = 0;
		for (const [index, key] of keys.entries()) {
			const entries = ofKey.all({ key, now: clock() });
			removed += entries.filter((entry) => list === undefined || entry.list === list).length;
			erase.run({ key, list });
			// They suppress for everything, so only who may be mailed everything again starts anew.
			if (!list) softBounces.forget(key);
			if (index % STEP === 0) yield;
		}
		return removed;
	}

	return {
		add: (entries) => database.inSteps('powerCut', () => addAll(entries)),

		remove(keys, from = {}) {
			const list = 'everywhere' in from ? undefined : (from.list ?? '');
			return database.inSteps('powerCut', () => removeAll(keys, list));
		},

		async check(keys, { list = '' } = {}) {
			const now = clock();
			const found = new Map<string, Suppression>();
			// Last, and so in the place of another, comes the one for everything.
			for (const row of await database.readMany(keys, (some) =>
				holding.all({ keys: jsonArray(some), list, now }),
			))
				found.set(row.key, entryOf(row));
			return found;
		},

		async find(key) {
			return (await database.read(() => ofKey.all({ key, now: clock() }))).map(entryOf);
		},

		async list({ limit, offset = 0, after, reason, list }) {
			const wanted = { now: clock(), reason, list, limit: Math.max(limit, 0) };
			const rows = await database.read(() =>
				after
					? newestAfter.all({
							...wanted,
							createdAt: after.createdAt,
							key: after.key,
							lastList: after.list,
						})
					: newest.all({ ...wanted, offset }),
			);
			return rows.map(entryOf);
		},

		async count({ reason, list } = {}) {
			const row = await database.read(() => countAll.get({ now: clock(), reason, list }));
			return row?.entries ?? 0;
		},

		countSoftBounce: (bounce, since) =>
			database.alone('powerCut', () => softBounces.count(bounce, since)),
	};
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
