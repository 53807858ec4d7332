import type { INodeProperties, ITriggerFunctions } from 'n8n-workflow';

import type { ReportedEventName } from '../../../mail/index';

export const eventProperties: INodeProperties[] = [
	{
		displayName: 'Trigger On',
		name: 'events',
		type: 'multiOptions',
		default: ['hardBounce', 'softBounce', 'complained'],
		required: true,
		options: [
			{
				name: 'Auto-Reply',
				value: 'autoReplied',
				description: 'An out-of-office note or another automatic answer',
			},
			{ name: 'Complaint', value: 'complained', description: 'Somebody pressed the spam button' },
			{
				name: 'Delay',
				value: 'delayed',
				description: 'Not delivered yet; the server will go on trying',
			},
			{
				name: 'Delivery Confirmation',
				value: 'delivered',
				description: 'A server reports that the mail arrived',
			},
			{
				name: 'Hard Bounce',
				value: 'hardBounce',
				description: 'The address does not exist or takes no mail: do not mail it again',
			},
			{
				name: 'Soft Bounce',
				value: 'softBounce',
				description:
					'This mail was not delivered, the next one may be: mailbox full, message refused',
			},
		],
		description: 'Other reports are recorded, but do not start the workflow',
	},
	{
		displayName: 'Suppress Bad Addresses',
		name: 'suppress',
		type: 'boolean',
		default: true,
		description:
			'Whether addresses that hard bounce or complain go on the suppression list, so that SMTP Bulk Send does not mail them again. Only done for reports that provably answer a mail of yours.',
	},
];

export interface EventFields {
	events: ReadonlySet<ReportedEventName>;
	suppress: boolean;
}

export function readEventFields(context: ITriggerFunctions): EventFields {
	return {
		events: new Set(context.getNodeParameter('events', []) as ReportedEventName[]),
		suppress: context.getNodeParameter('suppress', true) as boolean,
	};
}
