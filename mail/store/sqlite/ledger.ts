import type { Blame } from '../../model/blame';
import type { LedgerState } from '../../model/outcome';
import { keepFeedback } from '../feedback-strength';
import type {
	Claim,
	EnqueueOptions,
	Feedback,
	Ledger,
	LedgerEntry,
	NewRecipient,
	Settlement,
} from '../store';
import type { Database } from './database';
import { Dispatches } from './dispatches';
import { jsonArray } from './json-array';
import { prepareLedger } from './ledger-sql';
import type { EntryRow } from './ledger-sql';
import type { Steps } from './transactions';

/** How many recipients are written before the event loop may have its turn. */
const STEP = 200;

const NOBODY_YET: Readonly<Record<LedgerState, number>> = {
	queued: 0,
	claimed: 0,
	dispatched: 0,
	sent: 0,
	deferred: 0,
	failed: 0,
	unknown: 0,
};

/** The ledger; what each state allows is said in ledger-sql. */
export function createLedger(database: Database, clock: () => number): Ledger {
	const sql = prepareLedger(database);
	// On disk before the mail leaves: a forgotten dispatch would be a second mail. The log is one, so
	// this takes all that was taken in and claimed before to the disk as well.
	const dispatches = new Dispatches((claims) =>
		database.shareEach('powerCut', claims, (claim) =>
			sql.dispatch.run({ ...holderOf(claim), now: clock() }),
		),
	);

	function find(campaignId: string, key: string): LedgerEntry | undefined {
		const row = sql.entry.get({ campaignId, key });
		return row && entryOf(row);
	}

	function* takeIn(
		campaignId: string,
		recipients: readonly NewRecipient[],
		options: EnqueueOptions,
	): Steps<LedgerEntry[]> {
		const entries: LedgerEntry[] = [];
		sql.addCampaign.run({ campaignId, now: clock() });
		let opened = 0;
		for (const [index, recipient] of recipients.entries()) {
			const entry = takeInOne(campaignId, recipient, options);
			if (entry) entries.push(entry);
			if (entry?.state === 'queued' && opened++ === 0) sql.reopenCampaign.run({ campaignId });
			if (index % STEP === STEP - 1) yield;
		}
		return entries;
	}

	function takeInOne(
		campaignId: string,
		{ key, address, reference, payload }: NewRecipient,
		options: EnqueueOptions,
	): LedgerEntry | undefined {
		const now = clock();
		const newId = sql.addRecipient.insert({ campaignId, key, address, reference, now });
		if (newId !== undefined) {
			sql.keepPayload.run({ id: newId, payload });
			const fresh = { state: 'queued', attempts: 0, isNew: true } as const;
			return { campaignId, key, address, reference, ...fresh, queuedAt: now, updatedAt: now };
		}
		const reopenUnknown = options.reopenUnknown ? 1 : 0;
		const isOpen = sql.queueAgain.run({ campaignId, key, reopenUnknown, now }) > 0;
		const known = sql.entry.get({ campaignId, key });
		if (known && isOpen) sql.keepPayload.run({ id: known.id, payload });
		return known && entryOf(known);
	}

	function claimDue(
		campaignId: string,
		owner: string,
		limit: number,
		leaseMs: number,
		only: readonly string[] | undefined,
	): Claim[] {
		const now = clock();
		const due = only
			? sql.dueAmong.all({ campaignId, now, limit, keys: jsonArray(only) })
			: sql.due.all({ campaignId, now, limit });
		const ids = JSON.stringify(due.map(({ id }) => id));
		if (due.length > 0) sql.claim.run({ ids, owner, until: now + leaseMs, now });
		return due.map(({ key, address, reference, payload, attempts, fence }) => ({
			campaignId,
			key,
			address,
			reference,
			payload,
			attempts,
			owner,
			fence: fence + 1,
		}));
	}

	/** Whoever was given up meanwhile is to be mailed after all. */
	function keepOwing(claim: Claim): void {
		const restored = sql.restorePayload.run({ ...holderOf(claim), payload: claim.payload });
		if (restored > 0) sql.reopenCampaign.run({ campaignId: claim.campaignId });
	}

	return {
		// One connection, one queue; what comes together is one commit.
		inOrder: true,

		enqueue: (campaignId, recipients, options = {}) =>
			database.inSteps('kill', () => takeIn(campaignId, recipients, options)),

		async claim(campaignId, { owner, limit, leaseMs, only }) {
			if (limit <= 0 || only?.length === 0) return [];
			return database.alone('kill', () => claimDue(campaignId, owner, limit, leaseMs, only));
		},

		dispatch: (claims) => dispatches.ask(claims),

		async settle(results) {
			const settled = await database.shareEachLater(results, (result) => {
				const { claim } = result;
				const changed = sql.settle.run({ ...holderOf(claim), ...outcomeOf(result), now: clock() });
				if (changed > 0 && result.state === 'deferred') keepOwing(claim);
				return changed;
			});
			return settled.map(({ claim }) => claim);
		},

		async release(claims) {
			await database.shareEach('kill', claims, (claim) =>
				sql.release.run({ ...holderOf(claim), now: clock() }),
			);
		},

		async heartbeat(campaignId, owner, leaseMs) {
			await database.share('kill', () => {
				const now = clock();
				sql.heartbeat.run({ campaignId, owner, now, until: now + leaseMs });
			});
		},

		expireDispatched: (campaignId) =>
			database.share('kill', () => sql.expire.run({ campaignId, now: clock() })),

		get: (campaignId, key) => database.read(() => find(campaignId, key)),

		async getMany(campaignId, keys) {
			const found = await database.readEach(keys, (key) => find(campaignId, key));
			return found.filter((entry) => entry !== undefined);
		},

		async findByReference(reference) {
			const row = await database.read(() => sql.entryByReference.get({ reference }));
			return row && entryOf(row);
		},

		async counts(campaignId) {
			const counted = await database.read(() => sql.counts.all({ campaignId }));
			const counts = { ...NOBODY_YET };
			for (const { state, recipients } of counted) counts[state] = recipients;
			return counts;
		},

		async owed(campaignId, { limit, after }) {
			const rows = await database.read(() =>
				sql.owed.all({ campaignId, limit: Math.max(limit, 0), after: after?.key }),
			);
			return rows.map(entryOf);
		},

		async recordFeedback(campaignId, key, feedback) {
			await database.share('kill', () => {
				const known = find(campaignId, key);
				const kept = JSON.stringify(keepFeedback(known?.feedback, feedback));
				sql.feedback.run({ campaignId, key, feedback: kept });
			});
		},
	};
}

