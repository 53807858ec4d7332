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
import type { Steps } from './transactions';

interface RecipientRow extends Record<string, string | number | null> {
	campaign_id: string;
	id: number;
	key: string;
	address: string;
	reference: string;
	state: LedgerState;
	attempts: number;
	due_at: number | null;
	reply: string | null;
	reason: string | null;
	blame: Blame | null;
	message_id: string | null;
	feedback: string | null;
	updated_at: number;
}

interface ClaimRow extends Record<string, string | number> {
	key: string;
	address: string;
	reference: string;
	payload: string;
	attempts: number;
	fence: number;
}

/** How many recipients are written before the event loop may have its turn. */
const STEP = 200;

const STATES: readonly LedgerState[] = [
	'queued',
	'claimed',
	'dispatched',
	'sent',
	'deferred',
	'failed',
	'unknown',
];

const SELECT = `
	SELECT c.name AS campaign_id, r.* FROM recipient r JOIN campaign c ON c.id = r.campaign`;
const CAMPAIGN = '(SELECT id FROM campaign WHERE name = :campaignId)';
const HELD = `campaign = ${CAMPAIGN} AND key = :key AND owner = :owner AND fence = :fence`;

/** The ledger in SQLite. Who may write a row is decided by owner and fence, in the statement itself. */
export function createLedger(database: Database, clock: () => number): Ledger {
	const addCampaign = database.statement(
		'INSERT INTO campaign (name) VALUES (:campaignId) ON CONFLICT DO NOTHING',
	);
	const insert = database.statement(`
		INSERT INTO recipient (campaign, key, address, reference, state, queued_at, due_at, updated_at)
		VALUES (${CAMPAIGN}, :key, :address, :reference, 'queued', :now, :now, :now)
		ON CONFLICT (campaign, key) DO NOTHING`);
	const requeue = database.statement(`
		UPDATE recipient SET state = 'queued', due_at = :now, updated_at = :now
		WHERE campaign = ${CAMPAIGN} AND key = :key
			AND (state IN ('queued', 'deferred')
				OR (state = 'failed' AND blame <> 'recipient')
				OR (:reopenUnknown = 1 AND state = 'unknown'))`);
	const putPayload = database.statement(`
		INSERT INTO payload (recipient, content)
		SELECT id, :payload FROM recipient
		WHERE campaign = ${CAMPAIGN} AND key = :key AND state = 'queued'
		ON CONFLICT (recipient) DO UPDATE SET content = excluded.content`);
	const byKey = database.statement<RecipientRow>(
		`${SELECT} WHERE c.name = :campaignId AND r.key = :key`,
	);
	const byReference = database.statement<RecipientRow>(`${SELECT} WHERE r.reference = :reference`);

	/*
	 * Each state on its own, so that the index gives the oldest first without sorting. A row whose
	 * payload is gone (an outcome that was final once) has nothing to be mailed from.
	 */
	const due = (['claimed', 'deferred', 'queued'] as const).map((state) =>
		database.statement<{ id: number }>(`
			SELECT id FROM recipient
			WHERE campaign = ${CAMPAIGN} AND state = '${state}' AND due_at <= :now
				AND EXISTS (SELECT 1 FROM payload WHERE recipient = recipient.id)
			ORDER BY due_at, id LIMIT :limit`),
	);
	const dueAmong = database.statement<{ id: number }>(`
		SELECT r.id FROM json_each(:keys) k
		JOIN recipient r ON r.campaign = ${CAMPAIGN} AND r.key = k.value
		JOIN payload p ON p.recipient = r.id
		WHERE r.state IN ('queued', 'deferred', 'claimed') AND r.due_at <= :now
		LIMIT :limit`);
	const take = database.statement(`
		UPDATE recipient
		SET state = 'claimed', owner = :owner, due_at = :until, fence = fence + 1, updated_at = :now
		WHERE id = :id`);
	const taken = database.statement<ClaimRow>(`
		SELECT r.key, r.address, r.reference, r.attempts, r.fence, p.content AS payload
		FROM recipient r JOIN payload p ON p.recipient = r.id WHERE r.id = :id`);

	const dispatchOne = database.statement(`
		UPDATE recipient SET state = 'dispatched', attempts = attempts + 1, updated_at = :now
		WHERE ${HELD} AND state = 'claimed' AND due_at > :now`);
	/*
	 * The server's reply is the truth: it is written for as long as nobody else has claimed the row,
	 * even where its lease is over, or it was given up as unknown meanwhile.
	 */
	const settleOne = database.statement(`
		UPDATE recipient
		SET attempts = attempts + (state = 'claimed'), state = :state, due_at = :dueAt, reply = :reply,
			reason = :reason, blame = :blame, message_id = :messageId, updated_at = :now
		WHERE ${HELD} AND state IN ('claimed', 'dispatched', 'unknown')`);
	const releaseOne = database.statement(`
		UPDATE recipient SET state = 'queued', due_at = queued_at, updated_at = :now
		WHERE ${HELD} AND state = 'claimed'`);
	const prolong = database.statement(`
		UPDATE recipient SET due_at = :until
		WHERE campaign = ${CAMPAIGN} AND state IN ('claimed', 'dispatched') AND owner = :owner`);
	const expire = database.statement(`
		UPDATE recipient SET state = 'unknown', due_at = NULL, updated_at = :now,
			reason = 'The sending process ended after the message was on its way and before the server answered.'
		WHERE campaign = ${CAMPAIGN} AND state = 'dispatched' AND due_at <= :now`);
	const countStates = database.statement<{ state: LedgerState; entries: number }>(`
		SELECT state, count(*) AS entries FROM recipient WHERE campaign = ${CAMPAIGN} GROUP BY state`);
	const putFeedback = database.statement(`
		UPDATE recipient SET feedback = :feedback WHERE campaign = ${CAMPAIGN} AND key = :key`);

	function* enqueueAll(
		campaignId: string,
		recipients: readonly NewRecipient[],
		reopenUnknown: boolean,
	): Steps<LedgerEntry[]> {
		const entries: LedgerEntry[] = [];
		addCampaign.run({ campaignId });
		for (const [index, { key, address, reference, payload }] of recipients.entries()) {
			const now = clock();
			const isNew = insert.run({ campaignId, key, address, reference, now }) > 0;
			const isOwed =
				isNew || requeue.run({ campaignId, key, now, reopenUnknown: reopenUnknown ? 1 : 0 }) > 0;
			if (isOwed) putPayload.run({ campaignId, key, payload });
			const row = byKey.get({ campaignId, key });
			if (row) entries.push(entryOf(row, isNew));
			if (index % STEP === 0) yield;
		}
		return entries;
	}

	function claimDue(
		campaignId: string,
		{ owner, limit, leaseMs, only }: Parameters<Ledger['claim']>[1],
	): Claim[] {
		const now = clock();
		const ids: number[] = [];
		if (only)
			ids.push(
				...dueAmong.all({ campaignId, now, limit, keys: JSON.stringify(only) }).map(({ id }) => id),
			);
		else
			for (const select of due)
				ids.push(...select.all({ campaignId, now, limit: limit - ids.length }).map(({ id }) => id));
		return ids.flatMap((id) => {
			take.run({ id, owner, until: now + leaseMs, now });
			const row = taken.get({ id });
			return row ? [{ ...row, campaignId, owner }] : [];
		});
	}

	/** Writes one row a claim, all in one transaction; gives those that were still held. */
	async function forHeld(
		outlives: 'kill' | 'powerCut',
		claims: readonly Claim[],
		write: (claim: Claim, index: number) => number,
	): Promise<Claim[]> {
		const changes = await Promise.all(
			claims.map((claim, index) => database.share(outlives, () => write(claim, index))),
		);
		return claims.filter((_, index) => (changes[index] ?? 0) > 0);
	}

	return {
		enqueue: (campaignId, recipients, { reopenUnknown = false }: EnqueueOptions = {}) =>
			database.inSteps('kill', () => enqueueAll(campaignId, recipients, reopenUnknown)),

		claim: (campaignId, options) => database.alone('kill', () => claimDue(campaignId, options)),

		dispatch: (claims) =>
			forHeld('powerCut', claims, (claim) => dispatchOne.run({ ...holder(claim), now: clock() })),

		async settle(results) {
			return await forHeld(
				'kill',
				results.map(({ claim }) => claim),
				(_, index) => {
					const result = results[index];
					return result ? settleOne.run({ ...settled(result), now: clock() }) : 0;
				},
			);
		},

		async release(claims) {
			await forHeld('kill', claims, (claim) => releaseOne.run({ ...holder(claim), now: clock() }));
		},

		async heartbeat(campaignId, owner, leaseMs) {
			await database.share('kill', () =>
				prolong.run({ campaignId, owner, until: clock() + leaseMs }),
			);
		},

		expireDispatched: (campaignId) =>
			database.share('kill', () => expire.run({ campaignId, now: clock() })),

		async get(campaignId, key) {
			const row = await database.read(() => byKey.get({ campaignId, key }));
			return row && entryOf(row);
		},

		async getMany(campaignId, keys) {
			const rows = await database.readEach(keys, (key) => byKey.get({ campaignId, key }));
			return rows.flatMap((row) => (row ? [entryOf(row)] : []));
		},

		async findByReference(reference) {
			const row = await database.read(() => byReference.get({ reference }));
			return row && entryOf(row);
		},

		async counts(campaignId) {
			const rows = await database.read(() => countStates.all({ campaignId }));
			const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
			for (const { state, entries } of rows) counts[state] = entries;
			return counts as Record<LedgerState, number>;
		},

		async recordFeedback(campaignId, key, feedback) {
			await database.alone('powerCut', () => {
				const row = byKey.get({ campaignId, key });
				if (!row) return;
				const kept = keepFeedback(feedbackOf(row), feedback);
				putFeedback.run({ campaignId, key, feedback: JSON.stringify(kept) });
			});
		},
	};
}

