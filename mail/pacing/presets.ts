import { DAY, HOUR, MINUTE, SECOND } from './plan';
import type { PacePlan } from './plan';

/** The pace of a well-known service, as a plan to choose. */
export interface PacePreset {
	id: string;
	name: string;
	/** What it is made of, for the user: one short sentence without a full stop at its end. */
	note: string;
	plan: PacePlan;
	/** Mail services (ids of SMTP and OAuth2 presets) whose accounts have it without being asked. */
	services?: readonly string[];
}

/*
 * Submission quotas, from the services' own pages: learn.microsoft.com "Exchange Online limits" and
 * "Sending limits", support.google.com/a/answer/166852 and /mail/answer/22839, docs.aws.amazon.com/ses
 * "quotas". A quota of recipients is a quota of mails here: each mail has one recipient.
 */
export const PACE_PRESETS: readonly PacePreset[] = [
	{
		id: 'sesSandbox',
		name: 'Amazon SES, Sandbox',
		note: '1 mail a second, 200 a day',
		plan: {
			limits: [
				{ count: 1, perMs: SECOND },
				{ count: 200, perMs: DAY },
			],
			providers: [],
		},
	},
	{
		id: 'ses',
		name: 'Amazon SES, First Quota',
		note: '14 mails a second, 50,000 a day',
		plan: {
			limits: [
				{ count: 14, perMs: SECOND },
				{ count: 50_000, perMs: DAY },
			],
			providers: [],
		},
	},
	{
		id: 'gmail',
		name: 'Gmail',
		note: '500 mails a day, 3 connections',
		services: ['gmail', 'google'],
		plan: {
			limits: [{ count: 500, perMs: DAY }],
			connections: 3,
			messagesPerConnection: 100,
			providers: [],
		},
	},
	{
		id: 'workspace',
		name: 'Google Workspace',
		note: '2,000 mails a day, 3 connections',
		plan: {
			limits: [{ count: 2_000, perMs: DAY }],
			connections: 3,
			messagesPerConnection: 100,
			providers: [],
		},
	},
	{
		id: 'microsoft365',
		name: 'Microsoft 365',
		note: '30 mails a minute, 10,000 a day, 3 connections',
		services: ['microsoft365', 'microsoft'],
		plan: {
			limits: [
				{ count: 30, perMs: MINUTE },
				{ count: 10_000, perMs: DAY },
			],
			connections: 3,
			providers: [],
		},
	},
	{
		id: 'hoster',
		name: 'Web Hoster, Careful',
		note: '2 mails a second, 200 an hour, 2 connections',
		plan: {
			limits: [
				{ count: 2, perMs: SECOND },
				{ count: 200, perMs: HOUR },
			],
			connections: 2,
			messagesPerConnection: 50,
			providers: [],
		},
	},
	{
		id: 'ownServer',
		name: 'Own Mail Server, by Provider',
		note: 'Connections and messages a connection by provider, as large senders keep them',
		// What KumoMTA publishes as its traffic shaping: connections to one provider at once.
		plan: {
			limits: [],
			connections: 10,
			messagesPerConnection: 100,
			providers: [
				{ provider: 'google', limits: [], connections: 5 },
				{ provider: 'microsoft', limits: [], connections: 5 },
				{ provider: 'apple', limits: [], connections: 5 },
				{ provider: 'yahoo', limits: [], connections: 10 },
				{ provider: 'other', limits: [], connections: 10 },
			],
		},
	},
];

/** A new sender's or a new address's first days: twice as many every second day or so. */
export const WARM_UP: readonly number[] = [
	50, 100, 200, 400, 700, 1_000, 1_500, 2_500, 4_000, 6_000, 10_000, 15_000, 25_000, 40_000, 60_000,
	100_000,
];
