import { timeline as momentsOf, timelineChart } from '../../../mail/index';
import { campaignProperty, forEachCampaign } from '../each-campaign';
import { chartIfAsked, chartProperty } from '../pictures';
import type { Operation } from './operation';

/** What happened when: an item for each hour or day in which something did. */
export const timeline: Operation = {
	choice: {
		name: 'Timeline',
		value: 'timeline',
		description: 'What happened when, by the hour or by the day',
		action: 'Get the timeline of a campaign',
	},
	properties: [
		campaignProperty,
		{
			displayName: 'By',
			name: 'by',
			type: 'options',
			default: 'hour',
			options: [
				{ name: 'Day', value: 'day' },
				{ name: 'Hour', value: 'hour' },
			],
			description: 'Times and days are those of the workflow’s time zone',
		},
		chartProperty,
	],
	execute: (context, store) =>
		forEachCampaign(context, store, async ({ counts, itemIndex }) => {
			const { id } = counts.campaign;
			const by = context.getNodeParameter('by', itemIndex, 'hour') === 'day' ? 'day' : 'hour';
			const zone = context.getTimezone();
			const outcomes = await store.reports.outcomesByHour(id);
			const moments = momentsOf(outcomes, counts.events, { by, zone });
			const picture = await chartIfAsked(
				context,
				itemIndex,
				() => timelineChart(moments),
				'timeline',
			);
			return moments.map((moment, index) => ({
				json: { campaignId: id, ...moment },
				...(index === 0 ? picture : {}),
			}));
		}),
};
