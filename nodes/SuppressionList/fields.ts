import type { IExecuteFunctions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { parseMailbox, recipientKey } from '../../mail/index';
import type { SuppressionReason } from '../../mail/index';
import { asText } from '../shared/as-text';
import { itemText } from '../shared/item-text';

export const emailProperty: INodeProperties = {
	displayName: 'Email',
	name: 'email',
	type: 'string',
	default: '={{ $json.email }}',
	required: true,
	placeholder: 'e.g. ada@example.com',
	description: 'The address of each item. Drag the field here that holds it, or type an address.',
};

export const listProperty: INodeProperties = {
	displayName: 'List',
	name: 'list',
	type: 'string',
	default: '',
	placeholder: 'e.g. newsletter',
	description:
		'Leave empty for everything: the address gets no mail at all. With the name of a list it gets none of that list, and those of others as before.',
};

/** Each reason with the words for it, by name. */
export const REASONS: readonly (INodePropertyOptions & { value: SuppressionReason })[] = [
	{ name: 'Added by Hand', value: 'manual' },
	{ name: 'Complained', value: 'complained', description: 'Somebody pressed the spam button' },
	{
		name: 'Hard Bounce',
		value: 'hardBounce',
		description: 'The address does not exist or takes no mail',
	},
	{
		name: 'Soft Bounces',
		value: 'softBounces',
		description: 'Mail came back again and again, as from a full mailbox',
	},
	{ name: 'Unsubscribed', value: 'unsubscribed' },
];

export function asReason(value: unknown): SuppressionReason | undefined {
	return REASONS.find((reason) => reason.value === value)?.value;
}

/** Which entries are wanted; both filters may be open. */
export const filterProperties: INodeProperties[] = [
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		options: [
			{
				...listProperty,
				description: 'Only entries of this list. Leave empty for those that hold for everything.',
			},
			{
				displayName: 'Reason',
				name: 'reason',
				type: 'options',
				default: 'hardBounce',
				options: [...REASONS],
				description: 'Only entries for this reason',
			},
		],
	},
];

export function readFilters(
	context: IExecuteFunctions,
	itemIndex: number,
): { list?: string; reason?: SuppressionReason } {
	const filters = context.getNodeParameter('filters', itemIndex, {}) as Record<string, unknown>;
	const reason = asReason(filters.reason);
	return {
		...(filters.list === undefined ? {} : { list: asText(filters.list).trim() }),
		...(reason ? { reason } : {}),
	};
}

/** An address as the list knows it, or the sentence that says why it is none. */
export type ReadAddress =
	{ ok: true; address: string; key: string } | { ok: false; given: string; problem: string };

/** Reads the Email field of each item. */
export function addressReader(context: IExecuteFunctions): (index: number) => ReadAddress {
	const read = itemText(context, 'email');
	return (index) => readAddress(read(index));
}

export function readAddress(given: string): ReadAddress {
	const parsed = parseMailbox(given);
	if (!parsed.ok) return { ok: false, given, problem: parsed.problem };
	const { address } = parsed.mailbox;
	return { ok: true, address, key: recipientKey(address) };
}
