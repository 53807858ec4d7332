import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Mailbox } from '../../../mail/index';
import { readMailbox, readMailboxes, replyToProperty } from '../../shared/address-fields';
import { asText } from '../../shared/as-text';

export const campaignProperties: INodeProperties[] = [
	{
		displayName: 'Campaign ID',
		name: 'campaignId',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. autumn-news-2026',
		hint: 'Within one campaign nobody is mailed twice, however often it runs. Choose a new ID for the next mailing.',
	},
	{
		displayName: 'From Email',
		name: 'fromEmail',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. Example News <news@example.com>',
		description: 'The sender that people see. A name may stand before the address.',
	},
	{
		displayName: 'Bounce Address',
		name: 'bounceAddress',
		type: 'string',
		default: '',
		placeholder: 'e.g. bounces@example.com',
		description:
			'A mailbox of yours that takes in bounces+anything@example.com too, as most servers do. Each mail gets its own return address made from it, so that the Bounce Trigger knows whose bounce it is. Without one, bounces go to the sender.',
	},
];

/** Shown under Options. */
export const campaignOptions: INodeProperties[] = [replyToProperty];

export interface CampaignFields {
	id: string;
	from: Mailbox;
	replyTo: Mailbox[];
	bounceAddress?: string;
}

/** @throws Error that names the field and what is wrong with its text */
export function readCampaign(context: IExecuteFunctions): CampaignFields {
	const id = asText(context.getNodeParameter('campaignId', 0)).trim();
	if (id === '')
		throw new Error('Campaign ID is empty. Give the mailing a name, such as autumn-news-2026.');
	if (id.length > 200)
		throw new Error('Campaign ID is longer than 200 characters. Choose a shorter one.');
	const from = readMailbox('From Email', context.getNodeParameter('fromEmail', 0));
	const bounceText = asText(context.getNodeParameter('bounceAddress', 0, '')).trim();
	return {
		id,
		from,
		replyTo: readMailboxes('Reply-To Email', context.getNodeParameter('options.replyTo', 0, '')),
		...(bounceText === ''
			? {}
			: { bounceAddress: readMailbox('Bounce Address', bounceText).address }),
	};
}
