import type { SmtpPreset } from './presets';

/** Services that let a program send by OAuth2 (XOAUTH2), from their own help pages. */
export const SMTP_OAUTH2_SERVICES: readonly SmtpPreset[] = [
	{
		id: 'google',
		name: 'Google (Gmail, Workspace)',
		host: 'smtp.gmail.com',
		port: 465,
		security: 'tls',
		note: 'Needs a client of your own in the Google Cloud Console',
	},
	{
		id: 'microsoft',
		name: 'Microsoft 365',
		host: 'smtp.office365.com',
		port: 587,
		security: 'starttls',
		note: 'Needs an app registration in Entra, and authenticated SMTP allowed for the mailbox',
	},
	{
		id: 'outlook',
		name: 'Outlook.com, Hotmail',
		host: 'smtp-mail.outlook.com',
		port: 587,
		security: 'starttls',
		note: 'Needs an app registration in Entra that takes personal accounts',
	},
];
