import { randomInt } from 'node:crypto';
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
import { Batch } from './batch';
import { chunksOf } from './chunks';
import type { ServerClock } from './clock';
import type { Database, Session } from './database';
import { LEDGER } from './ledger-sql';
import type { ClaimRow, EntryRow } from './ledger-sql';
import type { Statement } from './statement';

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
export function createLedger(database: Database, serverClock: ServerClock): Ledger {
	/** In order, so that an outcome is on disk no later than the dispatches that come after it. */
	const advances = new Batch<Advance>(
		({ claim }) => nameOf(claim),
		(steps) =>
			change(steps, LEDGER.advance, LEDGER.advancedBefore, {
				...columnsOf(steps.map(({ claim }) => claim)),
				...outcomesOf(steps),
			}),
	);
	const releases = new Batch<Claim>(nameOf, (claims) =>
		change(claims, LEDGER.release, undefined, columnsOf(claims)),
	);

	/**
	 * One statement for all items; those it has changed come back. When the answer of an earlier try
	 * was lost, `before` finds what that one has done, and the statement the rest.
	 */
	function change<I>(
		items: readonly I[],
		statement: Statement<{ n: number }>,
		before: Statement<{ n: number }> | undefined,
		columns: Parameters<Session['all']>[1],
	): Promise<ReadonlySet<I>> {
		const parameters = { ...columns, ticket: newTicket() };
		return database.runInOrder(async ({ again, all }) => {
			const done = again && before ? await all(before, parameters) : [];
			done.push(...(await all(statement, parameters)));
			return new Set(done.flatMap(({ n }) => items.slice(n - 1, n)));
		});
	}

	return {
		inOrder: true,

		enqueue: (campaignId, recipients, options = {}) =>
			database.transaction(async (session) => {
				const entries: LedgerEntry[] = [];
				const opened = await session.get(LEDGER.openCampaign, { campaignId });
				const intake = { campaignId, campaign: opened?.id ?? 0, options };
				for (const chunk of chunksOf(recipients))
					for (const entry of await takeIn(session, intake, chunk)) entries.push(entry);
				if (entries.some(({ state }) => state === 'queued'))
					await session.all(LEDGER.reopenCampaign, { campaign: intake.campaign });
				return entries;
			}),

		async claim(campaignId, { owner, limit, leaseMs, only }) {
			if (limit <= 0 || only?.length === 0) return [];
			const parameters = { campaignId, owner, limit, leaseMs, ticket: newTicket(), keys: only };
			const rows = await database.run(async ({ again, all }) => {
				const before = again ? await all(LEDGER.claimedBefore, parameters) : [];
				if (before.length > 0) return before;
				return all(only ? LEDGER.claimAmong : LEDGER.claim, parameters);
			});
			return rows.map((row) => claimOf(row, campaignId, owner));
		},

		async dispatch(claims) {
			const steps = claims.map((claim) => ({ claim, state: 'dispatched' as const }));
			return (await advances.ask(steps)).map(({ claim }) => claim);
		},

		async settle(results) {
			return (await advances.ask(results)).map(({ claim }) => claim);
		},

		async release(claims) {
			await releases.ask(claims);
		},

		async heartbeat(campaignId, owner, leaseMs) {
			await database.all(LEDGER.heartbeat, { campaignId, owner, leaseMs });
			await serverClock.keep();
		},

		async expireDispatched(campaignId) {
			return (await database.all(LEDGER.expire, { campaignId })).length;
		},

		async get(campaignId, key) {
			const row = await database.get(LEDGER.entries, { campaignId, keys: [key] });
			return row && entryOf(row);
		},

		async getMany(campaignId, keys) {
			const found: LedgerEntry[] = [];
			for (const chunk of chunksOf(keys))
				for (const row of await database.all(LEDGER.entries, { campaignId, keys: chunk }))
					found.push(entryOf(row));
			return found;
		},

		async findByReference(reference) {
			const row = await database.get(LEDGER.entryByReference, { reference });
			return row && entryOf(row);
		},

		async counts(campaignId) {
			const counts = { ...NOBODY_YET };
			for (const { state, recipients } of await database.all(LEDGER.counts, { campaignId }))
				counts[state] = recipients;
			return counts;
		},

		async owed(campaignId, { limit, after }) {
			const page = { campaignId, limit: Math.max(limit, 0), after: after?.key };
			return (await database.all(LEDGER.owed, page)).map(entryOf);
		},

		async recordFeedback(campaignId, key, feedback) {
			await database.transaction(async ({ get, all }) => {
				const row = await get(LEDGER.feedbackOf, { campaignId, key });
				if (!row) return;
				const kept = keepFeedback(feedbackOf(row), feedback);
				await all(LEDGER.keepFeedback, { id: row.id, feedback: JSON.stringify(kept) });
			});
		},
	};
}

