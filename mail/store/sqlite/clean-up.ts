import type { Forgotten } from '../store';
import type { Database } from './database';

/** So many recipients, mails or events go at once: whoever sends has their turn in between. */
const CHUNK = 1_000;

/**
 * Nobody is owed a mail of it, and nothing of it was begun since `:before`. What was never defined are
 * single mails, done when the last of them is old.
 */
const IS_DONE = `(CASE
	WHEN state = 'cancelled' THEN state_since < :before
	WHEN finished_at IS NOT NULL THEN finished_at < :before
	ELSE created_at < :before
		AND NOT EXISTS (SELECT 1 FROM campaign_definition WHERE campaign = campaign.id)
		AND NOT EXISTS (SELECT 1 FROM recipient WHERE campaign = campaign.id)
		AND coalesce((SELECT added_at FROM tracked_mail WHERE campaign = campaign.id
			ORDER BY id DESC LIMIT 1), 0) < :before
	END)`;
/** The oldest single mail is older than `:before`. */
const HAS_OLD_MAILS = `coalesce((SELECT added_at < :before FROM tracked_mail
	WHERE campaign = campaign.id ORDER BY id LIMIT 1), 0)`;
const DONE = `(SELECT id FROM campaign WHERE name = :id AND ${IS_DONE})`;
const THESE = '(SELECT value FROM json_each(:these))';

/** Deletes what is kept of old campaigns. */
export function createCleanUp(database: Database) {
	const aged = database.statement<{ id: string }>(`
		SELECT name AS id FROM campaign WHERE ${IS_DONE} OR ${HAS_OLD_MAILS} ORDER BY created_at, id`);
	const recipients = database.statement<{ id: number }>(
		`SELECT id FROM recipient WHERE campaign = ${DONE} LIMIT ${CHUNK}`,
	);
	const dropPayloads = database.statement(`DELETE FROM payload WHERE recipient IN ${THESE}`);
	const dropRecipients = database.statement(`DELETE FROM recipient WHERE id IN ${THESE}`);
	const mails = database.statement<{ id: number; campaign: number; reference: string }>(`
		SELECT id, campaign, reference FROM tracked_mail
		WHERE campaign = (SELECT id FROM campaign WHERE name = :id) AND added_at < :before
		ORDER BY id LIMIT ${CHUNK}`);
	const dropEventsOf = database.statement(
		'DELETE FROM tracking_event WHERE campaign = :campaign AND reference = :reference',
	);
	const dropActivityOf = database.statement(
		'DELETE FROM tracking_activity WHERE campaign = :campaign AND reference = :reference',
	);
	const dropMails = database.statement(`DELETE FROM tracked_mail WHERE id IN ${THESE}`);
	const dropEvents = database.statement(`
		DELETE FROM tracking_event WHERE id IN (
			SELECT id FROM tracking_event WHERE campaign = ${DONE} LIMIT ${CHUNK})`);
	const dropActivity = database.statement(`
		DELETE FROM tracking_activity WHERE campaign = ${DONE} AND reference IN (
			SELECT reference FROM tracking_activity WHERE campaign = ${DONE} LIMIT ${CHUNK})`);
	const done = database.statement<{ id: number }>(DONE.slice(1, -1));
	const rest = ['tracking_count', 'tracking_link', 'tracking_campaign', 'campaign_definition'].map(
		(table) => database.statement(`DELETE FROM ${table} WHERE campaign = :done`),
	);
	const dropCampaign = database.statement('DELETE FROM campaign WHERE id = :done');

	/** One transaction; how many rows it took, and none when there is nothing left to take. */
	const chunk = (work: () => number) => database.alone('kill', work);
	const untilNone = async (work: () => number): Promise<number> => {
		let all = 0;
		for (let some = await chunk(work); some > 0; some = await chunk(work)) all += some;
		return all;
	};

	return {
		aged: async (before: number) => {
			const rows = await database.read(() => aged.all({ before }));
			return rows.map(({ id }) => id);
		},

		async forget(id: string, before: number): Promise<Forgotten> {
			const which = { id, before };
			const forgotten = { recipients: 0, mails: 0, events: 0 };
			forgotten.recipients += await untilNone(() => {
				const these = JSON.stringify(recipients.all(which).map((row) => row.id));
				dropPayloads.run({ these });
				return dropRecipients.run({ these });
			});
			forgotten.mails += await untilNone(() => {
				const old = mails.all(which);
				for (const { campaign, reference } of old) {
					forgotten.events += dropEventsOf.run({ campaign, reference });
					dropActivityOf.run({ campaign, reference });
				}
				return dropMails.run({ these: JSON.stringify(old.map((row) => row.id)) });
			});
			forgotten.events += await untilNone(() => dropEvents.run(which));
			await untilNone(() => dropActivity.run(which));
			const entirely = await chunk(() => {
				const campaign = done.get(which)?.id;
				if (campaign === undefined) return 0;
				for (const statement of rest) statement.run({ done: campaign });
				return dropCampaign.run({ done: campaign });
			});
			return { ...forgotten, entirely: entirely > 0 };
		},
	};
}
