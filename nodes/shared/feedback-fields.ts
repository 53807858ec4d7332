import type { INodeProperties } from 'n8n-workflow';

import type { SoftBounceRule } from '../../mail/index';

export const suppressProperty: INodeProperties = {
	displayName: 'Suppress Bad Addresses',
	name: 'suppress',
	type: 'boolean',
	default: true,
	description:
		'Whether addresses that hard bounce or complain go on the suppression list, so that SMTP Bulk Send does not mail them again. Only done for reports that provably answer a mail of yours.',
};

/** Shown under Options. */
export const softBounceOption: INodeProperties = {
	displayName: 'Soft Bounces',
	name: 'softBounces',
	type: 'fixedCollection',
	default: {},
	placeholder: 'Add rule',
	description:
		'When mails to an address that could not be delivered (such as into a full mailbox) suppress it for a while. Without this: at the third mail in 30 days, for 90 days.',
	options: [
		{
			displayName: 'Rule',
			name: 'rule',
			values: [
				{
					displayName: 'Suppress After (Mails)',
					name: 'mails',
					type: 'number',
					default: 3,
					typeOptions: { minValue: 0, maxValue: 100 },
					description: 'How many different mails must have bounced; 0 stands for never',
				},
				{
					displayName: 'Within (Days)',
					name: 'within',
					type: 'number',
					default: 30,
					typeOptions: { minValue: 1, maxValue: 365 },
				},
				{
					displayName: 'Suppress For (Days)',
					name: 'suppressFor',
					type: 'number',
					default: 90,
					typeOptions: { minValue: 1, maxValue: 3650 },
					description: 'After that the address is mailed again',
				},
			],
		},
	],
};

export interface FeedbackFields {
	suppress: boolean;
	softBounces?: SoftBounceRule;
}

const DAY_MS = 86_400_000;

/** @param read gives a parameter of the node, or the default */
export function readFeedbackFields(
	read: (name: string, otherwise: unknown) => unknown,
): FeedbackFields {
	const suppress = read('suppress', true) === true;
	const rule = read('options.softBounces.rule', {}) as Record<string, unknown>;
	const days = (value: unknown, otherwise: number) => atLeast(value, 1, otherwise) * DAY_MS;
	const limit = atLeast(rule.mails, 0, 3);
	if (limit === 0) return { suppress };
	return {
		suppress,
		softBounces: {
			limit,
			withinMs: days(rule.within, 30),
			suppressMs: days(rule.suppressFor, 90),
		},
	};
}

function atLeast(value: unknown, least: number, otherwise: number): number {
	const number = Math.floor(Number(value ?? otherwise));
	return number >= least ? number : otherwise;
}
