import type { Forgotten } from '../store';
import type { Database, Session } from './database';
import { statement } from './statement';

/** So many recipients, mails or events go in one transaction. */
const CHUNK = 5_000;

/**
 * Nobody is owed a mail of it, and nothing of it was begun since `:before`. What was never defined are
 * single mails, done when the last of them is old.
 */
const IS_DONE = `(CASE
	WHEN state = 'cancelled' THEN state_since < :before::bigint
	WHEN finished_at IS NOT NULL THEN finished_at < :before::bigint
	ELSE created_at < :before::bigint
		AND NOT EXISTS (SELECT 1 FROM campaign_definition WHERE campaign = campaign.id)
		AND NOT EXISTS (SELECT 1 FROM recipient WHERE campaign = campaign.id)
		AND coalesce((SELECT added_at FROM tracked_mail WHERE campaign = campaign.id
			ORDER BY tracked_mail.id DESC LIMIT 1), 0) < :before::bigint
	END)`;
/** The oldest single mail is older than `:before`. */
const HAS_OLD_MAILS = `coalesce((SELECT added_at < :before::bigint FROM tracked_mail
	WHERE campaign = campaign.id ORDER BY tracked_mail.id LIMIT 1), FALSE)`;

const SQL = {
	aged: statement<{ id: string }>(`
		SELECT name AS id FROM campaign WHERE ${IS_DONE} OR ${HAS_OLD_MAILS}
		ORDER BY created_at, campaign.id`),
	/** Kept until the end of the transaction: an intake of the same campaign waits, or is waited for. */
	keepDone: statement<{ campaign: number }>(
		`SELECT id AS campaign FROM campaign WHERE name = :id AND ${IS_DONE} FOR UPDATE`,
	),
	keep: statement<{ campaign: number }>(
		'SELECT id AS campaign FROM campaign WHERE name = :id FOR UPDATE',
	),
	dropRecipients: statement<{ dropped: number }>(`
		WITH gone AS (
			DELETE FROM recipient WHERE id = ANY (ARRAY (
				SELECT id FROM recipient WHERE campaign = :campaign::int LIMIT ${CHUNK}))
			RETURNING id),
		payloads AS (DELETE FROM payload WHERE recipient IN (SELECT id FROM gone))
		SELECT count(*) AS dropped FROM gone`),
	dropMails: statement<{ dropped: number; events: number }>(`
		WITH gone AS (
			DELETE FROM tracked_mail WHERE id = ANY (ARRAY (
				SELECT id FROM tracked_mail WHERE campaign = :campaign::int AND added_at < :before::bigint
				ORDER BY id LIMIT ${CHUNK}))
			RETURNING reference),
		events AS (
			DELETE FROM tracking_event
			WHERE campaign = :campaign::int AND reference IN (SELECT reference FROM gone)
			RETURNING id),
		activity AS (
			DELETE FROM tracking_activity
			WHERE campaign = :campaign::int AND reference IN (SELECT reference FROM gone))
		SELECT (SELECT count(*) FROM gone) AS dropped, (SELECT count(*) FROM events) AS events`),
	dropEvents: dropSome('tracking_event'),
	dropActivity: dropSome('tracking_activity'),
	/** Nothing else names the campaign any more. */
	dropCampaign: statement<{ id: number }>(`
		WITH counts AS (DELETE FROM tracking_count WHERE campaign = :campaign::int),
		links AS (DELETE FROM tracking_link WHERE campaign = :campaign::int),
		settings AS (DELETE FROM tracking_campaign WHERE campaign = :campaign::int),
		definition AS (DELETE FROM campaign_definition WHERE campaign = :campaign::int)
		DELETE FROM campaign WHERE id = :campaign::int RETURNING id`),
};

/** Rows of a table that name their campaign; by their place, for not every table has numbers. */
function dropSome(table: string) {
	return statement<{ dropped: number }>(`
		WITH gone AS (
			DELETE FROM ${table} WHERE ctid = ANY (ARRAY (
				SELECT ctid FROM ${table} WHERE campaign = :campaign::int LIMIT ${CHUNK}))
			RETURNING campaign)
		SELECT count(*) AS dropped FROM gone`);
}

/** Deletes what is kept of old campaigns. */
export function createCleanUp(database: Database) {
	/** One transaction, while the campaign is such a one; 0 where it is not. */
	const chunk = (
		which: { id: string; before: number },
		keep: typeof SQL.keep,
		work: (session: Session, campaign: number) => Promise<number>,
	) =>
		database.transaction(async (session) => {
			const kept = await session.get(keep, which);
			return kept ? work(session, kept.campaign) : 0;
		});
	const untilNone = async (...[which, keep, work]: Parameters<typeof chunk>): Promise<number> => {
		let all = 0;
		for (;;) {
			const some = await chunk(which, keep, work);
			if (some === 0) return all;
			all += some;
		}
	};

	return {
		aged: async (before: number) => (await database.all(SQL.aged, { before })).map(({ id }) => id),

		async forget(id: string, before: number): Promise<Forgotten> {
			const which = { id, before };
			const drop =
				(what: typeof SQL.dropEvents) =>
				async ({ get }: Session, campaign: number) =>
					(await get(what, { campaign }))?.dropped ?? 0;
			let events = 0;
			const recipients = await untilNone(which, SQL.keepDone, drop(SQL.dropRecipients));
			const mails = await untilNone(which, SQL.keep, async ({ get }, campaign) => {
				const gone = await get(SQL.dropMails, { campaign, before });
				events += gone?.events ?? 0;
				return gone?.dropped ?? 0;
			});
			events += await untilNone(which, SQL.keepDone, drop(SQL.dropEvents));
			await untilNone(which, SQL.keepDone, drop(SQL.dropActivity));
			const entirely = await chunk(which, SQL.keepDone, async ({ all }, campaign) => {
				return (await all(SQL.dropCampaign, { campaign })).length;
			});
			return { recipients, mails, events, entirely: entirely > 0 };
		},
	};
}
