import type { INodeProperties, ITriggerFunctions } from 'n8n-workflow';

import type { Verdict } from '../../../mail/index';
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
			{ name: 'Delete', value: 'delete', description: 'It cannot be looked at again' },
			{ name: 'Leave It as It Is', value: 'leave' },
			{ name: 'Mark as Read', value: 'markRead' },
			{ name: 'Move to Folder', value: 'move' },
		],
		description: 'What to do with bounces, complaints, delays, auto-replies and confirmations',
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
	{
		displayName: 'Other Mail',
		name: 'otherMail',
		type: 'options',
		default: 'leave',
		options: [
			{ name: 'Leave It as It Is', value: 'leave' },
			{ name: 'Mark as Read', value: 'markRead' },
			{ name: 'Move to Folder', value: 'moveOther' },
		],
		description:
			'What to do with mail that is no report, or that was not understood. It is never deleted. Replies always stay as they are.',
	},
	{
		displayName: 'Folder for Other Mail',
		name: 'moveOtherTo',
		type: 'string',
		default: 'Other',
		required: true,
		placeholder: 'e.g. Other',
		description: 'Made if it does not exist',
		displayOptions: { show: { otherMail: ['moveOther'] } },
	},
];

export interface MailboxFields {
	mailbox: string;
	startWith: 'new' | 'unread' | 'all';
	afterReading: Verdict;
	otherMail: Exclude<Verdict, { action: 'delete' }>;
}

export function readMailboxFields(context: ITriggerFunctions): MailboxFields {
	const read = (name: string) => asText(context.getNodeParameter(name, '')).trim();
	const startWith = read('startWith');
	return {
		mailbox: read('mailbox') || 'INBOX',
		startWith: startWith === 'unread' || startWith === 'all' ? startWith : 'new',
		afterReading: readAfterReading(read('afterReading'), read('moveTo')),
		otherMail: readOtherMail(read('otherMail'), read('moveOtherTo')),
	};
}

function readAfterReading(action: string, folder: string): Verdict {
	switch (action) {
		case 'move':
			return moveTo(folder, 'Name the folder that read reports are moved to.');
		case 'leave':
		case 'delete':
			return { action };
		default:
			return { action: 'markRead' };
	}
}

function readOtherMail(action: string, folder: string): MailboxFields['otherMail'] {
	switch (action) {
		case 'moveOther':
			return moveTo(folder, 'Name the folder that other mail is moved to.');
		case 'markRead':
			return { action };
		default:
			return { action: 'leave' };
	}
}

function moveTo(folder: string, problem: string): { action: 'move'; folder: string } {
	if (folder === '') throw new Error(problem);
	return { action: 'move', folder };
}
