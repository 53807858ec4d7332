import type { CampaignRecord, Campaigns, CampaignState, OwingCampaign } from '../store';
import { createCleanUp } from './clean-up';
import type { Database } from './database';
import { CLAIMABLE, IS_DISPATCHED, MAILABLE } from './ledger-sql';
import { CLOCK, NOW, statement } from './statement';
import { STILL_HOLDS } from './suppressions';

interface CampaignRow {
	id: string;
	title: string;
	account: string;
	state: CampaignState;
	created_at: number;
	state_since: number;
	finished_at: number | null;
}

const RECORD = 'name AS id, title, account, state, created_at, state_since, finished_at';
/** No run mails them: they are suppressed, and nobody holds them who did not know it yet. */
const LEFT_OUT = `(
	EXISTS (SELECT 1 FROM suppression
		WHERE suppression.key = recipient.key AND list IN ('', :list) AND ${STILL_HOLDS})
	AND (recipient.state <> 'claimed' OR due_at <= ${NOW}))`;
/** Payloads are deleted so many at a time. */
const PURGE = 5_000;
const SQL = {
	write: statement<CampaignRow>(`
		WITH ${CLOCK}
		INSERT INTO campaign (name, title, account, created_at, state_since)
		SELECT :id, :name, :account, now, now FROM clock
		ON CONFLICT (name) DO UPDATE SET
			title = excluded.title, account = excluded.account, finished_at = NULL
		RETURNING ${RECORD}`),
	writeDefinition: statement(`
		INSERT INTO campaign_definition
		SELECT id, :definition FROM campaign WHERE name = :id
		ON CONFLICT (campaign) DO UPDATE SET content = excluded.content`),
	read: statement<CampaignRow>(`SELECT ${RECORD} FROM campaign WHERE name = :id`),
	readDefinition: statement<{ content: string }>(`
		SELECT content FROM campaign_definition
		WHERE campaign = (SELECT id FROM campaign WHERE name = :id)`),
	setState: statement(`
		WITH ${CLOCK}
		UPDATE campaign SET state = :state, state_since = ${NOW}
		WHERE name = :id AND state <> :state AND state <> 'cancelled'`),
	/** Each arm by the index of its states. */
	purge: statement<{ recipient: number }>(`
		WITH cancelled AS MATERIALIZED (
			SELECT id FROM campaign WHERE name = :id AND state = 'cancelled')
		DELETE FROM payload WHERE recipient = ANY (ARRAY (
			(SELECT id FROM recipient WHERE campaign = (SELECT id FROM cancelled)
				AND ${CLAIMABLE} AND ${MAILABLE} LIMIT ${PURGE})
			UNION ALL
			(SELECT id FROM recipient WHERE campaign = (SELECT id FROM cancelled)
				AND ${IS_DISPATCHED} AND ${MAILABLE} LIMIT ${PURGE})))
		RETURNING recipient`),
	/** An intake keeps the campaign as well: one that is under way is waited for, and then seen. */
	keep: statement('SELECT id FROM campaign WHERE name = :id FOR UPDATE'),
	finish: statement<{ id: number }>(`
		WITH ${CLOCK}
		UPDATE campaign SET finished_at = coalesce(finished_at, ${NOW})
		WHERE name = :id
			AND NOT EXISTS (SELECT 1 FROM recipient
				WHERE campaign = campaign.id AND ${CLAIMABLE} AND ${MAILABLE} AND NOT ${LEFT_OUT})
			AND NOT EXISTS (SELECT 1 FROM recipient
				WHERE campaign = campaign.id AND ${IS_DISPATCHED} AND ${MAILABLE})
		RETURNING id`),
	owing: statement<OwingCampaign>(`
		SELECT campaign.name AS id, account, owed, due_at AS "dueAt"
		FROM campaign CROSS JOIN LATERAL (
			SELECT count(*) AS owed, min(due_at) AS due_at FROM (
				SELECT due_at FROM recipient
				WHERE recipient.campaign = campaign.id AND ${CLAIMABLE} AND ${MAILABLE}
				UNION ALL
				SELECT due_at FROM recipient
				WHERE recipient.campaign = campaign.id AND ${IS_DISPATCHED} AND ${MAILABLE}
			) AS without_outcome OFFSET 0) AS open
		WHERE campaign.state = 'running' AND finished_at IS NULL AND owed > 0
			AND EXISTS (
				SELECT 1 FROM campaign_definition WHERE campaign_definition.campaign = campaign.id)
		ORDER BY campaign.created_at, campaign.id`),
	newest: statement<CampaignRow>(`
		SELECT ${RECORD} FROM campaign
		ORDER BY created_at DESC, campaign.id DESC LIMIT :limit::int OFFSET :offset::int`),
};

/** Campaigns; their `name` in the database is the id that users give them. */
export function createCampaigns(database: Database): Campaigns {
	return {
		...createCleanUp(database),

		define: ({ id, name, account, definition }) =>
			database.transaction(async ({ all, get }) => {
				const row = await get(SQL.write, { id, name, account });
				if (!row) throw new Error('A campaign was written and is not there.');
				await all(SQL.writeDefinition, { id, definition });
				return recordOf(row);
			}),

		async get(id) {
			const row = await database.get(SQL.read, { id });
			return row && recordOf(row);
		},

		async definition(id) {
			return (await database.get(SQL.readDefinition, { id }))?.content;
		},

		async setState(id, state) {
			await database.all(SQL.setState, { id, state });
			while ((await database.all(SQL.purge, { id })).length > 0);
			return this.get(id);
		},

		finish: (id, { list = '' } = {}) =>
			database.transaction(async ({ all }) => {
				await all(SQL.keep, { id });
				return (await all(SQL.finish, { id, list })).length > 0;
			}),

		owing: () => database.all(SQL.owing),

		async list({ limit, offset = 0 }) {
			return (await database.all(SQL.newest, { limit: Math.max(limit, 0), offset })).map(recordOf);
		},
	};
}

function recordOf(row: CampaignRow): CampaignRecord {
	return {
		id: row.id,
		name: row.title,
		account: row.account,
		state: row.state,
		createdAt: row.created_at,
		stateSince: row.state_since,
		...(row.finished_at === null ? {} : { finishedAt: row.finished_at }),
	};
}
