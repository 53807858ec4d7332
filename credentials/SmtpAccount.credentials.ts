import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { SMTP_PRESETS } from '../mail/index';
import { certificateProperties, serverProperties } from './shared/connection-properties';
import { limitProperties } from './shared/smtp-limits';

/** A submission server and who we are there. Its test is the nodes' `smtpAccountTest`. */
export class SmtpAccount implements ICredentialType {
	name = 'smtpAccount';

	displayName = 'SMTP Account';

	icon = {
		light: 'file:../icons/smtp-account.svg',
		dark: 'file:../icons/smtp-account.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/smtp-account.md';

	properties: INodeProperties[] = [
		...serverProperties('SMTP', SMTP_PRESETS, {
			hostPlaceholder: 'smtp.example.com',
			port: 587,
			tlsPort: 465,
			security: 'starttls',
		}),
		{
			displayName: 'Sign In With',
			name: 'authentication',
			type: 'options',
			default: 'password',
			options: [
				{ name: 'User and Password', value: 'password' },
				{
					name: 'Nothing',
					value: 'none',
					description: 'The server knows this machine and asks for no password',
				},
			],
		},
		{
			displayName: 'User',
			name: 'user',
			type: 'string',
			default: '',
			placeholder: 'e.g. newsletter@example.com',
			description: 'Often the whole email address',
			displayOptions: { show: { authentication: ['password'] } },
		},
		{
			displayName: 'Password',
			name: 'password',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'Gmail, Yahoo, iCloud and others want an app password here, made in the security settings of the account',
			displayOptions: { show: { authentication: ['password'] } },
		},
		...certificateProperties,
		...limitProperties,
	];
}
