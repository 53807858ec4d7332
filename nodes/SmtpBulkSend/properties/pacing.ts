import type { IDataObject, IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import {
	checkTimeZone,
	DAY,
	HOUR,
	MINUTE,
	NO_PLAN,
	PACE_PRESETS,
	PROVIDERS,
	SECOND,
	WARM_UP,
} from '../../../mail/index';
import type { PacePlan, ProviderRule, QuietHours } from '../../../mail/index';
import { asText } from '../../shared/as-text';

const UNITS: ReadonlyMap<string, number> = new Map([
	['second', SECOND],
	['minute', MINUTE],
	['hour', HOUR],
	['day', DAY],
]);

const countField: INodeProperties = {
	displayName: 'Mails',
	name: 'count',
	type: 'number',
	default: 100,
	typeOptions: { minValue: 1 },
	description: 'How many mails at most',
};

const unitField: INodeProperties = {
	displayName: 'Per',
	name: 'per',
	type: 'options',
	default: 'minute',
	options: [
		{ name: 'Second', value: 'second' },
		{ name: 'Minute', value: 'minute' },
		{ name: 'Hour', value: 'hour' },
		{ name: 'Day', value: 'day' },
	],
};

const PROVIDER_NAMES = [...PROVIDERS.map(({ id }) => id), 'other'];

const providerField: INodeProperties = {
	displayName: 'Provider or Domain',
	name: 'provider',
	type: 'string',
	default: '',
	placeholder: 'e.g. google, or example.org',
	description: `One of ${PROVIDERS.map(({ id }) => id).join(', ')}, with all domains whose mail it takes; or a domain, which then counts apart from its provider's others; or other, for each of all the rest by itself`,
};

/** How fast this campaign goes, for everybody to see. */
export const pacingProperties: INodeProperties[] = [
	{
		displayName: 'Pace',
		name: 'pace',
		type: 'options',
		default: 'account',
		description:
			'How fast to send. Limits count for the account, over all its campaigns, executions and workers, and are never exceeded. What servers answer slows a provider down on top of them.',
		options: [
			{
				name: 'As the Account Allows',
				value: 'account',
				description: 'With the sending limits of the credential, and no others',
			},
			...PACE_PRESETS.map(({ id, name, note }) => ({ name, value: id, description: note })),
			{
				name: 'Own Limits',
				value: 'own',
				description: 'Besides those of the credential',
			},
		],
	},
	{
		displayName: 'Limits',
		name: 'limits',
		type: 'fixedCollection',
		placeholder: 'Add Limit',
		default: { limit: [{ count: 100, per: 'minute' }] },
		typeOptions: { multipleValues: true },
		description: 'All of them hold at once, such as 10 a second and 2,000 a day',
		displayOptions: { show: { pace: ['own'] } },
		options: [{ displayName: 'Limit', name: 'limit', values: [countField, unitField] }],
	},
	{
		displayName: 'Limits by Provider',
		name: 'providerLimits',
		type: 'fixedCollection',
		placeholder: 'Add Provider',
		default: {},
		typeOptions: { multipleValues: true },
		description:
			'For the recipients of one provider, besides the limits above. Whom a domain belongs to is found by its mail servers.',
		displayOptions: { show: { pace: ['own'] } },
		options: [
			{
				displayName: 'Provider',
				name: 'rule',
				values: [
					providerField,
					{
						...countField,
						description: 'How many mails at most; 0 stands for no limit',
						default: 0,
						typeOptions: { minValue: 0 },
					},
					unitField,
					{
						displayName: 'Mails at Once',
						name: 'connections',
						type: 'number',
						default: 0,
						typeOptions: { minValue: 0 },
						description:
							'How many mails to it may be on their way at one time; 0 stands for no limit',
					},
				],
			},
		],
	},
];

/** Shown under Options. */
export const pacingOptions: INodeProperties[] = [
	{
		displayName: 'Longest Wait (Minutes)',
		name: 'longestWait',
		type: 'number',
		default: 60,
		typeOptions: { minValue: 0, maxValue: 10080 },
		description:
			'How long this run waits for limits, pauses and quiet hours. Whoever would wait longer leaves by Deferred with the time to try again.',
	},
	{
		displayName: 'Quiet Hours',
		name: 'quietHours',
		type: 'fixedCollection',
		default: { hours: { from: '22:00', to: '07:00' } },
		description: 'No mail of this campaign leaves between these times of day',
		options: [
			{
				displayName: 'Hours',
				name: 'hours',
				values: [
					{
						displayName: 'From',
						name: 'from',
						type: 'string',
						default: '22:00',
						placeholder: 'e.g. 22:00',
					},
					{
						displayName: 'To',
						name: 'to',
						type: 'string',
						default: '07:00',
						placeholder: 'e.g. 07:00',
						description: 'When mail goes out again; on the next day, where it is before From',
					},
					{
						displayName: 'Time Zone',
						name: 'timeZone',
						type: 'string',
						default: '',
						placeholder: 'e.g. Europe/Berlin',
						description: "Leave empty for the workflow's",
					},
				],
			},
		],
	},
	{
		displayName: 'Warm-Up (Mails a Day)',
		name: 'warmUp',
		type: 'string',
		default: WARM_UP.join(', '),
		placeholder: 'e.g. 50, 100, 200, 400',
		description:
			'For a new sender or address: how many mails the account may send on its first day, its second and so on; the last number holds from then on',
	},
];

/** @throws Error that names the field and what is wrong with it */
export function readPacing(context: IExecuteFunctions): { plan: PacePlan; longestWaitMs: number } {
	const minutes = Number(context.getNodeParameter('options.longestWait', 0, 60));
	const quietHours = readQuietHours(context);
	const warmUp = readWarmUp(context);
	return {
		plan: {
			...readPlan(context),
			...(quietHours ? { quietHours } : {}),
			...(warmUp ? { warmUp } : {}),
		},
		longestWaitMs: (minutes >= 0 ? minutes : 60) * MINUTE,
	};
}

function readPlan(context: IExecuteFunctions): PacePlan {
	const chosen = context.getNodeParameter('pace', 0, 'account');
	if (chosen === 'account') return NO_PLAN;
	if (chosen === 'own') {
		const limits = rows(context.getNodeParameter('limits', 0, {}), 'limit').map(readLimit);
		const providers = rows(context.getNodeParameter('providerLimits', 0, {}), 'rule').map(readRule);
		if (limits.length + providers.length === 0)
			throw new Error('Limits: there is none. Add one, or choose another Pace.');
		return { limits, providers };
	}
	const preset = PACE_PRESETS.find(({ id }) => id === chosen);
	if (!preset) throw new Error(`Pace: there is no "${asText(chosen)}". Choose one from the list.`);
	return preset.plan;
}

function rows(value: unknown, name: string): IDataObject[] {
	const list = (value as IDataObject | undefined)?.[name];
	return Array.isArray(list) ? (list as IDataObject[]) : [];
}

function readLimit({ count, per }: IDataObject): { count: number; perMs: number } {
	const mails = Math.floor(Number(count));
	if (!(mails >= 1)) throw new Error('Limits: a limit is a whole number of mails, 1 or more.');
	const perMs = UNITS.get(asText(per ?? 'minute'));
	if (perMs === undefined)
		throw new Error('Limits: a limit is per second, minute, hour or day. Choose one of them.');
	return { count: mails, perMs };
}

function readRule(row: IDataObject): ProviderRule {
	const provider = asText(row.provider).trim().toLowerCase();
	if (provider === '')
		throw new Error('Limits by Provider: name the provider or domain that the limit is for.');
	if (!provider.includes('.') && !PROVIDER_NAMES.includes(provider))
		throw new Error(
			`Limits by Provider: there is no provider "${provider}". Write one of ${PROVIDER_NAMES.join(', ')}; or a domain, such as example.org.`,
		);
	const [count, connections] = [row.count, row.connections].map(readCap);
	return {
		provider,
		limits: count ? [readLimit(row)] : [],
		...(connections ? { connections } : {}),
	};
}

/** 0 stands for no limit; what is no number must not stand for none as well. */
function readCap(value: unknown): number {
	const cap = Number(value ?? 0);
	if (cap !== 0 && !(cap >= 1))
		throw new Error(
			'Limits by Provider: Mails and Mails at Once are whole numbers, or 0 for no limit.',
		);
	return Math.floor(cap);
}

function readQuietHours(context: IExecuteFunctions): QuietHours | undefined {
	const { hours } = context.getNodeParameter('options.quietHours', 0, {}) as {
		hours?: IDataObject;
	};
	if (!hours) return undefined;
	const timeZone = asText(hours.timeZone).trim() || context.getTimezone();
	if (!isTimeZone(timeZone))
		throw new Error(
			`Quiet Hours: there is no time zone "${timeZone}". Write it as in Europe/Berlin.`,
		);
	const [from, to] = [readTime('From', hours.from), readTime('To', hours.to)];
	if (from === to)
		throw new Error(
			'Quiet Hours: From and To are the same time, so there would be none. Change one of them, or remove Quiet Hours.',
		);
	return { from, to, timeZone };
}

function isTimeZone(name: string): boolean {
	try {
		checkTimeZone(name);
		return true;
	} catch {
		return false;
	}
}

function readTime(field: string, value: unknown): number {
	const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(asText(value).trim()) ?? [];
	if (hour === undefined || Number(hour) > 23 || Number(minute) > 59)
		throw new Error(`Quiet Hours, ${field}: write the time as in 22:00.`);
	return Number(hour) * 60 + Number(minute);
}

function readWarmUp(context: IExecuteFunctions): number[] | undefined {
	const text = asText(context.getNodeParameter('options.warmUp', 0, '')).trim();
	if (text === '') return undefined;
	const days = text.split(/[\s,;]+/).map(Number);
	if (days.some((count) => !Number.isInteger(count) || count < 1))
		throw new Error(
			'Warm-Up: write the mails of each day as whole numbers, separated by commas, such as 50, 100, 200.',
		);
	return days;
}
