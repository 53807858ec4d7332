import type { INodeExecutionData } from 'n8n-workflow';

import { itemText } from '../../shared/item-text';
import { describeEntry } from '../entry-item';
import { addressReader, emailProperty, listProperty } from '../fields';
import type { Operation } from './operation';

/** Splits the items: those whose address must not be mailed, and the others, as they came. */
export const check: Operation = {
	choice: {
		name: 'Check',
		value: 'check',
		description: 'Split items by whether their address may be mailed',
		action: 'Check addresses',
	},
	properties: [
		emailProperty,
		{
			...listProperty,
			description:
				'The list that is to be mailed: who is suppressed for it counts, beside those who get no mail at all. Leave empty to ask for those alone.',
		},
	],
	async execute(context, suppressions) {
		const items = context.getInputData();
		const addressOf = addressReader(context);
		const listOf = itemText(context, 'list');
		const read = items.map((_, index) => ({
			address: addressOf(index),
			list: listOf(index).trim(),
		}));
		const found = new Map<string, Awaited<ReturnType<typeof suppressions.check>>>();
		for (const list of new Set(read.map((each) => each.list))) {
			const keys = read.flatMap((each) =>
				each.list === list && each.address.ok ? [each.address.key] : [],
			);
			found.set(list, await suppressions.check(keys, { list }));
		}
		const suppressed: INodeExecutionData[] = [];
		const free: INodeExecutionData[] = [];
		for (const [index, item] of items.entries()) {
			const paired = { ...item, pairedItem: { item: index } };
			const { address, list } = read[index] ?? {};
			// What is no address can be mailed as little as one that is suppressed.
			const suppression = !address?.ok
				? { email: address?.given ?? '', reason: 'invalidAddress', note: address?.problem ?? '' }
				: found.get(list ?? '')?.get(address.key);
			if (!suppression) free.push(paired);
			else
				suppressed.push({
					...paired,
					json: {
						...item.json,
						suppression: 'key' in suppression ? describeEntry(suppression) : suppression,
					},
				});
		}
		return [suppressed, free];
	},
};
