import type { INodePropertyOptions } from 'n8n-workflow';

import type { RecipientFilter } from '../../../mail/index';
import { limitProperties, readLimit } from '../../shared/limit-fields';
import { campaignProperty, forEachCampaign } from '../each-campaign';
import { describeMails, describeRecipients } from '../recipient-item';
import type { Operation } from './operation';

const PAGE = 1_000;

/** By name; each with what it asks of the store. */
const STATES: readonly { option: INodePropertyOptions; filter?: RecipientFilter }[] = [
	{ option: { name: 'All', value: 'all' } },
	{
		option: {
			name: 'Bounced or Refused',
			value: 'setback',
			description: 'Whatever went wrong: refusals, bounces, delays, complaints',
		},
		filter: { setback: true },
	},
	{ option: { name: 'Clicked', value: 'clicked' }, filter: { did: 'clicked' } },
	{ option: { name: 'Complained', value: 'complained' }, filter: { feedback: 'complained' } },
	{ option: { name: 'Deferred', value: 'deferred' }, filter: { state: 'deferred' } },
	{ option: { name: 'Failed', value: 'failed' }, filter: { state: 'failed' } },
	{ option: { name: 'Hard Bounce', value: 'hardBounce' }, filter: { feedback: 'hardBounce' } },
	{ option: { name: 'Opened', value: 'opened' }, filter: { did: 'opened' } },
	{ option: { name: 'Queued', value: 'queued' }, filter: { state: 'queued' } },
	{ option: { name: 'Sent', value: 'sent' }, filter: { state: 'sent' } },
	{ option: { name: 'Soft Bounce', value: 'softBounce' }, filter: { feedback: 'softBounce' } },
	{ option: { name: 'Unknown', value: 'unknown' }, filter: { state: 'unknown' } },
	{ option: { name: 'Unsubscribed', value: 'unsubscribed' }, filter: { did: 'unsubscribed' } },
];

/** An item for each recipient, in the order they were taken in. */
export const recipients: Operation = {
	choice: {
		name: 'Recipients',
		value: 'recipients',
		description: 'Who is in a state, such as deferred, bounced, opened or unsubscribed',
		action: 'Get the recipients of a campaign',
	},
	properties: [
		campaignProperty,
		{
			displayName: 'State',
			name: 'state',
			type: 'options',
			default: 'all',
			options: STATES.map(({ option }) => option),
			description: 'Whom to list. Opened, clicked and unsubscribed are people, machines left out.',
		},
		...limitProperties,
	],
	execute: (context, store) =>
		forEachCampaign(context, store, async ({ counts, itemIndex }) => {
			const { id } = counts.campaign;
			const chosen = context.getNodeParameter('state', itemIndex, 'all');
			const filter = STATES.find(({ option }) => option.value === chosen)?.filter;
			const limit = readLimit(context, itemIndex);
			const found = [];
			for await (const page of pages(limit, (bounds) =>
				store.reports.recipients(id, { ...bounds, ...(filter ? { filter } : {}) }),
			))
				found.push(...(await describeRecipients(store, id, page)));
			const ofMails = mailFilter(filter);
			if (ofMails)
				for await (const page of pages(limit - found.length, (bounds) =>
					store.reports.singleMails(id, { ...bounds, ...ofMails }),
				))
					found.push(...(await describeMails(store, id, page)));
			return found.map((json) => ({ json }));
		}),
};

/** Which of the mails sent one by one are meant as well: they are all sent, and no more is known. */
function mailFilter(filter: RecipientFilter | undefined) {
	if (!filter || ('state' in filter && filter.state === 'sent')) return {};
	return 'did' in filter ? { filter } : undefined;
}

async function* pages<T>(
	limit: number,
	read: (bounds: { limit: number; offset: number }) => Promise<T[]>,
): AsyncGenerator<T[], void> {
	for (let offset = 0; offset < limit;) {
		const wanted = Math.min(PAGE, limit - offset);
		const page = await read({ limit: wanted, offset });
		yield page;
		if (page.length < wanted) return;
		offset += page.length;
	}
}
