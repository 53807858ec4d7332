import type { LedgerState } from '../../model/outcome';
import type { Database } from './database';

/*
 * What each state of a recipient allows, as statements. Every change names in its WHERE the states
 * it starts from and, where it is made on a claim, the owner and the fence that must still stand:
 * a change that is not allowed changes no row.
 *
 * Where a statement is made for each mail, states are compared one by one: for each use of an IN with
 * more than two, SQLite builds a table and drops it again, which takes longer than the change.
 */

export interface EntryRow extends Record<string, string | number | null> {
	id: number;
	campaignId: string;
	key: string;
	address: string;
	reference: string;
	state: LedgerState;
	attempts: number;
	due_at: number | null;
	reply: string | null;
	reason: string | null;
	blame: string | null;
	message_id: string | null;
	feedback: string | null;
	queued_at: number;
	updated_at: number;
}

interface DueRow extends Record<string, string | number> {
	id: number;
	key: string;
	address: string;
	reference: string;
	payload: string;
	attempts: number;
	fence: number;
}

interface StateCount extends Record<string, string | number> {
	state: LedgerState;
	recipients: number;
}

/** States that may be claimed once `due_at` is past; for `claimed` that is the end of the lease. */
const CLAIMABLE = ['queued', 'deferred', 'claimed'] as const satisfies readonly LedgerState[];

const THE_CAMPAIGN = '(SELECT id FROM campaign WHERE name = :campaignId)';
/** Nobody, while the campaign is paused or cancelled. */
const IF_RUNNING = "(SELECT id FROM campaign WHERE name = :campaignId AND state = 'running')";
const THIS_ONE = `campaign = ${THE_CAMPAIGN} AND key = :key`;
const STILL_HELD = `${THIS_ONE} AND owner = :owner AND fence = :fence`;

export const ENTRY = `
	SELECT recipient.id, campaign.name AS campaignId, key, address, reference, recipient.state, attempts,
		due_at, reply, reason, blame, message_id, feedback, queued_at, updated_at
	FROM recipient JOIN campaign ON campaign.id = recipient.campaign`;

/** What to mail is gone once an outcome was final, or the campaign cancelled. */
const MAILABLE = 'EXISTS (SELECT 1 FROM payload WHERE payload.recipient = recipient.id)';

/** The end of a due query: who has been due longest comes first. */
const IN_ORDER = `
	SELECT id, key, address, reference, content AS payload, attempts, fence
	FROM due JOIN recipient USING (id) JOIN payload ON payload.recipient = id
	ORDER BY recipient.due_at, id`;

/** The longest due of each state by the index, and of these the longest due: no state is sorted whole. */
const DUE = `
	WITH due AS (
		${CLAIMABLE.map(
			(state) => `SELECT * FROM (
				SELECT id, due_at FROM recipient
				WHERE campaign = ${IF_RUNNING} AND state = '${state}' AND due_at <= :now AND ${MAILABLE}
				ORDER BY due_at, id LIMIT :limit)`,
		).join(' UNION ALL ')}
		ORDER BY due_at, id LIMIT :limit
	) ${IN_ORDER}`;

/** CROSS JOIN keeps the order of the tables: each key is looked up, however many are due. */
const DUE_AMONG = `
	WITH due AS (
		SELECT DISTINCT recipient.id, due_at
		FROM json_each(:keys) AS wanted CROSS JOIN recipient
			ON campaign = ${IF_RUNNING} AND recipient.key = wanted.value
		WHERE state IN (${CLAIMABLE.map((state) => `'${state}'`).join(', ')}) AND due_at <= :now
			AND ${MAILABLE}
		ORDER BY due_at, recipient.id LIMIT :limit
	) ${IN_ORDER}`;

