import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { parseMailbox, parseMailboxList } from '../../../mail/index';
import type { Draft, Mailbox } from '../../../mail/index';

export const addressProperties: INodeProperties[] = [
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. Ada Lovelace <ada@example.com>',
		description: 'The sender that people see. A name may stand before the address.',
	},
	{
		displayName: 'To Email',
		name: 'toEmail',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. grace@example.com, Alan <alan@example.com>',
		description: 'One or more recipients, separated by commas',
	},
];

/** Shown under Options: what only some mails need. */
export const addressOptions: INodeProperties[] = [
	{
		displayName: 'BCC Email',
		name: 'bccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. archive@example.com',
		description: 'Gets the mail too; the others do not see it',
	},
	{
		displayName: 'CC Email',
		name: 'ccEmail',
		type: 'string',
		default: '',
		placeholder: 'e.g. team@example.com',
		description: 'Gets a copy that everybody sees',
	},
	{
		displayName: 'Reply-To Email',
		name: 'replyTo',
		type: 'string',
		default: '',
		placeholder: 'e.g. support@example.com',
		description: 'Where answers go, when not to the sender',
	},
];

/** @throws Error that names the field and what is wrong with its text */
export function readAddresses(
	context: IExecuteFunctions,
	itemIndex: number,
): Pick<Draft, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo'> {
	const options = context.getNodeParameter('options', itemIndex, {}) as Record<string, unknown>;
	const to = readList('To Email', context.getNodeParameter('toEmail', itemIndex));
	if (to.length === 0) throw new Error('To Email is empty. Name at least one recipient.');
	return {
		from: readOne('From Email', context.getNodeParameter('fromEmail', itemIndex)),
		to,
		cc: readList('CC Email', options.ccEmail),
		bcc: readList('BCC Email', options.bccEmail),
		replyTo: readList('Reply-To Email', options.replyTo),
	};
}

function readOne(field: string, value: unknown): Mailbox {
	const parsed = parseMailbox(asAddressText(value));
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailbox;
}

function readList(field: string, value: unknown): Mailbox[] {
	const text = asAddressText(value);
	if (text.trim() === '') return [];
	const parsed = parseMailboxList(text);
	if (!parsed.ok) throw new Error(`${field}: ${parsed.problem}`);
	return parsed.mailboxes;
}

/** Expressions often give a list of addresses, not a text. */
function asAddressText(value: unknown): string {
	if (Array.isArray(value)) return value.map(asAddressText).join(', ');
	return typeof value === 'string' ? value : '';
}
