import { parseBounce, takeInReport } from '../../mail/index';
import type { ImapAccount, MailboxMessage, MailStore, ReportedEvent } from '../../mail/index';
import type { EventFields } from './properties/events';
import type { MailboxFields } from './properties/mailbox';

/** Where reports come from, and what the user wants of them. */
export interface ReportSource extends MailboxFields, EventFields {
	account: ImapAccount;
	store: MailStore;
}

/**
 * What a message reports.
 *
 * @param record whether the ledger and the suppression list learn of it
 * @returns `isReport` tells a report whose events the user did not ask for from ordinary mail
 */
export async function readMessage(
	{ store, events, suppress }: ReportSource,
	message: MailboxMessage,
	record: boolean,
): Promise<{ isReport: boolean; wanted: ReportedEvent[] }> {
	const report = await parseBounce(message.raw);
	const reported = await takeInReport(report, store, { record, suppress: record && suppress });
	return {
		isReport: reported.length > 0,
		wanted: reported.filter(({ event }) => events.has(event)),
	};
}
