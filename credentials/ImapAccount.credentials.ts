import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { IMAP_PRESETS } from '../mail/index';
import { certificateProperties, serverProperties } from './shared/connection-properties';

/** A mailbox that bounces come home to. Its test is the nodes' `imapAccountTest`. */
export class ImapAccount implements ICredentialType {
	name = 'imapAccount';

	displayName = 'IMAP Account';

	icon = {
		light: 'file:../icons/imap-account.svg',
		dark: 'file:../icons/imap-account.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/imap-account.md';

	properties: INodeProperties[] = [
		...serverProperties('IMAP', IMAP_PRESETS, {
			hostPlaceholder: 'imap.example.com',
			port: 143,
			tlsPort: 993,
			security: 'tls',
		}),
		{
			displayName: 'User',
			name: 'user',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. bounces@example.com',
			description: 'Often the whole email address',
		},
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			required: true,
			description:
				'Gmail, Yahoo, iCloud and others want an app password here, made in the security settings of the account',
		},
		...certificateProperties,
	];
}
