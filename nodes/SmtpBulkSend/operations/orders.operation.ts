import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { forEachItem } from '../../shared/for-each-item';
import { openNodeStore } from '../../shared/mail-store';
import { describeCampaign } from '../campaign-item';
import { campaignIdProperty, readCampaignId } from '../properties/campaign';
import type { Operation } from './operation';

const idProperty = {
	...campaignIdProperty,
	default: '',
	hint: 'As it stands in the node that sends it',
};

/** Halts a campaign, wherever it runs; whoever was not mailed yet stays queued. */
export const pause: Operation = {
	choice: {
		name: 'Pause',
		value: 'pause',
		description: 'Halt a campaign within seconds, wherever it runs, until Resume lets it go on',
		action: 'Pause a campaign',
	},
	properties: [idProperty],
	execute: (context) => giveOrder(context, 'paused'),
};

/** Ends a campaign for good; the data of those not mailed yet is deleted. */
export const cancel: Operation = {
	choice: {
		name: 'Cancel',
		value: 'cancel',
		description:
			'End a campaign for good within seconds, wherever it runs, and delete the data of everybody who was not mailed yet',
		action: 'Cancel a campaign',
	},
	properties: [idProperty],
	execute: (context) => giveOrder(context, 'cancelled'),
};

async function giveOrder(
	context: IExecuteFunctions,
	state: 'paused' | 'cancelled',
): Promise<INodeExecutionData[][]> {
	const store = await openNodeStore(context);
	const done = (count: number) => `${count} campaigns were ${state} before.`;
	return [
		await forEachItem(context, { atATime: 1, done }, async (index) => {
			const id = readCampaignId(context, index);
			const record = await store.campaigns.setState(id, state);
			if (!record)
				throw new Error(
					`There is no campaign "${id}" in the mail store. Look for its ID in the node that sends it.`,
				);
			return { json: await describeCampaign(store, record) };
		}),
	];
}
