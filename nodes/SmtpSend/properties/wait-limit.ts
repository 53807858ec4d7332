import type { INodeProperties } from 'n8n-workflow';
import { WAIT_INDEFINITELY } from 'n8n-workflow';

import { asText } from '../../shared/as-text';
import { readDate } from '../../shared/date-field';

/** Shown under Options, with the names that n8n's own nodes have. */
export const waitLimitOption: INodeProperties = {
	displayName: 'Limit Wait Time',
	name: 'limitWaitTime',
	type: 'fixedCollection',
	default: { values: { limitType: 'afterTimeInterval', resumeAmount: 45, resumeUnit: 'minutes' } },
	description:
		'How long to wait for the answer. After that the workflow goes on with the input of this node, without an answer.',
	options: [
		{
			displayName: 'Values',
			name: 'values',

			values: [
				{
					displayName: 'Limit Type',
					name: 'limitType',
					type: 'options',
					default: 'afterTimeInterval',
					options: [
						{ name: 'After Time Interval', value: 'afterTimeInterval' },
						{ name: 'At Specified Time', value: 'atSpecifiedTime' },
					],
				},
				{
					displayName: 'Amount',
					name: 'resumeAmount',
					type: 'number',
					typeOptions: { minValue: 0, numberPrecision: 2 },
					default: 1,
					displayOptions: { show: { limitType: ['afterTimeInterval'] } },
				},
				{
					displayName: 'Unit',
					name: 'resumeUnit',
					type: 'options',
					default: 'hours',
					options: [
						{ name: 'Days', value: 'days' },
						{ name: 'Hours', value: 'hours' },
						{ name: 'Minutes', value: 'minutes' },
					],
					displayOptions: { show: { limitType: ['afterTimeInterval'] } },
				},
				{
					displayName: 'Max Date and Time',
					name: 'maxDateAndTime',
					type: 'dateTime',
					default: '',
					displayOptions: { show: { limitType: ['atSpecifiedTime'] } },
				},
			],
		},
	],
};

const UNITS_MS: Readonly<Record<string, number>> = {
	minutes: 60_000,
	hours: 3_600_000,
	days: 86_400_000,
};

/**
 * Until when the answer is waited for.
 *
 * @param now in ms since the epoch
 * @throws Error that says what is wrong with the limit
 */
export function readWaitLimit(
	options: Readonly<Record<string, unknown>>,
	zone: string,
	now: number,
): Date {
	const given = (options.limitWaitTime as { values?: Record<string, unknown> } | undefined)?.values;
	if (!given) return WAIT_INDEFINITELY;
	if (given.limitType === 'atSpecifiedTime') {
		const until = readDate('Max Date and Time', given.maxDateAndTime, zone);
		if (!until) throw new Error('Limit Wait Time: the date and time are missing.');
		if (until.getTime() <= now)
			throw new Error('Limit Wait Time: this moment has passed, so nobody could answer.');
		return until;
	}
	const amount = Number(given.resumeAmount ?? 1);
	const unit = UNITS_MS[asText(given.resumeUnit) || 'hours'];
	if (!(amount > 0) || unit === undefined)
		throw new Error('Limit Wait Time: give an amount above 0, in minutes, hours or days.');
	const until = new Date(now + amount * unit);
	if (Number.isNaN(until.getTime())) throw new Error('Limit Wait Time: the amount is too large.');
	return until;
}
