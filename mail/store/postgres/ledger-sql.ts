import type { LedgerState } from '../../model/outcome';
import { CLOCK, NOW, statement } from './statement';

/*
 * What each state of a recipient allows, as statements; the same rules as in sqlite/ledger-sql.
 * Every change names in its WHERE the states it starts from and, where it is made on a claim, the
 * owner and the fence that must still stand: a change that is not allowed changes no row.
 *
 * Many recipients come as arrays, a column each. A call that may have been done already (its answer
 * was lost with the connection) finds its own work by its ticket.
 */

export interface EntryRow {
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

export interface ClaimRow {
	key: string;
	address: string;
	reference: string;
	payload: string;
	attempts: number;
	fence: number;
}

/** Which of the items given a statement is about, counted from 1. */
interface Numbered {
	n: number;
}

export const THE_CAMPAIGN = '(SELECT id FROM campaign WHERE name = :campaignId)';
/** Nobody, while the campaign is paused or cancelled. */
const IF_RUNNING = "(SELECT id FROM campaign WHERE name = :campaignId AND state = 'running')";

/**
 * States that may be claimed once `due_at` is past; for `claimed` that is the end of the lease. They
 * are found by the index of those due, which is named by what it leaves out: an index that named states
 * would have to be written at each change of them.
 */
export const CLAIMABLE = `
	recipient.due_at IS NOT NULL AND recipient.state IN ('queued', 'deferred', 'claimed')`;
/** Found by the index of those held. */
export const IS_DISPATCHED = `
	recipient.held_by IS NOT NULL AND recipient.state = 'dispatched'`;
/** The same as `due_at`, and for no index: all who wait are due, and few of them are held. */
const LEASE_END = 'coalesce(recipient.due_at, 0)';

/** What to mail is gone once an outcome was final, or the campaign cancelled. */
export const MAILABLE = 'EXISTS (SELECT 1 FROM payload WHERE payload.recipient = recipient.id)';

export const ENTRY = `
	recipient.id, campaign.name AS "campaignId", key, address, reference, recipient.state, attempts,
	due_at, reply, reason, blame, message_id, feedback, queued_at, updated_at`;

/**
 * The row of each key given. OFFSET 0 keeps the planner from turning the lookup into a join of its
 * own making: each key is looked up, however large the table or the planner's idea of it.
 */
const lookedUp = (campaign: string, key: string) => `
	CROSS JOIN LATERAL (
		SELECT id FROM recipient WHERE recipient.campaign = ${campaign} AND recipient.key = ${key} OFFSET 0
	) AS found`;

/**
 * The claims that a statement is about. Whatever writes several rows does so in the order of their
 * numbers, for those who wait for each other's rows would wait until the server ends one of them.
 */
const GIVEN = `
	given AS MATERIALIZED (
		SELECT found.id, claim.owner, claim.fence, n
		FROM unnest(:campaigns::text[], :keys::text[], :owners::text[], :fences::bigint[])
			WITH ORDINALITY AS claim (campaign, key, owner, fence, n)
		${lookedUp('(SELECT id FROM campaign WHERE name = claim.campaign)', 'claim.key')}
		ORDER BY found.id)`;
const STILL_HELD = `
	recipient.id = given.id AND recipient.owner = given.owner AND recipient.fence = given.fence`;

/**
 * Its row is found by number. In this form no index of those due or held serves the condition: the server
 * thinks little of what they hold, for that changes all the time, and would look through all of it, and
 * through what is dead in it, for each claim.
 */
const IS_CLAIMED = "coalesce(recipient.state, '') = 'claimed'";

/** A dispatch leaves alone what the try before it came to. */
const UNLESS_DISPATCHED = (told: string, column = told) =>
	`CASE given.state WHEN 'dispatched' THEN recipient.${column} ELSE given.${told} END`;

/** Claims what `due` selects, and gives it with its payload, the longest due first. */
function claimDue(due: string) {
	return statement<ClaimRow>(`
		WITH ${CLOCK},
		due AS MATERIALIZED (${due}),
		taken AS (
			UPDATE recipient
			SET state = 'claimed', owner = :owner, fence = fence + 1, ticket = :ticket::bigint,
				due_at = ${NOW} + :leaseMs::bigint, updated_at = ${NOW}
			FROM due WHERE recipient.id = due.id
			RETURNING recipient.id, key, address, reference, attempts, fence, due.due_at AS was_due)
		SELECT key, address, reference, content AS payload, attempts, fence
		FROM taken JOIN payload ON payload.recipient = taken.id
		ORDER BY was_due, taken.id`);
}

export const LEDGER = {
	/** Makes the campaign where it is new, and keeps other intakes of it waiting until this one ends. */
	openCampaign: statement<{ id: number }>(`
		WITH ${CLOCK}
		INSERT INTO campaign (name, created_at, state_since) SELECT :campaignId, now, now FROM clock
		ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id`),

	/** Whoever is taken in after the end begins it anew. */
	reopenCampaign: statement(`
		UPDATE campaign SET finished_at = NULL WHERE id = :campaign::int AND finished_at IS NOT NULL`),

	/** Adds those who are new. */
	addRecipients: statement<{ id: number; key: string; updated_at: number }>(`
		WITH ${CLOCK}
		INSERT INTO recipient (campaign, key, address, reference, state, queued_at, due_at, updated_at)
		SELECT :campaign::int, key, address, reference, 'queued', now, now, now
		FROM clock, unnest(:keys::text[], :addresses::text[], :references::text[])
			WITH ORDINALITY AS given (key, address, reference, n)
		ORDER BY n
		ON CONFLICT (campaign, key) DO NOTHING
		RETURNING id, key, updated_at`),

	addPayloads: statement(`
		INSERT INTO payload SELECT * FROM unnest(:ids::bigint[], :payloads::text[])`),

	/**
	 * Queues those again who are known and may be mailed: they wait, their claim has ended, they failed
	 * by no fault of their own, or, where the caller takes the risk, their outcome is unknown.
	 */
	queueAgain: statement(`
		WITH ${CLOCK},
		given AS MATERIALIZED (
			SELECT found.id, payload
			FROM unnest(:keys::text[], :payloads::text[]) AS wanted (key, payload)
			${lookedUp(':campaign::int', 'wanted.key')}),
		opened AS (
			UPDATE recipient
			SET state = 'queued', due_at = least(coalesce(due_at, ${NOW}), ${NOW}), updated_at = ${NOW}
			FROM given
			WHERE recipient.id = given.id AND (
				state IN ('queued', 'deferred')
				OR (state = 'claimed' AND due_at <= ${NOW})
				OR (state = 'failed' AND blame <> 'recipient')
				OR (state = 'unknown' AND :reopenUnknown))
			RETURNING recipient.id, payload)
		INSERT INTO payload SELECT id, payload FROM opened
		ON CONFLICT (recipient) DO UPDATE SET content = excluded.content`),

	claim: claimDue(`
		SELECT id, due_at FROM recipient
		WHERE campaign = ${IF_RUNNING} AND ${CLAIMABLE} AND due_at <= ${NOW} AND ${MAILABLE}
		ORDER BY due_at, id LIMIT :limit::int
		FOR UPDATE SKIP LOCKED`),

	claimAmong: claimDue(`
		SELECT recipient.id, due_at
		FROM (SELECT DISTINCT unnest(:keys::text[]) AS key) AS wanted
		${lookedUp(IF_RUNNING, 'wanted.key')}
		JOIN recipient ON recipient.id = found.id
		WHERE ${CLAIMABLE} AND due_at <= ${NOW} AND ${MAILABLE}
		ORDER BY due_at, recipient.id LIMIT :limit::int
		FOR UPDATE OF recipient SKIP LOCKED`),

	claimedBefore: statement<ClaimRow>(`
		SELECT key, address, reference, content AS payload, attempts, fence
		FROM recipient JOIN payload ON payload.recipient = id
		WHERE campaign = ${THE_CAMPAIGN} AND state = 'claimed' AND held_by = :owner
			AND ticket = :ticket::bigint
		ORDER BY id`),

	/**
	 * Dispatches and outcomes in one statement, and so with one trip and one commit.
	 *
	 * A lease that is over does not dispatch, even if nobody else has claimed the row yet. But the
	 * server's reply is the truth for as long as nobody else has claimed the row, lease or not; over
	 * an `unknown` too, which was only the lack of it. A refusal before the final dot comes without
	 * a dispatch, and is a try as well. After a late `deferred` over an `unknown` no server has the mail:
	 * its true sender, who still knows what it was, gives that back.
	 */
	advance: statement<Numbered>(`
		WITH ${CLOCK},
		given AS MATERIALIZED (
			SELECT found.id, told.*
			FROM unnest(:campaigns::text[], :keys::text[], :owners::text[], :fences::bigint[],
				:states::text[], :retryAts::bigint[], :replies::text[], :reasons::text[],
				:blames::text[], :messageIds::text[], :payloads::text[])
				WITH ORDINALITY AS told (campaign, key, owner, fence, state, retry_at, reply, reason,
					blame, message_id, payload, n)
			${lookedUp('(SELECT id FROM campaign WHERE name = told.campaign)', 'told.key')}
			ORDER BY found.id),
		advanced AS (
			UPDATE recipient
			SET state = given.state,
				due_at = ${UNLESS_DISPATCHED('retry_at', 'due_at')},
				reply = ${UNLESS_DISPATCHED('reply')},
				reason = ${UNLESS_DISPATCHED('reason')},
				blame = ${UNLESS_DISPATCHED('blame')},
				message_id = ${UNLESS_DISPATCHED('message_id')},
				ticket = :ticket::bigint, attempts = attempts + (recipient.state = 'claimed')::int,
				updated_at = ${NOW}
			FROM given
			WHERE ${STILL_HELD} AND CASE given.state
				WHEN 'dispatched' THEN recipient.state = 'claimed' AND recipient.due_at > ${NOW}
				ELSE recipient.state IN ('claimed', 'dispatched', 'unknown')
			END
			RETURNING recipient.id, recipient.campaign, recipient.state, given.payload, n),
		done_with AS (
			DELETE FROM payload USING advanced
			WHERE payload.recipient = advanced.id AND advanced.state IN ('sent', 'failed', 'unknown')),
		restored AS (
			INSERT INTO payload
			SELECT advanced.id, payload FROM advanced JOIN campaign ON campaign.id = campaign
			WHERE payload IS NOT NULL AND campaign.state <> 'cancelled'
			ON CONFLICT (recipient) DO NOTHING RETURNING recipient),
		reopened AS (
			UPDATE campaign SET finished_at = NULL
			FROM restored JOIN advanced ON advanced.id = restored.recipient
			WHERE campaign.id = advanced.campaign AND finished_at IS NOT NULL)
		SELECT n FROM advanced`),

	/** A dispatch that was written down and whose lease is over since gives no leave any more. */
	advancedBefore: statement<Numbered>(`
		WITH ${CLOCK},
		given AS MATERIALIZED (
			SELECT found.id, told.*
			FROM unnest(:campaigns::text[], :keys::text[], :owners::text[], :fences::bigint[],
				:states::text[]) WITH ORDINALITY AS told (campaign, key, owner, fence, state, n)
			${lookedUp('(SELECT id FROM campaign WHERE name = told.campaign)', 'told.key')})
		SELECT n FROM given JOIN recipient ON ${STILL_HELD}
		WHERE ticket = :ticket::bigint
			AND (given.state <> 'dispatched' OR (recipient.state = 'dispatched' AND due_at > ${NOW}))`),

	release: statement<Numbered>(`
		WITH ${CLOCK}, ${GIVEN}
		UPDATE recipient SET state = 'queued', due_at = queued_at, owner = NULL, updated_at = ${NOW}
		FROM given WHERE ${STILL_HELD} AND ${IS_CLAIMED}
		RETURNING n`),

	/** Prolongs what is held; a lease that is over stays over. */
	heartbeat: statement(`
		WITH ${CLOCK},
		held AS MATERIALIZED (
			SELECT id FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND held_by = :owner ORDER BY id)
		UPDATE recipient SET due_at = greatest(due_at, ${NOW} + :leaseMs::bigint)
		FROM held
		WHERE recipient.id = held.id AND coalesce(held_by, '') = :owner AND ${LEASE_END} > ${NOW}`),

	expire: statement<{ id: number }>(`
		WITH ${CLOCK},
		expired AS (
			UPDATE recipient SET state = 'unknown', due_at = NULL, updated_at = ${NOW},
				reason = 'The sender ended before the reply of the server came; the server may have the mail.'
			WHERE campaign = ${THE_CAMPAIGN} AND ${IS_DISPATCHED} AND ${LEASE_END} <= ${NOW}
			RETURNING id),
		done_with AS (
			DELETE FROM payload USING expired WHERE payload.recipient = expired.id)
		SELECT id FROM expired`),

	/** Locked, so that two reports about one recipient come one after the other. */
	feedbackOf: statement<{ id: number; feedback: string | null }>(`
		SELECT id, feedback FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND key = :key FOR UPDATE`),
	keepFeedback: statement(`
		UPDATE recipient SET feedback = :feedback WHERE id = :id::bigint`),

	entries: statement<EntryRow & Numbered>(`
		SELECT ${ENTRY}, n
		FROM unnest(:keys::text[]) WITH ORDINALITY AS wanted (wanted_key, n)
		${lookedUp(THE_CAMPAIGN, 'wanted_key')}
		JOIN recipient ON recipient.id = found.id
		JOIN campaign ON campaign.id = recipient.campaign
		ORDER BY n`),

	entryByReference: statement<EntryRow>(`
		SELECT ${ENTRY} FROM recipient JOIN campaign ON campaign.id = recipient.campaign
		WHERE reference = :reference`),

	/** Whom the campaign owes is read by the index of those, and only then put in order. */
	owed: statement<EntryRow>(`
		WITH open AS MATERIALIZED (
			SELECT id FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND ${CLAIMABLE}
				AND id > coalesce((
					SELECT id FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND key = :after), 0)
				AND ${MAILABLE})
		SELECT ${ENTRY}
		FROM (SELECT id FROM open ORDER BY id LIMIT :limit::int) AS page
		JOIN recipient USING (id) JOIN campaign ON campaign.id = recipient.campaign
		ORDER BY recipient.id`),

	counts: statement<{ state: LedgerState; recipients: number }>(`
		SELECT state, count(*) AS recipients FROM recipient
		WHERE campaign = ${THE_CAMPAIGN} GROUP BY state`),
};
