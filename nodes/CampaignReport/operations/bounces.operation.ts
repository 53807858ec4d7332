import { countSetbacks, setbacksChart } from '../../../mail/index';
import { campaignProperty, forEachCampaign } from '../each-campaign';
import { chartIfAsked, chartProperty } from '../pictures';
import type { Operation } from './operation';

/** An item for each event, reason and provider, the most frequent first. */
export const bounces: Operation = {
	choice: {
		name: 'Bounces',
		value: 'bounces',
		description: 'Bounces, refusals and complaints, counted by reason and provider',
		action: 'Get the bounces of a campaign',
	},
	properties: [campaignProperty, chartProperty],
	execute: (context, store) =>
		forEachCampaign(context, store, async ({ counts, itemIndex }) => {
			const { id } = counts.campaign;
			const setbacks = await countSetbacks(store, id);
			const picture = await chartIfAsked(
				context,
				itemIndex,
				() => setbacksChart(setbacks),
				'bounces',
			);
			return setbacks.map((setback, index) => ({
				json: { campaignId: id, ...setback },
				...(index === 0 ? picture : {}),
			}));
		}),
};
