import type { INodeProperties, ITriggerFunctions } from 'n8n-workflow';

import type { ReportedEventName } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import {
	readFeedbackFields,
	softBounceOption,
	suppressProperty,
} from '../../shared/feedback-fields';
import type { FeedbackFields } from '../../shared/feedback-fields';

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
				name: 'Reply',
				value: 'replied',
				description:
					'A person answers one of your campaign mails. The answer stays in the mailbox as it is.',
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
		displayName: 'Start Workflow',
		name: 'execution',
		type: 'options',
		default: 'each',
		options: [
			{
				name: 'For Each Mail',
				value: 'each',
				description: 'One execution a mail, with one item for each recipient that it reports about',
			},
			{
				name: 'Once for All New Mails',
				value: 'together',
				description:
					'One execution with what has arrived, up to 500 mails at a time. Saves executions when many bounces come at once.',
			},
		],
	},
	suppressProperty,
];

/** Shown under Options. */
export const eventOptions: INodeProperties[] = [
	softBounceOption,
	{
		displayName: 'Attach Raw Message',
		name: 'attachTo',
		type: 'string',
		default: 'message',
		placeholder: 'e.g. message',
		hint: 'The name of the output binary field to put the file in',
		description:
			'Attaches the mail as it came to each item, as an .eml file. A large mail is then fetched in full.',
	},
	{
		displayName: 'Only Campaign',
		name: 'campaignId',
		type: 'string',
		default: '',
		placeholder: 'e.g. spring-2026',
		description: 'Only what answers a mail of this campaign starts the workflow',
	},
	{
		displayName: 'Only Verified',
		name: 'onlyVerified',
		type: 'boolean',
		default: false,
		description:
			'Whether only reports start the workflow that provably answer a mail of yours. Anybody can write the others.',
	},
];

export interface EventFields extends FeedbackFields {
	events: ReadonlySet<ReportedEventName>;
	/** One execution with all that is new, instead of one a mail. */
	together: boolean;
	/** The binary field for the raw message; empty for none. */
	attachTo: string;
	/** Empty for any. */
	campaignId: string;
	onlyVerified: boolean;
}

export function readEventFields(context: ITriggerFunctions): EventFields {
	const read = (name: string, otherwise: unknown): unknown =>
		context.getNodeParameter(name, otherwise);
	return {
		...readFeedbackFields(read),
		events: new Set(context.getNodeParameter('events', []) as ReportedEventName[]),
		together: read('execution', 'each') === 'together',
		attachTo: asText(read('options.attachTo', '')).trim(),
		campaignId: asText(read('options.campaignId', '')).trim(),
		onlyVerified: read('options.onlyVerified', false) === true,
	};
}
