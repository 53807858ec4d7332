import type { IBinaryKeyData, INodeExecutionData } from 'n8n-workflow';

import { compareChart, comparePage, readCounts, summarize } from '../../../mail/index';
import type { MailStore, Summary } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { findCampaign } from '../each-campaign';
import { chartFile, chartProperty, pageFile } from '../pictures';
import { describeSummary } from '../summary-item';
import type { Operation } from './operation';

/** An item for each campaign, newest first or in the order named. */
export const compare: Operation = {
	choice: {
		name: 'Compare',
		value: 'compare',
		description: 'The figures of several campaigns beside each other',
		action: 'Compare campaigns',
	},
	properties: [
		{
			displayName: 'Campaign IDs',
			name: 'campaignIds',
			type: 'string',
			default: '',
			placeholder: 'e.g. spring-news-2026, autumn-news-2026',
			hint: 'Separated by commas. Leave empty for the newest campaigns.',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			default: 50,
			typeOptions: { minValue: 1 },
			description: 'Max number of results to return',
		},
		{
			displayName: 'HTML Page',
			name: 'htmlPage',
			type: 'boolean',
			default: false,
			description:
				'Whether to make a page of it too: in the field "html" of the first item, and as a file in its binary field "page"',
		},
		chartProperty,
	],
	async execute(context, store) {
		const ids = asText(context.getNodeParameter('campaignIds', 0, ''))
			.split(',')
			.map((id) => id.trim())
			.filter(Boolean);
		const limit = Math.max(1, context.getNodeParameter('limit', 0, 50));
		const summaries = await summariesOf(store, ids, limit);
		const pairedItem = [...context.getInputData().keys()].map((item) => ({ item }));
		const items = summaries.map((summary): INodeExecutionData & { binary: IBinaryKeyData } => ({
			json: describeSummary(summary, store.clock()),
			binary: {},
			pairedItem,
		}));
		const [first] = items;
		if (!first) return [];
		if (context.getNodeParameter('htmlPage', 0, false) === true) {
			const html = comparePage(summaries, { at: store.clock(), zone: context.getTimezone() });
			first.json.html = html;
			first.binary.page = await pageFile(context, html, 'campaigns');
		}
		if (context.getNodeParameter('chart', 0, false) === true)
			first.binary.chart = await chartFile(context, compareChart(summaries), 'campaigns');
		return items;
	},
};

async function summariesOf(
	store: MailStore,
	ids: readonly string[],
	limit: number,
): Promise<Summary[]> {
	const summaries = [];
	if (ids.length > 0)
		for (const id of ids.slice(0, limit)) summaries.push(summarize(await findCampaign(store, id)));
	else
		for (const { id } of await store.campaigns.list({ limit })) {
			const counts = await readCounts(store, id);
			if (counts) summaries.push(summarize(counts));
		}
	return summaries;
}
