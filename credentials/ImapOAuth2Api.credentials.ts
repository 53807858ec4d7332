import type { ICredentialType, INodeProperties } from 'n8n-workflow';

import { IMAP_OAUTH2_SERVICES } from '../mail/index';
import { certificateProperties, serverProperties } from './shared/connection-properties';
import { oauth2Properties } from './shared/oauth2-properties';

/** A mailbox that is read with access tokens. n8n connects it, and keeps and renews the tokens. */
export class ImapOAuth2Api implements ICredentialType {
	name = 'imapOAuth2Api';

	extends = ['oAuth2Api'];

	displayName = 'IMAP OAuth2 API';

	icon = {
		light: 'file:../icons/imap-account.svg',
		dark: 'file:../icons/imap-account.dark.svg',
	} as const;

	documentationUrl =
		'https://github.com/n8n-nodes-smtp-suite/n8n-nodes-smtp-suite/blob/main/docs/imap-account.md#oauth2';

	properties: INodeProperties[] = [
		...serverProperties(
			'IMAP',
			IMAP_OAUTH2_SERVICES,
			{ hostPlaceholder: 'imap.example.com', port: 143, tlsPort: 993, security: 'tls' },
			'google',
		),
		...oauth2Properties('IMAP'),
		...certificateProperties,
	];
}
