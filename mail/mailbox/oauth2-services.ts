import type { ImapPreset } from './presets';

/** Services that let a program read mail by OAuth2 (XOAUTH2), from their own help pages. */
export const IMAP_OAUTH2_SERVICES: readonly ImapPreset[] = [
	{
		id: 'google',
		name: 'Google (Gmail, Workspace)',
		host: 'imap.gmail.com',
		port: 993,
		security: 'tls',
		note: 'Needs a client of your own in the Google Cloud Console',
	},
	{
		id: 'microsoft',
		name: 'Microsoft 365',
		host: 'outlook.office365.com',
		port: 993,
		security: 'tls',
		note: 'Needs an app registration in Entra, and IMAP allowed for the mailbox',
	},
	{
		id: 'outlook',
		name: 'Outlook.com, Hotmail',
		host: 'outlook.office365.com',
		port: 993,
		security: 'tls',
		note: 'Needs an app registration in Entra that takes personal accounts, and IMAP allowed in the settings',
	},
];
