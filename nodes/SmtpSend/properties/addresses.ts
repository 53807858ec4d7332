import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Draft } from '../../../mail/index';
import { readMailbox, readMailboxes, replyToProperty } from '../../shared/address-fields';

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
	replyToProperty,
];

/** @throws Error that names the field and what is wrong with its text */
export function readAddresses(
	context: IExecuteFunctions,
	itemIndex: number,
): Pick<Draft, 'from' | 'to' | 'cc' | 'bcc' | 'replyTo'> {
	const options = context.getNodeParameter('options', itemIndex, {}) as Record<string, unknown>;
	const to = readMailboxes('To Email', context.getNodeParameter('toEmail', itemIndex));
	if (to.length === 0) throw new Error('To Email is empty. Name at least one recipient.');
	return {
		from: readMailbox('From Email', context.getNodeParameter('fromEmail', itemIndex)),
		to,
		cc: readMailboxes('CC Email', options.ccEmail),
		bcc: readMailboxes('BCC Email', options.bccEmail),
		replyTo: readMailboxes('Reply-To Email', options.replyTo),
	};
}
