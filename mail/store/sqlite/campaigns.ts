import type { CampaignRecord, Campaigns, CampaignState, OwingCampaign } from '../store';
import { createCleanUp } from './clean-up';
import type { Database } from './database';
import { STILL_HOLDS } from './suppressions';

interface CampaignRow extends Record<string, string | number | null> {
	id: string;
	title: string;
	account: string;
	state: CampaignState;
	created_at: number;
	state_since: number;
	finished_at: number | null;
}

interface OwingRow extends Record<string, string | number> {
	id: string;
	account: string;
	owed: number;
	dueAt: number;
}

/** Of whom no outcome is known yet; of a `dispatched` one it may never be, if its sender died. */
const OPEN_STATES = "('queued', 'claimed', 'deferred', 'dispatched')";
const RECORD = 'name AS id, title, account, state, created_at, state_since, finished_at';
/** No run mails them: they are suppressed, and nobody holds them who did not know it yet. */
const LEFT_OUT = `(
	EXISTS (SELECT 1 FROM suppression
		WHERE suppression.key = recipient.key AND (+list = '' OR +list = :list) AND ${STILL_HOLDS})
	AND (recipient.state IN ('queued', 'deferred') OR (recipient.state = 'claimed' AND due_at <= :now)))`;
/** Payloads are deleted so many at a time: the event loop has its turn in between. */
const PURGE = 500;

/** Campaigns; their `name` in the database is the id that users give them. */
export function createCampaigns(database: Database, clock: () => number): Campaigns {
	const write = database.statement<CampaignRow>(`
		INSERT INTO campaign (name, title, account, created_at, state_since)
		VALUES (:id, :name, :account, :now, :now)
		ON CONFLICT (name) DO UPDATE SET
			title = excluded.title, account = excluded.account, finished_at = NULL
		RETURNING ${RECORD}`);
	const writeDefinition = database.statement(`
		INSERT INTO campaign_definition
		SELECT id, :definition FROM campaign WHERE name = :id
		ON CONFLICT (campaign) DO UPDATE SET content = excluded.content`);
	const read = database.statement<CampaignRow>(`SELECT ${RECORD} FROM campaign WHERE name = :id`);
	const readDefinition = database.statement<{ content: string }>(`
		SELECT content FROM campaign_definition
		WHERE campaign = (SELECT id FROM campaign WHERE name = :id)`);
	const setState = database.statement(`
		UPDATE campaign SET state = :state, state_since = :now
		WHERE name = :id AND state <> :state AND state <> 'cancelled'`);
	const purge = database.statement(`
		DELETE FROM payload WHERE recipient IN (
			SELECT recipient.id FROM recipient JOIN payload ON payload.recipient = recipient.id
			WHERE campaign = (SELECT id FROM campaign WHERE name = :id AND state = 'cancelled')
			LIMIT ${PURGE})`);
	const finish = database.statement(`
		UPDATE campaign SET finished_at = coalesce(finished_at, :now)
		WHERE name = :id AND NOT EXISTS (
			SELECT 1 FROM recipient JOIN payload ON payload.recipient = recipient.id
			WHERE recipient.campaign = campaign.id
				AND recipient.state IN ${OPEN_STATES} AND NOT ${LEFT_OUT})`);
	const owing = database.statement<OwingRow>(`
		SELECT campaign.name AS id, campaign.account, count(*) AS owed, min(due_at) AS dueAt
		FROM campaign JOIN recipient ON recipient.campaign = campaign.id
		WHERE campaign.state = 'running' AND finished_at IS NULL
			AND recipient.state IN ${OPEN_STATES}
			AND EXISTS (
				SELECT 1 FROM campaign_definition WHERE campaign_definition.campaign = campaign.id)
			AND EXISTS (SELECT 1 FROM payload WHERE payload.recipient = recipient.id)
		GROUP BY campaign.id, campaign.name, campaign.account, campaign.created_at
		ORDER BY campaign.created_at, campaign.id`);
	const newest = database.statement<CampaignRow>(`
		SELECT ${RECORD} FROM campaign ORDER BY created_at DESC, id DESC LIMIT :limit OFFSET :offset`);

	return {
		...createCleanUp(database),

		define: ({ id, name, account, definition }) =>
			database.alone('kill', () => {
				const row = write.get({ id, name, account, now: clock() });
				if (!row) throw new Error('A campaign was written and is not there.');
				writeDefinition.run({ id, definition });
				return recordOf(row);
			}),

		async get(id) {
			const row = await database.read(() => read.get({ id }));
			return row && recordOf(row);
		},

		definition: (id) => database.read(() => readDefinition.get({ id })?.content),

		async setState(id, state) {
			// On disk: a pause that a power cut takes back would send.
			await database.share('powerCut', () => setState.run({ id, state, now: clock() }));
			while ((await database.share('kill', () => purge.run({ id }))) > 0);
			return this.get(id);
		},

		finish: async (id, { list = '' } = {}) =>
			(await database.share('kill', () => finish.run({ id, list, now: clock() }))) > 0,

		owing: () => database.read((): OwingCampaign[] => owing.all()),

		async list({ limit, offset = 0 }) {
			const rows = await database.read(() => newest.all({ limit: Math.max(limit, 0), offset }));
			return rows.map(recordOf);
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
