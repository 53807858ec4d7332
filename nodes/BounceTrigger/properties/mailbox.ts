import type { INodeProperties, ITriggerFunctions } from 'n8n-workflow';

import { asText } from '../../shared/as-text';

export const mailboxProperties: INodeProperties[] = [
	{
		displayName: 'Mailbox Folder',
		name: 'mailbox',
		type: 'string',
		default: 'INBOX',
		required: true,
		placeholder: 'e.g. INBOX',
		description: 'The folder that bounces arrive in',
	},
	{
		displayName: 'Start With',
		name: 'startWith',
		type: 'options',
		default: 'new',
		options: [
			{
				name: 'New Mail Only',
				value: 'new',
				description: 'What arrives from the first activation on',
			},
			{
				name: 'Unread Mail',
				value: 'unread',
				description: 'Unread mail that is there already, and new mail',
			},
			{ name: 'All Mail', value: 'all', description: 'Everything in the folder, and new mail' },
		],
		description:
			'What to read when the workflow is activated for the first time. After that it goes on where it stopped.',
	},
	{
		displayName: 'After Reading a Report',
		name: 'afterReading',
		type: 'options',
		default: 'markRead',
		options: [
			{ name: 'Mark as Read', value: 'markRead' },
			{ name: 'Move to Folder', value: 'move' },
			{ name: 'Leave It as It Is', value: 'leave' },
		],
		description: 'Other mail in the folder is always left as it is',
	},
	{
		displayName: 'Folder for Read Reports',
		name: 'moveTo',
		type: 'string',
		default: 'Bounces',
		required: true,
		placeholder: 'e.g. Bounces',
		description: 'Made if it does not exist',
		displayOptions: { show: { afterReading: ['move'] } },
	},
];

export interface MailboxFields {
	mailbox: string;
	startWith: 'new' | 'unread' | 'all';
	afterReading: { action: 'markRead' } | { action: 'leave' } | { action: 'move'; folder: string };
}

export function readMailboxFields(context: ITriggerFunctions): MailboxFields {
	const read = (name: string) => asText(context.getNodeParameter(name, '')).trim();
	const startWith = read('startWith');
	return {
		mailbox: read('mailbox') || 'INBOX',
		startWith: startWith === 'unread' || startWith === 'all' ? startWith : 'new',
		afterReading: readAfterReading(read('afterReading'), read('moveTo')),
	};
}

function readAfterReading(action: string, folder: string): MailboxFields['afterReading'] {
	switch (action) {
		case 'move':
			if (folder === '') throw new Error('Name the folder that read reports are moved to.');
			return { action, folder };
		case 'leave':
			return { action };
		default:
			return { action: 'markRead' };
	}
}
