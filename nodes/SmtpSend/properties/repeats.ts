import type { INodeProperties } from 'n8n-workflow';

import { asText } from '../../shared/as-text';

const HOUR_MS = 3_600_000;

/** Receipts are kept for thirty days; a key cannot count for longer than its receipt is there. */
const MAX_HOURS = 29 * 24;

/** Pauses before further tries, in ms: three of them are within a minute. */
const PAUSES_MS = [1_000, 5_000, 20_000];

/** Shown under Options where a mail is sent: what makes it leave once, and what becomes of half a success. */
export const repeatOptions: INodeProperties[] = [
	{
		displayName: 'Idempotency Key',
		name: 'idempotency',
		type: 'fixedCollection',
		placeholder: 'Give the key',
		default: {},
		description:
			'A mail with the same key is not sent again by this node, in whatever execution: its first receipt comes out once more',
		options: [
			{
				displayName: 'Key',
				name: 'key',
				values: [
					{
						displayName: 'Key',
						name: 'value',
						type: 'string',
						default: '',
						placeholder: 'e.g. order-1815',
						description: 'The same for the same mail, and another for each other mail',
					},
					{
						displayName: 'Counts For (Hours)',
						name: 'hours',
						type: 'number',
						typeOptions: { minValue: 1, maxValue: MAX_HOURS },
						default: 24,
						description: 'How long the key stands for this mail. At most 29 days.',
					},
				],
			},
		],
	},
	{
		displayName: 'If Nobody Knows Whether It Was Sent',
		name: 'unknown',
		type: 'options',
		default: 'keep',
		description:
			'What to do with a mail whose earlier try broke off before the server answered, when it is tried again',
		options: [
			{ name: 'Do Not Send Again', value: 'keep', description: 'The mail may be missing' },
			{ name: 'Send Again', value: 'resend', description: 'The mail may arrive twice' },
		],
	},
	{
		displayName: 'If Some Recipients Are Refused',
		name: 'partlyRefused',
		type: 'options',
		default: 'output',
		description: 'What to do when the server took the mail, but not for every recipient',
		options: [
			{
				name: 'Fail the Item',
				value: 'fail',
				description: 'The others have the mail all the same, and are not mailed again by a retry',
			},
			{
				name: 'Put It Out',
				value: 'output',
				description: 'With the outcome partlySent, and the refused recipients with their replies',
			},
		],
	},
	{
		displayName: 'Retries',
		name: 'retries',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: PAUSES_MS.length },
		default: 3,
		description:
			'How often a mail is tried again that the server cannot take at the moment, within a minute',
	},
];

export interface RepeatChoices {
	idempotency?: { key: string; countsForMs: number };
	resendUnknown: boolean;
	failPartly: boolean;
	pausesMs: readonly number[];
}

/** @throws Error that names the field and what is wrong with it */
export function readRepeats(options: Readonly<Record<string, unknown>>): RepeatChoices {
	const idempotency = readIdempotency(options.idempotency);
	const retries = Number(options.retries ?? PAUSES_MS.length);
	if (!Number.isInteger(retries) || retries < 0 || retries > PAUSES_MS.length)
		throw new Error(`Retries: give a whole number from 0 to ${PAUSES_MS.length}.`);
	return {
		...(idempotency ? { idempotency } : {}),
		resendUnknown: options.unknown === 'resend',
		failPartly: options.partlyRefused === 'fail',
		pausesMs: PAUSES_MS.slice(0, retries),
	};
}

/** An expression that came out empty must not send unprotected: that is an error. */
function readIdempotency(value: unknown): RepeatChoices['idempotency'] {
	const given = (value as { key?: Record<string, unknown> } | undefined)?.key;
	if (!given) return undefined;
	const key = asText(given.value).trim();
	if (key === '')
		throw new Error('Idempotency Key: the key is empty. Fill it in, or remove the option.');
	const hours = Number(given.hours ?? 24);
	if (!(hours >= 1 && hours <= MAX_HOURS))
		throw new Error(`Idempotency Key: Counts For is from 1 to ${MAX_HOURS} hours.`);
	return { key, countsForMs: Math.round(hours * HOUR_MS) };
}
