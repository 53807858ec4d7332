import { giveOrder, orderedCampaignProperty } from './give-order';
import type { Operation } from './operation';

/** Halts a campaign, wherever it runs; whoever was not mailed yet stays queued. */
export const pause: Operation = {
	choice: {
		name: 'Pause',
		value: 'pause',
		description: 'Halt a campaign within seconds, wherever it runs, until Resume lets it go on',
		action: 'Pause a campaign',
	},
	properties: [orderedCampaignProperty],
	execute: (context) => giveOrder(context, 'paused'),
};