function holder({ campaignId, key, owner, fence }: Claim) {
	return { campaignId, key, owner, fence };
}

function settled(result: Settlement) {
	return {
		...holder(result.claim),
		messageId: result.messageId,
		state: result.state,
		dueAt: result.state === 'deferred' ? result.retryAt : undefined,
		reply: 'reply' in result ? result.reply : undefined,
		reason: 'reason' in result ? result.reason : undefined,
		blame: 'blame' in result ? result.blame : undefined,
	};
}

function feedbackOf(row: RecipientRow): Feedback | undefined {
	return row.feedback === null ? undefined : (JSON.parse(row.feedback) as Feedback);
}

function entryOf(row: RecipientRow, isNew = false): LedgerEntry {
	return {
		campaignId: row.campaign_id,
		key: row.key,
		address: row.address,
		reference: row.reference,
		state: row.state,
		attempts: row.attempts,
		isNew,
		retryAt: row.state === 'deferred' ? (row.due_at ?? undefined) : undefined,
		leaseUntil:
			row.state === 'claimed' || row.state === 'dispatched' ? (row.due_at ?? undefined) : undefined,
		reply: row.reply ?? undefined,
		reason: row.reason ?? undefined,
		blame: row.blame ?? undefined,
		messageId: row.message_id ?? undefined,
		updatedAt: row.updated_at,
		feedback: feedbackOf(row),
	};
}
