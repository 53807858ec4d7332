import type { LedgerState } from '../../model/outcome';
import type { RecipientFilter, ReportStore } from '../report-store';
import type { Feedback } from '../store';
import type { Database } from './database';
import { entryOf } from './ledger';
import { ENTRY } from './ledger-sql';
import type { EntryRow } from './ledger-sql';

type Row = Record<string, string | number | null>;

const HOUR_MS = 3_600_000;
const THE_CAMPAIGN = '(SELECT id FROM campaign WHERE name = :campaignId)';

/** As JSON.stringify writes it; within a text of the feedback the quotes would be escaped. */
const FEEDBACK_IS = `feedback LIKE '%"event":"' || :value || '"%'`;
const DID = (table: string) => `EXISTS (
	SELECT 1 FROM tracking_activity AS did
	WHERE did.campaign = ${table}.campaign AND did.reference = ${table}.reference
		AND did.event = :value AND did.link = 0 AND did.machine = 0)`;

const FILTERS = {
	none: 'TRUE',
	state: 'recipient.state = :value',
	feedback: `feedback IS NOT NULL AND ${FEEDBACK_IS}`,
	did: DID('recipient'),
	setback: `(recipient.state = 'failed' OR feedback IS NOT NULL)`,
} as const;

const NO_FEEDBACK: Readonly<Record<Feedback['event'], number>> = {
	hardBounce: 0,
	softBounce: 0,
	complained: 0,
	delayed: 0,
	autoReplied: 0,
};

export function createReportStore(database: Database): ReportStore {
	const feedbackCount = database.statement<{ recipients: number }>(`
		SELECT count(*) AS recipients FROM recipient
		WHERE campaign = ${THE_CAMPAIGN} AND feedback IS NOT NULL AND ${FEEDBACK_IS}`);
	const outcomesByHour = database.statement<
		Row & { hour: number; state: LedgerState; recipients: number }
	>(`
		SELECT updated_at / ${HOUR_MS} AS hour, state, count(*) AS recipients FROM recipient
		WHERE campaign = ${THE_CAMPAIGN} GROUP BY 1, 2`);
	const pages = Object.fromEntries(
		Object.entries(FILTERS).map(([name, condition]) => [
			name,
			database.statement<EntryRow>(`
				${ENTRY} WHERE campaign.name = :campaignId AND ${condition}
				ORDER BY recipient.id LIMIT :limit OFFSET :offset`),
		]),
	) as Record<keyof typeof FILTERS, ReturnType<typeof database.statement<EntryRow>>>;
	const mailPage = (condition: string) =>
		database.statement<Row & { reference: string; address: string; sent_at: number }>(`
			SELECT reference, address, added_at AS sent_at FROM tracked_mail
			WHERE campaign = ${THE_CAMPAIGN} AND address IS NOT NULL AND ${condition}
			ORDER BY id LIMIT :limit OFFSET :offset`);
	const allMails = mailPage('TRUE');
	const mailsOfThoseWho = mailPage(DID('tracked_mail'));
	const countMails = database.statement<{ mails: number }>(`
		SELECT count(*) AS mails FROM tracked_mail
		WHERE campaign = ${THE_CAMPAIGN} AND address IS NOT NULL`);

	return {
		feedbackCounts: (campaignId) =>
			database.read(() => {
				const counts = { ...NO_FEEDBACK };
				for (const value of Object.keys(counts) as Feedback['event'][])
					counts[value] = feedbackCount.get({ campaignId, value })?.recipients ?? 0;
				return counts;
			}),

		outcomesByHour: async (campaignId) =>
			(await database.read(() => outcomesByHour.all({ campaignId }))).map(
				({ hour, state, recipients }) => ({ hour: hour * HOUR_MS, state, recipients }),
			),

		async recipients(campaignId, { filter, limit, offset = 0 }) {
			const { page, value } = readFilter(filter);
			const bounds = { campaignId, limit: Math.max(limit, 0), offset };
			const rows = await database.read(() =>
				pages[page].all(value === undefined ? bounds : { ...bounds, value }),
			);
			return rows.map(entryOf);
		},

		async singleMails(campaignId, { filter, limit, offset = 0 }) {
			const bounds = { campaignId, limit: Math.max(limit, 0), offset };
			const rows = await database.read(() =>
				filter ? mailsOfThoseWho.all({ ...bounds, value: filter.did }) : allMails.all(bounds),
			);
			return rows.map(({ reference, address, sent_at }) => ({
				reference,
				address,
				sentAt: sent_at,
			}));
		},

		countSingleMails: async (campaignId) =>
			(await database.read(() => countMails.get({ campaignId })))?.mails ?? 0,
	};
}

function readFilter(filter: RecipientFilter | undefined): {
	page: keyof typeof FILTERS;
	value?: string;
} {
	if (!filter) return { page: 'none' };
	if ('state' in filter) return { page: 'state', value: filter.state };
	if ('feedback' in filter) return { page: 'feedback', value: filter.feedback };
	if ('did' in filter) return { page: 'did', value: filter.did };
	return { page: 'setback' };
}