/** What may become of a claimed recipient. */
type Advance = Settlement | { claim: Claim; state: 'dispatched' };

interface Intake {
	campaignId: string;
	campaign: number;
	options: EnqueueOptions;
}

/** One entry for each; whoever stands in the chunk twice is new once, with the last payload. */
async function takeIn(
	{ all }: Session,
	{ campaignId, campaign, options }: Intake,
	chunk: readonly NewRecipient[],
): Promise<LedgerEntry[]> {
	const payloads = new Map(chunk.map(({ key, payload }) => [key, payload]));
	const firsts = [...new Map(chunk.toReversed().map((one) => [one.key, one])).values()].reverse();
	const added = await all(LEDGER.addRecipients, {
		campaign,
		keys: firsts.map(({ key }) => key),
		addresses: firsts.map(({ address }) => address),
		references: firsts.map(({ reference }) => reference),
	});
	await all(LEDGER.addPayloads, {
		ids: added.map(({ id }) => id),
		payloads: added.map(({ key }) => payloads.get(key) ?? ''),
	});
	const now = added[0]?.updated_at ?? 0;
	if (added.length === chunk.length)
		return chunk.map(({ key, address, reference }) => {
			const fresh = { state: 'queued', attempts: 0, isNew: true } as const;
			return { campaignId, key, address, reference, ...fresh, queuedAt: now, updatedAt: now };
		});
	const isNew = new Set(added.map(({ key }) => key));
	const known = firsts.map(({ key }) => key).filter((key) => !isNew.has(key));
	await all(LEDGER.queueAgain, {
		campaign,
		keys: known,
		payloads: known.map((key) => payloads.get(key) ?? ''),
		reopenUnknown: options.reopenUnknown ?? false,
	});
	const rows = await all(LEDGER.entries, { campaignId, keys: chunk.map(({ key }) => key) });
	// Whoever stands there twice is new once.
	return rows.map((row) => ({ ...entryOf(row), isNew: isNew.delete(row.key) }));
}

/** Enough that no two calls that may still be repeated share one. */
function newTicket(): number {
	return randomInt(2 ** 48 - 1);
}

function nameOf({ campaignId, key }: Claim): string {
	return `${campaignId}\u0000${key}`;
}

function columnsOf(claims: readonly Claim[]) {
	return {
		campaigns: claims.map(({ campaignId }) => campaignId),
		keys: claims.map(({ key }) => key),
		owners: claims.map(({ owner }) => owner),
		fences: claims.map(({ fence }) => fence),
	};
}

function outcomesOf(results: readonly Advance[]) {
	return {
		states: results.map(({ state }) => state),
		messageIds: results.map((result) => ('messageId' in result ? result.messageId : null)),
		retryAts: results.map((result) => (result.state === 'deferred' ? result.retryAt : null)),
		replies: results.map((result) => ('reply' in result ? (result.reply ?? null) : null)),
		reasons: results.map((result) => ('reason' in result ? result.reason : null)),
		blames: results.map((result) => ('blame' in result ? (result.blame ?? null) : null)),
		payloads: results.map(({ claim, state }) => (state === 'deferred' ? claim.payload : null)),
	};
}

function claimOf(row: ClaimRow, campaignId: string, owner: string): Claim {
	return { campaignId, ...row, owner };
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
		feedback: feedbackOf(row),
	};
}

function feedbackOf({ feedback }: { feedback: string | null }): Feedback | undefined {
	return feedback === null ? undefined : (JSON.parse(feedback) as Feedback);
}

function isHeld({ state }: EntryRow): boolean {
	return state === 'claimed' || state === 'dispatched';
}