export function prepareLedger(database: Database) {
	return {
		addCampaign: database.statement(`
			INSERT INTO campaign (name, created_at, state_since) VALUES (:campaignId, :now, :now)
			ON CONFLICT DO NOTHING`),

		/** Whoever is taken in after the end begins it anew. */
		reopenCampaign: database.statement(`
			UPDATE campaign SET finished_at = NULL
			WHERE name = :campaignId AND finished_at IS NOT NULL`),

		/** Adds a row when the recipient is new. */
		addRecipient: database.statement(`
			INSERT INTO recipient (campaign, key, address, reference, state, queued_at, due_at, updated_at)
			VALUES (${THE_CAMPAIGN}, :key, :address, :reference, 'queued', :now, :now, :now)
			ON CONFLICT (campaign, key) DO NOTHING`),

		/**
		 * Changes a row when the recipient is known and may be mailed: it waits, its claim has ended, it
		 * failed by no fault of its own, or, where the caller takes the risk, its outcome is unknown.
		 */
		queueAgain: database.statement(`
			UPDATE recipient
			SET state = 'queued', due_at = min(coalesce(due_at, :now), :now), updated_at = :now
			WHERE ${THIS_ONE} AND (
				state IN ('queued', 'deferred')
				OR (state = 'claimed' AND due_at <= :now)
				OR (state = 'failed' AND blame <> 'recipient')
				OR (state = 'unknown' AND :reopenUnknown = 1))`),

		keepPayload: database.statement(`
			INSERT INTO payload VALUES (:id, :payload)
			ON CONFLICT (recipient) DO UPDATE SET content = excluded.content`),

		due: database.statement<DueRow>(DUE),
		dueAmong: database.statement<DueRow>(DUE_AMONG),

		claim: database.statement(`
			UPDATE recipient
			SET state = 'claimed', owner = :owner, fence = fence + 1, due_at = :until, updated_at = :now
			WHERE id IN (SELECT value FROM json_each(:ids))`),

		/** A lease that is over does not dispatch, even if nobody else has claimed the row yet. */
		dispatch: database.statement(`
			UPDATE recipient SET state = 'dispatched', attempts = attempts + 1, updated_at = :now
			WHERE ${STILL_HELD} AND state = 'claimed' AND due_at > :now`),

		/**
		 * The server's reply is the truth for as long as nobody else has claimed the row, lease or
		 * not; over an `unknown` too, which was only the lack of it. A refusal before the final dot
		 * comes without a dispatch, and is a try as well.
		 */
		settle: database.statement(`
			UPDATE recipient
			SET state = :state, due_at = :retryAt, reply = :reply, reason = :reason, blame = :blame,
				message_id = :messageId, attempts = attempts + (state = 'claimed'), updated_at = :now
			WHERE ${STILL_HELD}
				AND (state = 'claimed' OR state = 'dispatched' OR state = 'unknown')`),

		/**
		 * After a late `deferred` over `unknown`: no server has the mail, and its true sender still knows
		 * what it was. Adds a row where what to mail was gone.
		 */
		restorePayload: database.statement(`
			INSERT INTO payload SELECT id, :payload FROM recipient
			WHERE ${STILL_HELD} AND state = 'deferred' AND EXISTS (
				SELECT 1 FROM campaign WHERE name = :campaignId AND state <> 'cancelled')
			ON CONFLICT (recipient) DO NOTHING`),

		release: database.statement(`
			UPDATE recipient SET state = 'queued', due_at = queued_at, owner = NULL, updated_at = :now
			WHERE ${STILL_HELD} AND state = 'claimed'`),

		/** Prolongs what is held; a lease that is over stays over. */
		heartbeat: database.statement(`
			UPDATE recipient SET due_at = max(due_at, :until)
			WHERE campaign = ${THE_CAMPAIGN} AND state IN ('claimed', 'dispatched')
				AND due_at > :now AND owner = :owner`),

		expire: database.statement(`
			UPDATE recipient SET state = 'unknown', due_at = NULL, updated_at = :now,
				reason = 'The sender ended before the reply of the server came; the server may have the mail.'
			WHERE campaign = ${THE_CAMPAIGN} AND state = 'dispatched' AND due_at <= :now`),

		feedback: database.statement(`UPDATE recipient SET feedback = :feedback WHERE ${THIS_ONE}`),

		entry: database.statement<EntryRow>(
			`${ENTRY} WHERE campaign.name = :campaignId AND key = :key`,
		),

		entryByReference: database.statement<EntryRow>(`${ENTRY} WHERE reference = :reference`),

		owed: database.statement<EntryRow>(`
			${ENTRY} JOIN payload ON payload.recipient = recipient.id
			WHERE campaign.name = :campaignId AND recipient.state IN ('queued', 'claimed', 'deferred')
				AND recipient.id > coalesce((
					SELECT id FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND key = :after), 0)
			ORDER BY recipient.id LIMIT :limit`),

		counts: database.statement<StateCount>(`
			SELECT state, count(*) AS recipients FROM recipient
			WHERE campaign = ${THE_CAMPAIGN} GROUP BY state`),
	};
}
