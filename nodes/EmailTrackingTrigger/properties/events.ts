import type { INodeProperties, IWebhookFunctions } from 'n8n-workflow';

import type { ChosenEvent, EventChoice } from '../chosen-event';

const EVENTS: readonly { name: string; value: ChosenEvent; description: string }[] = [
	{ name: 'Click', value: 'clicked', description: 'A link in the mail was followed' },
	{ name: 'First Open', value: 'firstOpened', description: 'Once for each mail' },
	{
		name: 'Open',
		value: 'opened',
		description: 'Each time the mail is looked at. For a large campaign that is many executions.',
	},
	{ name: 'Resubscribe', value: 'resubscribed', description: 'Somebody took the unsubscribe back' },
	{
		name: 'Unsubscribe',
		value: 'unsubscribed',
		description: 'By the link in the mail or by the button of the mail program',
	},
];

export const eventProperties: INodeProperties[] = [
	{
		displayName:
			'Publish the workflow before you send, and choose in the node that sends, under Tracking and Unsubscribe, what its mails carry. Their links lead to the production URL above: it has to begin with https:// and be reachable from outside, or readers cannot open it and mail programs offer no one-click unsubscribe.',
		name: 'addressNotice',
		type: 'notice',
		default: '',
	},
	{
		displayName: 'Trigger On',
		name: 'events',
		type: 'multiOptions',
		default: ['unsubscribed'],
		options: [...EVENTS],
		description: 'The other events are recorded too, but do not start the workflow',
	},
	{
		displayName: 'Also for Machines',
		name: 'machines',
		type: 'boolean',
		default: false,
		description:
			'Whether the workflow starts for what link scanners and prefetching mail services did, too',
	},
	{
		displayName: 'Keep IP Address and Browser',
		name: 'keepVisitor',
		type: 'boolean',
		default: false,
		description:
			'Whether to record who pressed from where. That is personal data: ask your readers before.',
	},
	{
		displayName: 'Answer Directly',
		name: 'answerDirectly',
		type: 'boolean',
		default: true,
		displayOptions: { show: { keepVisitor: [false] } },
		description:
			"Whether to answer opens and clicks that start no workflow before n8n loads this workflow for them. Many times faster; n8n's own metrics do not count them.",
	},
];

export function readEventFields(context: IWebhookFunctions): {
	choice: EventChoice;
	keepVisitor: boolean;
	isDirect: boolean;
} {
	const chosen = context.getNodeParameter('events', []) as unknown;
	const events = EVENTS.map(({ value }) => value).filter(
		(event) => Array.isArray(chosen) && chosen.includes(event),
	);
	return {
		choice: { events, machines: context.getNodeParameter('machines', false) === true },
		keepVisitor: context.getNodeParameter('keepVisitor', false) === true,
		isDirect: context.getNodeParameter('answerDirectly', true) === true,
	};
}
