import type { LedgerState } from '../../model/outcome';
import type { RecipientFilter, ReportStore } from '../report-store';
import type { Feedback } from '../store';
import type { Database } from './database';
import { entryOf } from './ledger';
import { ENTRY, THE_CAMPAIGN } from './ledger-sql';
import type { EntryRow } from './ledger-sql';
import { statement } from './statement';

const HOUR_MS = 3_600_000;

/** As JSON.stringify writes it; within a text of the feedback the quotes would be escaped. */
const FEEDBACK_IS = `feedback LIKE '%"event":"' || :value || '"%'`;
const DID = (table: string) => `EXISTS (
	SELECT 1 FROM tracking_activity AS did
	WHERE did.campaign = ${table}.campaign AND did.reference = ${table}.reference
		AND did.event = :value AND did.link = 0 AND NOT did.machine)`;

/** The campaign's own rows are read first, and only then put in order: no other campaign is looked at. */
const page = (condition: string) =>
	statement<EntryRow>(`
		WITH mine AS MATERIALIZED (
			SELECT id FROM recipient WHERE campaign = ${THE_CAMPAIGN} AND ${condition})
		SELECT ${ENTRY}
		FROM (SELECT id FROM mine ORDER BY id LIMIT :limit::int OFFSET :offset::int) AS page
		JOIN recipient USING (id) JOIN campaign ON campaign.id = recipient.campaign
		ORDER BY recipient.id`);

const PAGES = {
	none: page('TRUE'),
	state: page('recipient.state = :value'),
	feedback: page(`feedback IS NOT NULL AND ${FEEDBACK_IS}`),
	did: page(DID('recipient')),
	setback: page(`(recipient.state = 'failed' OR feedback IS NOT NULL)`),
} as const;

const mailPage = (condition: string) =>
	statement<{ reference: string; address: string; sent_at: number }>(`
		SELECT reference, address, added_at AS sent_at FROM tracked_mail
		WHERE campaign = ${THE_CAMPAIGN} AND address IS NOT NULL AND ${condition}
		ORDER BY campaign, id LIMIT :limit::int OFFSET :offset::int`);

const SQL = {
	feedbackCount: statement<{ recipients: number }>(`
		SELECT count(*) AS recipients FROM recipient
		WHERE campaign = ${THE_CAMPAIGN} AND feedback IS NOT NULL AND ${FEEDBACK_IS}`),
	outcomesByHour: statement<{ hour: number; state: LedgerState; recipients: number }>(`
		SELECT updated_at / ${HOUR_MS} AS hour, state, count(*) AS recipients FROM recipient
		WHERE campaign = ${THE_CAMPAIGN} GROUP BY 1, 2`),
	allMails: mailPage('TRUE'),
	mailsOfThoseWho: mailPage(DID('tracked_mail')),
	countMails: statement<{ mails: number }>(`
		SELECT count(*) AS mails FROM tracked_mail
		WHERE campaign = ${THE_CAMPAIGN} AND address IS NOT NULL`),
};

const NO_FEEDBACK: Readonly<Record<Feedback['event'], number>> = {
	hardBounce: 0,
	softBounce: 0,
	complained: 0,
	delayed: 0,
	autoReplied: 0,
};

export function createReportStore(database: Database): ReportStore {
	return {
		async feedbackCounts(campaignId) {
			const counts = { ...NO_FEEDBACK };
			for (const value of Object.keys(counts) as Feedback['event'][])
				counts[value] =
					(await database.get(SQL.feedbackCount, { campaignId, value }))?.recipients ?? 0;
			return counts;
		},

		outcomesByHour: async (campaignId) =>
			(await database.all(SQL.outcomesByHour, { campaignId })).map(
				({ hour, state, recipients }) => ({ hour: hour * HOUR_MS, state, recipients }),
			),

		async recipients(campaignId, { filter, limit, offset = 0 }) {
			const { page: name, value } = readFilter(filter);
			const bounds = { campaignId, limit: Math.max(limit, 0), offset, value };
			return (await database.all(PAGES[name], bounds)).map(entryOf);
		},

		async singleMails(campaignId, { filter, limit, offset = 0 }) {
			const bounds = { campaignId, limit: Math.max(limit, 0), offset };
			const rows = filter
				? await database.all(SQL.mailsOfThoseWho, { ...bounds, value: filter.did })
				: await database.all(SQL.allMails, bounds);
			return rows.map(({ reference, address, sent_at }) => ({
				reference,
				address,
				sentAt: sent_at,
			}));
		},

		countSingleMails: async (campaignId) =>
			(await database.get(SQL.countMails, { campaignId }))?.mails ?? 0,
	};
}

function readFilter(filter: RecipientFilter | undefined): {
	page: keyof typeof PAGES;
	value?: string;
} {
	if (!filter) return { page: 'none' };
	if ('state' in filter) return { page: 'state', value: filter.state };
	if ('feedback' in filter) return { page: 'feedback', value: filter.feedback };
	if ('did' in filter) return { page: 'did', value: filter.did };
	return { page: 'setback' };
}
