import { limitProperties, readLimit } from '../../shared/limit-fields';
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
	properties: [...limitProperties, ...filterProperties],
	async execute(context, suppressions) {
		const items = [];
		for (const item of context.getInputData().keys()) {
			const limit = readLimit(context, item);
			for await (const page of pagesOf(suppressions, { ...readFilters(context, item), limit }))
				for (const entry of page) items.push({ json: describeEntry(entry), pairedItem: { item } });
		}
		return [items];
	},
};
