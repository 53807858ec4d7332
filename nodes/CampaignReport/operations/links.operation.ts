import { linkFigures, linksChart } from '../../../mail/index';
import { campaignProperty, forEachCampaign } from '../each-campaign';
import { chartIfAsked, chartProperty } from '../pictures';
import type { Operation } from './operation';

/** An item for each link of the campaign, the most clicked first. */
export const links: Operation = {
	choice: {
		name: 'Links',
		value: 'links',
		description: 'Who followed which link: people, and machines apart',
		action: 'Get the links of a campaign',
	},
	properties: [campaignProperty, chartProperty],
	execute: (context, store) =>
		forEachCampaign(context, store, async ({ counts, itemIndex }) => {
			const { id } = counts.campaign;
			const figures = linkFigures(await store.tracking.links(id), counts.events);
			const picture = await chartIfAsked(context, itemIndex, () => linksChart(figures), 'links');
			return figures.map((each, index) => ({
				json: {
					campaignId: id,
					link: each.target,
					number: each.number,
					clickedAtLeast: each.people,
					share: each.share,
					clicks: each.byPeople,
					clickedOnlyByMachines: each.machinesOnly,
					clicksByMachines: each.byMachines,
				},
				...(index === 0 ? picture : {}),
			}));
		}),
};
