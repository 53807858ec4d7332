import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { readCounts } from '../../mail/index';
import type { CampaignCounts, MailStore } from '../../mail/index';
import { itemText } from '../shared/item-text';

export const campaignProperty: INodeProperties = {
	displayName: 'Campaign ID',
	name: 'campaignId',
	type: 'string',
	default: '',
	placeholder: 'e.g. autumn-news-2026',
	hint: 'As in SMTP Bulk Send or SMTP Send. Leave empty for the newest campaign.',
};

/** One campaign that is asked for, and the first of the items that ask. */
export interface Asked {
	counts: CampaignCounts;
	itemIndex: number;
}

/**
 * Works on each campaign that the items name, once, however many items name it; what comes of it is
 * paired with all of them. A campaign that is not known stops the node, or with On Error set to continue
 * gives an item with the error.
 */
export async function forEachCampaign(
	context: IExecuteFunctions,
	store: MailStore,
	work: (asked: Asked) => Promise<INodeExecutionData[]>,
): Promise<INodeExecutionData[]> {
	const idOf = itemText(context, 'campaignId');
	const asking = Map.groupBy(context.getInputData().keys(), (index) => idOf(index).trim());
	const results: INodeExecutionData[] = [];
	for (const [given, indexes] of asking) {
		const pairedItem = indexes.map((item) => ({ item }));
		const itemIndex = indexes[0] ?? 0;
		try {
			const counts = await findCampaign(store, given);
			for (const item of await work({ counts, itemIndex })) results.push({ ...item, pairedItem });
		} catch (cause) {
			const error = new NodeOperationError(context.getNode(), cause as Error, { itemIndex });
			if (!context.continueOnFail()) throw error;
			results.push({ json: { error: error.message }, error, pairedItem });
		}
	}
	return results;
}

/** @throws Error, in the user's words, when there is no such campaign */
export async function findCampaign(store: MailStore, given: string): Promise<CampaignCounts> {
	const [newest] = given === '' ? await store.campaigns.list({ limit: 1 }) : [];
	if (given === '' && !newest)
		throw new Error('There is no campaign yet. Send one with SMTP Bulk Send, then look here.');
	const counts = await readCounts(store, newest?.id ?? given);
	if (counts) return counts;
	const known = (await store.campaigns.list({ limit: 5 })).map(({ id }) => `"${id}"`);
	throw new Error(
		`No campaign "${given}" is known here. ${known.length > 0 ? `The newest are ${known.join(', ')}.` : 'None was sent yet.'} If it was sent by nodes with a Mail Store credential, choose the same one in this node.`,
	);
}
