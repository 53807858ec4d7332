import { itemText } from '../../shared/item-text';
import { addressReader, emailProperty, listProperty } from '../fields';
import { inBatches } from '../in-batches';
import { settleItems } from '../settle-items';
import type { Operation } from './operation';

/** Takes the address of each item off the list, so that it is mailed again. */
export const remove: Operation = {
	choice: {
		name: 'Remove',
		value: 'remove',
		description: 'Take addresses off the list, so that they get mail again',
		action: 'Remove addresses',
	},
	properties: [
		emailProperty,
		{
			displayName: 'From Every List',
			name: 'everywhere',
			type: 'boolean',
			default: false,
			description:
				'Whether to remove the address from everything: the main list and each named one',
		},
		{
			...listProperty,
			description: 'Leave empty to remove the entry that holds for everything',
			displayOptions: { show: { everywhere: [false] } },
		},
	],
	async execute(context, suppressions) {
		const addressOf = addressReader(context);
		const listOf = itemText(context, 'list');
		const wantedOf = (index: number) => {
			const address = addressOf(index);
			if (!address.ok) return { error: address.problem };
			const everywhere = context.getNodeParameter('everywhere', index, false) === true;
			return { ...address, list: everywhere ? undefined : listOf(index).trim() };
		};
		return [
			await settleItems(context, wantedOf, async (wanted) => {
				const entries = await Promise.all(wanted.map(({ key }) => suppressions.find(key)));
				for (const [list, keys] of keysByList(wanted))
					for (const batch of inBatches(keys))
						await suppressions.remove(batch, list === undefined ? { everywhere: true } : { list });
				return wanted.map(({ address, list }, position) => ({
					email: address,
					removed: (entries[position] ?? []).filter(
						(entry) => list === undefined || entry.list === list,
					).length,
				}));
			}),
		];
	},
};

/** One transaction for many addresses of a list, instead of one for each. */
function keysByList(
	wanted: readonly { key: string; list: string | undefined }[],
): Map<string | undefined, string[]> {
	const byList = new Map<string | undefined, string[]>();
	for (const { list } of wanted) byList.set(list, []);
	for (const { key, list } of wanted) byList.get(list)?.push(key);
	return byList;
}
