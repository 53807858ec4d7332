import type { IBinaryKeyData } from 'n8n-workflow';

import {
	campaignPage,
	countSetbacks,
	deliveryChart,
	linkFigures,
	linksChart,
	setbacksChart,
	summarize,
	timeline,
	timelineChart,
} from '../../../mail/index';
import type { CampaignCounts, MailStore } from '../../../mail/index';
import { campaignProperty, forEachCampaign } from '../each-campaign';
import { chartFile, pageFile } from '../pictures';
import { describeSummary } from '../summary-item';
import type { Operation } from './operation';

/** All figures of a campaign in one item; on request the whole report as a page, and its pictures. */
export const summary: Operation = {
	choice: {
		name: 'Summary',
		value: 'summary',
		description: 'All figures of a campaign in one item, with rates; as a page and charts too',
		action: 'Summarize a campaign',
	},
	properties: [
		campaignProperty,
		{
			displayName: 'HTML Page',
			name: 'htmlPage',
			type: 'boolean',
			default: false,
			description:
				'Whether to make the whole report as a page too: in the field "html", to mail it or to answer a webhook with, and as a file in the binary field "page"',
		},
		{
			displayName: 'Charts',
			name: 'charts',
			type: 'boolean',
			default: false,
			description:
				'Whether to draw the charts as SVG pictures too, in the binary fields "deliveryChart", "timelineChart", "linksChart" and "bouncesChart"',
		},
	],
	execute: (context, store) =>
		forEachCampaign(context, store, async ({ counts, itemIndex }) => {
			const figures = summarize(counts);
			const json = describeSummary(figures, store.clock());
			const wantsPage = context.getNodeParameter('htmlPage', itemIndex, false) === true;
			const wantsCharts = context.getNodeParameter('charts', itemIndex, false) === true;
			if (!wantsPage && !wantsCharts) return [{ json }];
			const zone = context.getTimezone();
			const all = { summary: figures, ...(await readDetails(store, counts, zone)) };
			const binary: IBinaryKeyData = {};
			if (wantsPage) {
				json.html = campaignPage(all, { at: store.clock(), zone });
				binary.page = await pageFile(context, json.html, 'campaign-report');
			}
			if (wantsCharts) {
				binary.deliveryChart = await chartFile(context, deliveryChart(figures), 'delivery');
				binary.timelineChart = await chartFile(context, timelineChart(all.moments), 'timeline');
				binary.linksChart = await chartFile(context, linksChart(all.links), 'links');
				binary.bouncesChart = await chartFile(context, setbacksChart(all.setbacks), 'bounces');
			}
			return [{ json, binary }];
		}),
};

/** Of this many hours on, days tell more. */
const HOURS_SHOWN = 48;

async function readDetails(store: MailStore, { campaign, events }: CampaignCounts, zone: string) {
	const [outcomes, links, setbacks] = await Promise.all([
		store.reports.outcomesByHour(campaign.id),
		store.tracking.links(campaign.id),
		countSetbacks(store, campaign.id),
	]);
	const hours = timeline(outcomes, events, { by: 'hour', zone });
	return {
		moments: hours.length <= HOURS_SHOWN ? hours : timeline(outcomes, events, { by: 'day', zone }),
		links: linkFigures(links, events),
		setbacks,
	};
}
