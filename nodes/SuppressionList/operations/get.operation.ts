import { describeEntry } from '../entry-item';
import { addressReader, emailProperty } from '../fields';
import { settleItems } from '../settle-items';
import type { Operation } from './operation';

/** All that the list holds about the address of each item. */
export const get: Operation = {
	choice: {
		name: 'Get',
		value: 'get',
		description: 'Look up an address: whether, why and since when it is suppressed',
		action: 'Get an address',
	},
	properties: [emailProperty],
	async execute(context, suppressions) {
		const addressOf = addressReader(context);
		const wantedOf = (index: number) => {
			const address = addressOf(index);
			return address.ok ? address : { error: address.problem };
		};
		return [
			await settleItems(context, wantedOf, (wanted) =>
				Promise.all(
					wanted.map(async ({ address, key }) => {
						const entries = await suppressions.find(key);
						return {
							email: address,
							suppressed: entries.some(({ list }) => list === ''),
							lists: entries.flatMap(({ list }) => (list === '' ? [] : [list])),
							entries: entries.map(describeEntry),
						};
					}),
				),
			),
		];
	},
};
