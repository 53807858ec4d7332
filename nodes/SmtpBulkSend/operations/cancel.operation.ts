import { giveOrder, orderedCampaignProperty } from './give-order';
import type { Operation } from './operation';

/** Ends a campaign for good; the data of those not mailed yet is deleted. */
export const cancel: Operation = {
	choice: {
		name: 'Cancel',
		value: 'cancel',
		description:
			'End a campaign for good within seconds, wherever it runs, and delete the data of everybody who was not mailed yet',
		action: 'Cancel a campaign',
	},
	properties: [orderedCampaignProperty],
	execute: (context) => giveOrder(context, 'cancelled'),
};
