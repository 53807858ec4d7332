import { campaignForm, optionsProperty } from '../form';
import { outputItemsProperty } from '../outcome-outputs';
import { sendCampaign } from '../send-campaign';
import type { Operation } from './operation';

/** The campaign to every item. */
export const send: Operation = {
	choice: {
		name: 'Send',
		value: 'send',
		description: 'Send the campaign to every item, each recipient once',
		action: 'Send a campaign',
	},
	properties: [...campaignForm, outputItemsProperty, optionsProperty],
	execute: sendCampaign,
};