function holderOf({ campaignId, key, owner, fence }: Claim) {
	return { campaignId, key, owner, fence };
}

function outcomeOf(result: Settlement) {
	return {
		state: result.state,
		messageId: result.messageId,
		retryAt: result.state === 'deferred' ? result.retryAt : undefined,
		reply: 'reply' in result ? result.reply : undefined,
		reason: 'reason' in result ? result.reason : undefined,
		blame: 'blame' in result ? result.blame : undefined,
	};
}

export function entryOf(row: EntryRow): LedgerEntry {
	return {
		campaignId: row.campaignId,
		key: row.key,
		address: row.address,
		reference: row.reference,
		state: row.state,
		attempts: row.attempts,
		isNew: false,
		leaseUntil: isHeld(row) ? (row.due_at ?? undefined) : undefined,
		retryAt: row.state === 'deferred' ? (row.due_at ?? undefined) : undefined,
		reply: row.reply ?? undefined,
		reason: row.reason ?? undefined,
		blame: (row.blame as Blame | null) ?? undefined,
		messageId: row.message_id ?? undefined,
		queuedAt: row.queued_at,
		updatedAt: row.updated_at,
		feedback: row.feedback === null ? undefined : (JSON.parse(row.feedback) as Feedback),
	};
}

function isHeld({ state }: EntryRow): boolean {
	return state === 'claimed' || state === 'dispatched';
}
