import { describeEntry } from '../entry-item';
import { filterProperties, readFilters } from '../fields';
import { pagesOf } from '../pages';
import type { Operation } from './operation';

/** Entries as items, newest first. */
export const getMany: Operation = {
	choice: {
		name: 'Get Many',
		value: 'getMany',
		description: 'List the entries, newest first, by list and by reason',
		action: 'Get many addresses',
	},
	properties: [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			default: false,
			description: 'Whether to return all results or only up to a given limit',
		},
		{
			displayName: 'Limit',
			name: 'limit',
			type: 'number',
			default: 50,
			typeOptions: { minValue: 1 },
			description: 'Max number of results to return',
			displayOptions: { show: { returnAll: [false] } },
		},
		...filterProperties,
	],
	async execute(context, suppressions) {
		const items = [];
		for (const item of context.getInputData().keys()) {
			const limit = context.getNodeParameter('returnAll', item, false)
				? Infinity
				: context.getNodeParameter('limit', item, 50);
			for await (const page of pagesOf(suppressions, { ...readFilters(context, item), limit }))
				for (const entry of page) items.push({ json: describeEntry(entry), pairedItem: { item } });
		}
		return [items];
	},
};
