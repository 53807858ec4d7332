import type { ConnectionSecurity } from './account';

/** A well-known service and how it takes mail in, from its own help pages. */
export interface SmtpPreset {
	id: string;
	name: string;
	host: string;
	port: number;
	security: ConnectionSecurity;
	/** What trips people up there; one short sentence without a full stop at its end. */
	note?: string;
}

const APP_PASSWORD = 'Needs an app password';

export const SMTP_PRESETS: readonly SmtpPreset[] = [
	{
		id: 'sesEu',
		name: 'Amazon SES (eu-west-1)',
		host: 'email-smtp.eu-west-1.amazonaws.com',
		port: 587,
		security: 'starttls',
		note: 'User and password are SMTP credentials made in SES, not your AWS keys',
	},
	{
		id: 'sesUs',
		name: 'Amazon SES (us-east-1)',
		host: 'email-smtp.us-east-1.amazonaws.com',
		port: 587,
		security: 'starttls',
		note: 'User and password are SMTP credentials made in SES, not your AWS keys',
	},
	{
		id: 'brevo',
		name: 'Brevo',
		host: 'smtp-relay.brevo.com',
		port: 587,
		security: 'starttls',
		note: 'The password is an SMTP key',
	},
	{
		id: 'fastmail',
		name: 'Fastmail',
		host: 'smtp.fastmail.com',
		port: 465,
		security: 'tls',
		note: APP_PASSWORD,
	},
	{
		id: 'gmail',
		name: 'Gmail and Google Workspace',
		host: 'smtp.gmail.com',
		port: 465,
		security: 'tls',
		note: APP_PASSWORD,
	},
	{
		id: 'gmx',
		name: 'GMX',
		host: 'mail.gmx.net',
		port: 587,
		security: 'starttls',
		note: 'Allow POP3 and IMAP in the settings first',
	},
	{
		id: 'icloud',
		name: 'iCloud',
		host: 'smtp.mail.me.com',
		port: 587,
		security: 'starttls',
		note: APP_PASSWORD,
	},
	{ id: 'ionos', name: 'IONOS', host: 'smtp.ionos.com', port: 465, security: 'tls' },
	{ id: 'mailgun', name: 'Mailgun', host: 'smtp.mailgun.org', port: 587, security: 'starttls' },
	{
		id: 'mailgunEu',
		name: 'Mailgun (EU)',
		host: 'smtp.eu.mailgun.org',
		port: 587,
		security: 'starttls',
	},
	{
		id: 'mailjet',
		name: 'Mailjet',
		host: 'in-v3.mailjet.com',
		port: 587,
		security: 'starttls',
		note: 'User is the API key, password the secret key',
	},
	{
		id: 'microsoft365',
		name: 'Microsoft 365',
		host: 'smtp.office365.com',
		port: 587,
		security: 'starttls',
		note: 'Passwords are being switched off there; at most 3 connections',
	},
	{
		id: 'outlook',
		name: 'Outlook.com',
		host: 'smtp-mail.outlook.com',
		port: 587,
		security: 'starttls',
		note: 'Passwords are switched off for most accounts',
	},
	{
		id: 'postmark',
		name: 'Postmark',
		host: 'smtp.postmarkapp.com',
		port: 587,
		security: 'starttls',
		note: 'User and password are both the server token',
	},
	{
		id: 'resend',
		name: 'Resend',
		host: 'smtp.resend.com',
		port: 465,
		security: 'tls',
		note: 'The user is "resend", the password an API key',
	},
	{
		id: 'sendgrid',
		name: 'SendGrid',
		host: 'smtp.sendgrid.net',
		port: 587,
		security: 'starttls',
		note: 'The user is "apikey", the password an API key',
	},
	{
		id: 'yahoo',
		name: 'Yahoo',
		host: 'smtp.mail.yahoo.com',
		port: 465,
		security: 'tls',
		note: APP_PASSWORD,
	},
	{
		id: 'zoho',
		name: 'Zoho Mail',
		host: 'smtp.zoho.com',
		port: 465,
		security: 'tls',
		note: APP_PASSWORD,
	},
];
