import type { INodeProperties } from 'n8n-workflow';

import { OWN_SERVER } from './connection-properties';

/** The words that name a mail protocol to Microsoft (`<resource>/<scope>`); Google has one for both. */
const MICROSOFT_SCOPE = { SMTP: 'SMTP.Send', IMAP: 'IMAP.AccessAsUser.All' } as const;
const MICROSOFT = 'https://outlook.office.com';
const GOOGLE_SCOPE = 'https://mail.google.com/';
const ENTRA = 'https://login.microsoftonline.com';

const OWN_ONLY = { displayOptions: { show: { service: [OWN_SERVER] } } };

/**
 * What n8n's OAuth2 asks for, filled in for the known services. The names without `own` are those that
 * n8n itself reads (its `oAuth2Api`); their values follow the chosen service.
 */
export function oauth2Properties(protocol: 'SMTP' | 'IMAP'): INodeProperties[] {
	return [
		{
			displayName: 'User',
			name: 'user',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. newsletter@example.com',
			description: 'The address of the mailbox that you connect',
		},
		{
			displayName: 'Grant Type',
			name: 'grantType',
			type: 'options',
			default: 'authorizationCode',
			options: [
				{
					name: 'A Person Signs In',
					value: 'authorizationCode',
					description: 'Authorization code: you connect the account in a window of the service',
				},
				{
					name: 'A Person Signs In (PKCE)',
					value: 'pkce',
					description: 'The same for servers that ask for a proof key',
				},
				{
					name: 'The App Itself',
					value: 'clientCredentials',
					description: 'Client credentials: an administrator lets the app use the mailbox',
				},
			],
			displayOptions: { hide: { service: ['google', 'outlook'] } },
		},
		{
			displayName: 'Tenant',
			name: 'tenant',
			type: 'string',
			default: 'common',
			placeholder: 'e.g. example.onmicrosoft.com',
			description:
				'The directory (tenant) ID of the app registration. "common" only works for apps that were made for several tenants.',
			displayOptions: { show: { service: ['microsoft'] } },
		},
		{
			displayName: 'Authorization URL',
			name: 'ownAuthUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://login.example.com/authorize',
			displayOptions: {
				show: { service: [OWN_SERVER], grantType: ['authorizationCode', 'pkce'] },
			},
		},
		{
			displayName: 'Access Token URL',
			name: 'ownAccessTokenUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://login.example.com/token',
			...OWN_ONLY,
		},
		{
			displayName: 'Scope',
			name: 'ownScope',
			type: 'string',
			default: '',
			placeholder: `e.g. ${protocol.toLowerCase()} offline_access`,
			description: 'As the provider names them, with a space in between',
			...OWN_ONLY,
		},
		{
			displayName: 'Send Client ID and Secret In',
			name: 'ownAuthentication',
			type: 'options',
			default: 'body',
			options: [
				{ name: 'Body', value: 'body' },
				{ name: 'Header', value: 'header' },
			],
			...OWN_ONLY,
		},
		hidden('authUrl', {
			google: '"https://accounts.google.com/o/oauth2/v2/auth"',
			microsoft: `"${ENTRA}/" + ($self["tenant"] || "common") + "/oauth2/v2.0/authorize"`,
			outlook: `"${ENTRA}/consumers/oauth2/v2.0/authorize"`,
			own: '$self["ownAuthUrl"]',
		}),
		hidden('accessTokenUrl', {
			google: '"https://oauth2.googleapis.com/token"',
			microsoft: `"${ENTRA}/" + ($self["tenant"] || "common") + "/oauth2/v2.0/token"`,
			outlook: `"${ENTRA}/consumers/oauth2/v2.0/token"`,
			own: '$self["ownAccessTokenUrl"]',
		}),
		hidden('scope', {
			google: `"${GOOGLE_SCOPE}"`,
			microsoft: `($self["grantType"] === "clientCredentials" ? "https://outlook.office365.com/.default" : "${MICROSOFT}/${MICROSOFT_SCOPE[protocol]} offline_access")`,
			outlook: `"${MICROSOFT}/${MICROSOFT_SCOPE[protocol]} offline_access"`,
			own: '$self["ownScope"]',
		}),
		// Google gives a token that can be renewed only to those who ask so.
		hidden('authQueryParameters', {
			google: '"access_type=offline&prompt=consent"',
			microsoft: '"response_mode=query&prompt=select_account"',
			outlook: '"response_mode=query&prompt=select_account"',
			own: '""',
		}),
		hidden('authentication', {
			google: '"body"',
			microsoft: '"body"',
			outlook: '"body"',
			own: '$self["ownAuthentication"]',
		}),
	];
}

type Service = 'google' | 'microsoft' | 'outlook' | typeof OWN_SERVER;

function hidden(name: string, values: Record<Service, string>): INodeProperties {
	const { google, microsoft, outlook, own } = values;
	const service = '$self["service"]';
	return {
		displayName: name,
		name,
		type: 'hidden',
		default: `={{ ${service} === "google" ? ${google} : ${service} === "microsoft" ? ${microsoft} : ${service} === "outlook" ? ${outlook} : ${own} }}`,
	};
}
