import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Draft, Mailbox } from '../../../mail/index';
import { readMailbox, readMailboxes, replyToProperty } from '../../shared/address-fields';
import { IS_REPLY, NO_REPLY } from './reply';

const toEmail: INodeProperties = {
	displayName: 'To Email',
	name: 'toEmail',
	type: 'string',
	default: '',
	placeholder: 'e.g. grace@example.com, Alan <alan@example.com>',
	description: 'One or more recipients, separated by commas, or a list from an expression',
};

export const fromEmailProperty: INodeProperties = {
	displayName: 'From Email',
	name: 'fromEmail',
	type: 'string',
	default: '',
	required: true,
	placeholder: 'e.g. Ada Lovelace <ada@example.com>',
	description: 'The sender that people see. A name may stand before the address.',
};

/** For mails that answer none. */
export const toEmailProperty: INodeProperties = { ...toEmail, required: true };

export const addressProperties: INodeProperties[] = [
	fromEmailProperty,
	{ ...toEmail, required: true, displayOptions: NO_REPLY },
	{
		...toEmail,
		hint: 'Empty: whoever wrote the message that this one answers',
		displayOptions: IS_REPLY,
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
	replyToProperty,
	{
		displayName: 'Return Path (Envelope Sender)',
		name: 'envelopeFrom',
		type: 'string',
		default: '',
		placeholder: 'e.g. bounces@example.com',
		description:
			'Where bounces go, when not to the sender. Servers often allow only addresses of the account.',
	},
	{
		displayName: 'Sender Email',
		name: 'sender',
		type: 'string',
		default: '',
		placeholder: 'e.g. assistant@example.com',
		description: 'Who sends the mail in the name of From Email. Shown as "sent on behalf of".',
	},
];

/** The server is asked whether it takes letters outside ASCII before the @, when there are any. */
const UTF8 = { utf8: true };

/**
 * @param answered who wrote the message that this one answers
 * @throws Error that names the field and what is wrong with its text
 */
export function readAddresses(
	context: IExecuteFunctions,
	itemIndex: number,
	options: Readonly<Record<string, unknown>>,
	answered: Mailbox[],
): Pick<Draft, 'from' | 'sender' | 'to' | 'cc' | 'bcc' | 'replyTo' | 'envelopeFrom'> {
	const named = readMailboxes('To Email', context.getNodeParameter('toEmail', itemIndex, ''), UTF8);
	const to = named.length > 0 ? named : answered;
	const [sender] = readMailboxes('Sender Email', options.sender, UTF8);
	const returnPaths = readMailboxes('Return Path', options.envelopeFrom, UTF8);
	if (returnPaths.length > 1) throw new Error('Return Path holds more than one email address.');
	const addresses = {
		from: readMailbox('From Email', context.getNodeParameter('fromEmail', itemIndex), UTF8),
		...(sender ? { sender } : {}),
		to,
		cc: readMailboxes('CC Email', options.ccEmail, UTF8),
		bcc: readMailboxes('BCC Email', options.bccEmail, UTF8),
		replyTo: readMailboxes('Reply-To Email', options.replyTo, UTF8),
		...(returnPaths[0] ? { envelopeFrom: returnPaths[0].address } : {}),
	};
	if (to.length === 0 && addresses.cc.length + addresses.bcc.length === 0)
		throw new Error('To Email is empty. Name at least one recipient.');
	return addresses;
}
