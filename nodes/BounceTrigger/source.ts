import type { INodeExecutionData, ITriggerFunctions } from 'n8n-workflow';

import { takeInMail } from '../../mail/index';
import type {
	ImapAccount,
	MailboxMessage,
	MailStore,
	ReadMail,
	ReportedEvent,
} from '../../mail/index';
import { eventToItem } from '../shared/report-item';
import type { EventFields } from './properties/events';
import type { MailboxFields } from './properties/mailbox';

/** Where reports come from, and what the user wants of them. */
export interface ReportSource extends MailboxFields, EventFields {
	account: ImapAccount;
	store: MailStore;
}

/**
 * What a message is, and what of it the workflow wants.
 *
 * @param record whether the ledger and the suppression list learn of it
 */
export async function readMessage(
	source: ReportSource,
	message: MailboxMessage,
	record: boolean,
): Promise<{ kind: ReadMail['kind']; wanted: ReportedEvent[] }> {
	const { store, events, suppress, softBounces } = source;
	const read = await takeInMail(message, store, {
		record,
		suppress: record && suppress,
		...(softBounces ? { softBounces } : {}),
		replies: events.has('replied'),
	});
	return { kind: read.kind, wanted: read.events.filter((event) => isWanted(source, event)) };
}

function isWanted(
	{ events, campaignId, onlyVerified }: ReportSource,
	{ event, campaignId: of, verified }: ReportedEvent,
): boolean {
	return (
		events.has(event) && (campaignId === '' || of === campaignId) && (verified || !onlyVerified)
	);
}

/** @param raw fetches the whole message; asked only where the user wants it attached */
export async function toItems(
	context: ITriggerFunctions,
	{ attachTo }: ReportSource,
	events: readonly ReportedEvent[],
	raw: () => Promise<Buffer>,
): Promise<INodeExecutionData[]> {
	const items = events.map(eventToItem);
	if (attachTo === '' || items.length === 0) return items;
	const file = await context.helpers.prepareBinaryData(
		await raw(),
		'message.eml',
		'message/rfc822',
	);
	return items.map((item) => ({ ...item, binary: { [attachTo]: file } }));
}
