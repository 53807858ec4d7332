import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { SMTP_OAUTH2_SERVICES } from '../mail/index';
import { certificateProperties, serverProperties } from './shared/connection-properties';
import { oauth2Properties } from './shared/oauth2-properties';
import { limitProperties } from './shared/smtp-limits';

/** A submission server that takes access tokens. n8n connects it, and keeps and renews the tokens. */
export class SmtpOAuth2Api implements ICredentialType {
	name = 'smtpOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = 'SMTP OAuth2 API';

	icon = {
		light: 'file:../icons/smtp-account.svg',
		dark: 'file:../icons/smtp-account.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/smtp-oauth2.md';

	properties: INodeProperties[] = [
		...serverProperties(
			'SMTP',
			SMTP_OAUTH2_SERVICES,
			{ hostPlaceholder: 'smtp.example.com', port: 587, tlsPort: 465, security: 'starttls' },
			'google',
		),
		...oauth2Properties('SMTP'),
		...certificateProperties,
		...limitProperties,
	];
}
