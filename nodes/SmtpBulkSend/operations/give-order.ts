import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { forEachItem } from '../../shared/for-each-item';
import { openNodeStore } from '../../shared/mail-store';
import { describeCampaign } from '../campaign-item';
import { campaignIdProperty, readCampaignId } from '../properties/campaign';

/** Which campaign it is about. */
export const orderedCampaignProperty = {
	...campaignIdProperty,
	default: '',
	hint: 'As it stands in the node that sends it',
};

/** To every item's campaign, wherever it runs: it hears of it within seconds. */
export async function giveOrder(
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
