import type { SuppressionReason } from '../../model/event';
import type { NewSuppression, Suppression, SuppressionList } from '../store';
import { hasExpired, mergeSuppression } from '../suppression-merge';
import type { Database } from './database';
import type { Steps } from './transactions';

interface SuppressionRow extends Record<string, string | number | null> {
	key: string;
	address: string;
	reason: SuppressionReason;
	campaign: string | null;
	detail: string | null;
	created_at: number;
	expires_at: number | null;
}

/** How many entries are written before the event loop may have its turn. */
const STEP = 200;

/** The suppression list. An expired entry is as good as none: not found, not listed, not counted. */
export function createSuppressionList(database: Database, clock: () => number): SuppressionList {
	const byKey = database.statement<SuppressionRow>('SELECT * FROM suppression WHERE key = :key');
	const write = database.statement(`
		INSERT INTO suppression VALUES (:key, :address, :reason, :campaignId, :detail, :createdAt, :expiresAt)
		ON CONFLICT (key) DO UPDATE SET
			address = excluded.address, reason = excluded.reason, campaign = excluded.campaign,
			detail = excluded.detail, created_at = excluded.created_at, expires_at = excluded.expires_at`);
	const erase = database.statement('DELETE FROM suppression WHERE key = :key');
	const newest = database.statement<SuppressionRow>(`
		SELECT * FROM suppression
		WHERE (expires_at IS NULL OR expires_at > :now) AND reason = coalesce(:reason, reason)
		ORDER BY created_at DESC, key DESC LIMIT :limit OFFSET :offset`);
	const countAll = database.statement<{ entries: number }>(
		'SELECT count(*) AS entries FROM suppression WHERE expires_at IS NULL OR expires_at > :now',
	);

	function find(key: string): Suppression | undefined {
		const row = byKey.get({ key });
		const entry = row && entryOf(row);
		return entry && !hasExpired(entry, clock()) ? entry : undefined;
	}

	function* addAll(entries: readonly NewSuppression[]): Steps<number> {
		let added = 0;
		for (const [index, entry] of entries.entries()) {
			const known = find(entry.key);
			if (!known) added += 1;
			const { key, address, reason, campaignId, detail, createdAt, expiresAt } = mergeSuppression(
				known,
				entry,
				clock(),
			);
			write.run({ key, address, reason, campaignId, detail, createdAt, expiresAt });
			if (index % STEP === 0) yield;
		}
		return added;
	}

	function* removeAll(keys: readonly string[]): Steps<number> {
		let removed = 0;
		for (const [index, key] of keys.entries()) {
			if (find(key)) removed += 1;
			erase.run({ key });
			if (index % STEP === 0) yield;
		}
		return removed;
	}

	return {
		add: (entries) => database.inSteps('powerCut', () => addAll(entries)),
		remove: (keys) => database.inSteps('powerCut', () => removeAll(keys)),

		async check(keys) {
			const found = new Map<string, Suppression>();
			for (const entry of await database.readEach(keys, find))
				if (entry) found.set(entry.key, entry);
			return found;
		},

		async list({ limit, offset = 0, reason }) {
			const rows = await database.read(() =>
				newest.all({ now: clock(), reason, limit: Math.max(limit, 0), offset }),
			);
			return rows.map(entryOf);
		},

		async count() {
			const row = await database.read(() => countAll.get({ now: clock() }));
			return row?.entries ?? 0;
		},
	};
}

function entryOf(row: SuppressionRow): Suppression {
	return {
		key: row.key,
		address: row.address,
		reason: row.reason,
		campaignId: row.campaign ?? undefined,
		detail: row.detail ?? undefined,
		createdAt: row.created_at,
		expiresAt: row.expires_at ?? undefined,
	};
}
