import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Mailbox } from '../../../mail/index';
import { readMailbox, readMailboxes, replyToProperty } from '../../shared/address-fields';
import { asText } from '../../shared/as-text';

export const campaignIdProperty: INodeProperties = {
	displayName: 'Campaign ID',
	name: 'campaignId',
	type: 'string',
	default: '={{ $workflow.id }}-{{ $nodeId }}',
	required: true,
	placeholder: 'e.g. autumn-news-2026',
	hint: 'Within one campaign nobody is mailed twice, however often it runs. Choose a new ID for the next mailing.',
};

export const campaignProperties: INodeProperties[] = [
	campaignIdProperty,
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
export const campaignOptions: INodeProperties[] = [
	{
		displayName: 'Campaign Name',
		name: 'campaignName',
		type: 'string',
		default: '',
		placeholder: 'e.g. Autumn News',
		description: 'Shown instead of the ID where people look at the campaign',
	},
	{
		displayName: 'Mailing List',
		name: 'mailingList',
		type: 'string',
		default: '',
		placeholder: 'e.g. news',
		description:
			'The list that is mailed, as it is named in Suppression List: whoever left this list is skipped, beside those who are suppressed for everything',
	},
	replyToProperty,
];

export interface CampaignFields {
	id: string;
	name: string;
	from: Mailbox;
	replyTo: Mailbox[];
	bounceAddress?: string;
	/** `''` when none is named. */
	list: string;
}

/** @throws Error that names the field and what is wrong with its text */
export function readCampaign(context: IExecuteFunctions): CampaignFields {
	const id = readCampaignId(context);
	const from = readMailbox('From Email', context.getNodeParameter('fromEmail', 0));
	const bounceText = asText(context.getNodeParameter('bounceAddress', 0, '')).trim();
	const text = (name: string) => asText(context.getNodeParameter(`options.${name}`, 0, '')).trim();
	return {
		id,
		name: text('campaignName').slice(0, 200) || id,
		from,
		replyTo: readMailboxes('Reply-To Email', context.getNodeParameter('options.replyTo', 0, '')),
		list: text('mailingList').slice(0, 200),
		...(bounceText === ''
			? {}
			: { bounceAddress: readMailbox('Bounce Address', bounceText).address }),
	};
}

/** @throws Error for an ID that is empty or too long */
export function readCampaignId(context: IExecuteFunctions, itemIndex = 0): string {
	const id = asText(context.getNodeParameter('campaignId', itemIndex)).trim();
	if (id === '')
		throw new Error('Campaign ID is empty. Give the mailing a name, such as autumn-news-2026.');
	if (id.length > 200)
		throw new Error('Campaign ID is longer than 200 characters. Choose a shorter one.');
	return id;
}
