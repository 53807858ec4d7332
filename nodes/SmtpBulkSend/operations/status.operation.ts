import type { INodeExecutionData } from 'n8n-workflow';

import { openNodeStore } from '../../shared/mail-store';
import { describeCampaign } from '../campaign-item';
import { campaignIdProperty, readCampaignId } from '../properties/campaign';
import type { Operation } from './operation';

/** How far campaigns are. */
export const status: Operation = {
	choice: {
		name: 'Status',
		value: 'status',
		description:
			'See how far campaigns are: sent, remaining, rate, time to go, and the pace in force',
		action: 'Get the status of campaigns',
	},
	properties: [
		{
			displayName: 'Campaigns',
			name: 'statusWhich',
			type: 'options',
			default: 'one',
			options: [
				{ name: 'Newest', value: 'newest', description: 'The campaigns begun last' },
				{ name: 'One', value: 'one', description: 'The campaign with this ID' },
			],
		},
		{
			...campaignIdProperty,
			default: '',
			hint: 'As it stands in the node that sends it',
			displayOptions: { show: { statusWhich: ['one'] } },
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			default: 50,
			typeOptions: { minValue: 1 },
			description: 'Max number of results to return',
			displayOptions: { show: { statusWhich: ['newest'] } },
		},
	],
	async execute(context) {
		const store = await openNodeStore(context);
		const items: INodeExecutionData[] = [];
		if (context.getNodeParameter('statusWhich', 0, 'one') === 'newest') {
			const records = await store.campaigns.list({
				limit: context.getNodeParameter('limit', 0, 50),
			});
			for (const record of records)
				items.push({ json: await describeCampaign(store, record), pairedItem: { item: 0 } });
			return [items];
		}
		for (const index of context.getInputData().keys()) {
			const id = readCampaignId(context, index);
			const record = await store.campaigns.get(id);
			items.push({
				json: record ? await describeCampaign(store, record) : { campaignId: id, state: 'none' },
				pairedItem: { item: index },
			});
		}
		return [items];
	},
};
