import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { withUnsubscribeLine } from '../../mail/index';
import type { TrackingWishes } from '../../mail/index';
import { readMailbox } from './address-fields';
import { asText } from './as-text';

const DEFAULT_WORDS = 'Unsubscribe';

/** What a sending node asks of the Email Tracking Trigger; nothing unless it is added. */
export const trackingProperty: INodeProperties = {
	displayName: 'Tracking and Unsubscribe',
	name: 'tracking',
	type: 'collection',
	placeholder: 'Add field',
	default: {},
	description:
		'Links that the Email Tracking Trigger answers: publish a workflow that begins with one before you send',
	options: [
		{
			displayName: 'Count Without Knowing Who',
			name: 'anonymous',
			type: 'boolean',
			default: true,
			description:
				'Whether opens and clicks are counted for the campaign only, and nothing is recorded of any recipient',
		},
		{
			displayName: 'Track Clicks',
			name: 'clicks',
			type: 'boolean',
			default: true,
			description:
				'Whether the links of the mail lead through the trigger, which counts who follows them. A link with the attribute data-no-track is left as it is.',
		},
		{
			displayName: 'Track Opens',
			name: 'opens',
			type: 'boolean',
			default: true,
			description:
				'Whether the HTML gets an invisible picture that is loaded when the mail is shown. Many mail programs load none, so opens are "at least".',
		},
		{
			displayName: 'Unsubscribe by Mail Too',
			name: 'mailto',
			type: 'string',
			default: '',
			placeholder: 'e.g. unsubscribe@example.com',
			description:
				'An address that mail programs may write to instead of the link. A person has to read it.',
		},
		{
			displayName: 'Unsubscribe Link',
			name: 'unsubscribe',
			type: 'options',
			default: 'line',
			options: [
				{
					name: 'In the Header, and a Line at the End',
					value: 'line',
					description:
						'Mail programs show their own button. The line is left out where the mail has {{unsubscribeUrl}}.',
				},
				{
					name: 'In the Header Only',
					value: 'header',
					description: 'And wherever you write {{unsubscribeUrl}} in HTML or text',
				},
				{ name: 'None', value: 'none' },
			],
			description:
				'The way out of your list that Gmail, Yahoo and most laws ask for, with one-click unsubscribe (RFC 8058)',
		},
		{
			displayName: 'Unsubscribe Scope',
			name: 'scope',
			type: 'options',
			default: 'list',
			options: [
				{
					name: 'Everything',
					value: 'everything',
					description: 'Who unsubscribes gets no mail of any campaign any more',
				},
				{
					name: 'This List',
					value: 'list',
					description: 'The one that is named in Mailing List; everything if none is named',
				},
			],
			description: 'What somebody leaves who unsubscribes',
		},
		{
			displayName: 'Unsubscribe Text',
			name: 'words',
			type: 'string',
			default: DEFAULT_WORDS,
			description: 'What the line at the end of the mail says',
		},
	],
};

export interface TrackingFields {
	/** Left out when nothing is asked for. */
	wishes?: TrackingWishes;
	/** The words of the line at the end, if one is wanted. */
	line?: string;
}

/**
 * @param list the mailing list that is mailed; `''` when none is named
 * @throws Error that names the field and what is wrong with it
 */
export function readTracking(
	context: IExecuteFunctions,
	list: string,
	itemIndex = 0,
): TrackingFields {
	const fields = context.getNodeParameter('tracking', itemIndex, {}) as Record<string, unknown>;
	const { unsubscribe: way } = fields;
	const unsubscribe =
		way === 'line' || way === 'header'
			? readUnsubscribe(context, fields, list, itemIndex)
			: undefined;
	if (!unsubscribe && asText(fields.mailto).trim() !== '')
		throw new Error('Unsubscribe by Mail Too goes with Unsubscribe Link. Add that field, too.');
	const opens = fields.opens === true;
	const clicks = fields.clicks === true;
	if (!opens && !clicks && !unsubscribe) return {};
	return {
		wishes: {
			opens,
			clicks,
			anonymous: fields.anonymous === true,
			...(unsubscribe ? { unsubscribe } : {}),
		},
		...(way === 'line' ? { line: asText(fields.words).trim() || DEFAULT_WORDS } : {}),
	};
}

function readUnsubscribe(
	context: IExecuteFunctions,
	{ scope, mailto }: Record<string, unknown>,
	list: string,
	itemIndex: number,
): TrackingWishes['unsubscribe'] {
	const own = context.getNodeParameter('options.listUnsubscribe.link', itemIndex, {}) as {
		url?: unknown;
		mailto?: unknown;
	};
	if (asText(own.url).trim() !== '' || asText(own.mailto).trim() !== '')
		throw new Error(
			'List-Unsubscribe under Options and Unsubscribe Link write the same header. Remove one of them.',
		);
	const address = asText(mailto).trim();
	return {
		list: scope === 'everything' ? '' : list,
		...(address === '' ? {} : { mailto: readMailbox('Unsubscribe by Mail Too', address).address }),
	};
}

/** The parts as they are compiled: with the line at their end where it is wanted. */
export function withFooter(
	{ html, text }: { html: string | undefined; text: string | undefined },
	{ line }: TrackingFields,
): { html?: string; text?: string } {
	const parts = {
		...(html === undefined ? {} : { html }),
		...(text === undefined ? {} : { text }),
	};
	return line === undefined ? parts : withUnsubscribeLine(parts, line);
}
