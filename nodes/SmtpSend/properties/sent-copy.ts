import type { INodeProperties } from 'n8n-workflow';

/** Shown under Options where a mail is sent. */
export const sentCopyOptions: INodeProperties[] = [
	{
		displayName: 'Copy in Sent',
		name: 'copyInSent',
		type: 'options',
		default: 'imapAccount',
		description:
			'Also puts the mail into the Sent folder of a mailbox, by IMAP. Gmail and Microsoft 365 do that by themselves. If it fails, the mail is sent all the same, and the output says so.',
		options: [
			{
				name: 'With IMAP Account',
				value: 'imapAccount',
				description: 'Sign in to the mailbox with a password',
			},
			{
				name: 'With OAuth2',
				value: 'imapOAuth2Api',
				description: 'Google, Microsoft 365 and others',
			},
		],
	},
	{
		displayName: 'Sent Folder',
		name: 'sentFolder',
		type: 'string',
		default: '',
		placeholder: 'e.g. INBOX.Sent',
		description:
			'Where Copy in Sent puts the mail, when the folder is not found by itself: its full name on the server',
	},
];

/** For the credentials: which is asked for, when the option is on. */
export const COPIED_WITH_ACCOUNT = copiedWith('imapAccount');
export const COPIED_WITH_OAUTH2 = copiedWith('imapOAuth2Api');

function copiedWith(type: string) {
	return { show: { operation: ['send'], '/options.copyInSent': [type] } };
}
