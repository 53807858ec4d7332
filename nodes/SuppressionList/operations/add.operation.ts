import type { INodeProperties } from 'n8n-workflow';

import { importSuppressions } from '../../../mail/index';
import type { NewSuppression } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { itemText } from '../../shared/item-text';
import { describeEntry } from '../entry-item';
import { addressReader, asReason, emailProperty, listProperty, REASONS } from '../fields';
import { settleItems } from '../settle-items';
import type { Operation } from './operation';

const DAY_MS = 86_400_000;

const reasonProperty: INodeProperties = {
	displayName: 'Reason',
	name: 'reason',
	type: 'options',
	default: 'manual',
	options: [...REASONS],
	description: 'Of two reasons for one address, the graver one stays',
};

const optionsProperty: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [
		{
			displayName: 'Expires After (Days)',
			name: 'expiresAfter',
			type: 'number',
			default: 90,
			typeOptions: { minValue: 0, maxValue: 36500 },
			description: 'After so many days the address is mailed again; 0 stands for never',
		},
		{
			displayName: 'Note',
			name: 'note',
			type: 'string',
			default: '',
			placeholder: 'e.g. asked by phone',
			description: 'Shown wherever the entry is, such as in the items that a campaign skips',
		},
	],
};

/** Puts the address of each item on the list; an item each, with the entry as it stands now. */
export const add: Operation = {
	choice: {
		name: 'Add',
		value: 'add',
		description: 'Put addresses on the list, so that they get no mail any more',
		action: 'Add addresses',
	},
	properties: [emailProperty, listProperty, reasonProperty, optionsProperty],
	async execute(context, suppressions) {
		const addressOf = addressReader(context);
		const listOf = itemText(context, 'list');
		const entryOf = (index: number): { error: string } | NewSuppression => {
			const address = addressOf(index);
			if (!address.ok) return { error: address.problem };
			const days = Number(context.getNodeParameter('options.expiresAfter', index, 0));
			const note = asText(context.getNodeParameter('options.note', index, '')).trim();
			return {
				key: address.key,
				address: address.address,
				list: listOf(index).trim(),
				reason: asReason(context.getNodeParameter('reason', index, 'manual')) ?? 'manual',
				...(note ? { detail: note.slice(0, 500) } : {}),
				...(days > 0 ? { expiresAt: Date.now() + days * DAY_MS } : {}),
			};
		};
		return [
			await settleItems(context, entryOf, async (entries) => {
				const isNew = new Set<NewSuppression>();
				for (const entry of entries) if (!(await onItsList(entry))) isNew.add(entry);
				await importSuppressions(suppressions, entries);
				return await Promise.all(
					entries.map(async (entry) => {
						const now = await onItsList(entry);
						return { ...(now ? describeEntry(now) : {}), added: isNew.has(entry) };
					}),
				);
			}),
		];

		async function onItsList({ key, list = '' }: NewSuppression) {
			return (await suppressions.find(key)).find((entry) => entry.list === list);
		}
	},
};
