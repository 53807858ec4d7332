import type { INodeProperties } from 'n8n-workflow';

import { importSuppressions } from '../../../mail/index';
import type { NewSuppression } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { itemText } from '../../shared/item-text';
import { fromCell } from '../csv';
import { asReason, emailProperty, listProperty, readAddress, REASONS } from '../fields';
import type { Operation } from './operation';

/** So many of the items that hold no address are named in the output. */
const NAMED = 100;

const reasonProperty: INodeProperties = {
	displayName: 'Reason',
	name: 'importReason',
	type: 'options',
	default: 'manual',
	options: [...REASONS],
	description: 'For items that name none themselves in a field "reason"',
};

/** Takes all items in at once, as Export wrote them or from any other list; one item with the count. */
export const importItems: Operation = {
	choice: {
		name: 'Import',
		value: 'import',
		description: 'Take in a whole list of addresses, such as from a spreadsheet or another service',
		action: 'Import addresses',
	},
	properties: [
		emailProperty,
		{
			...listProperty,
			name: 'importList',
			description:
				'For items that name none themselves in a field "list". Leave empty for everything.',
		},
		reasonProperty,
	],
	async execute(context, suppressions) {
		const items = context.getInputData();
		const emailOf = itemText(context, 'email');
		const list = asText(context.getNodeParameter('importList', 0, '')).trim();
		const reason = asReason(context.getNodeParameter('importReason', 0, 'manual')) ?? 'manual';
		const entries: NewSuppression[] = [];
		const problems: { item: number; email: string; problem: string }[] = [];
		let invalid = 0;
		for (const [index, { json }] of items.entries()) {
			const address = readAddress(fromCell(emailOf(index)));
			if (!address.ok) {
				invalid += 1;
				if (problems.length < NAMED)
					problems.push({
						item: index,
						email: address.given.slice(0, 300),
						problem: address.problem,
					});
				continue;
			}
			const until = Date.parse(asText(json.until));
			const note = fromCell(asText(json.note)).trim().slice(0, 500);
			const campaignId = fromCell(asText(json.campaignId)).trim();
			entries.push({
				key: address.key,
				address: address.address,
				list: fromCell(asText(json.list)).trim() || list,
				reason: asReason(json.reason) ?? reason,
				...(note ? { detail: note } : {}),
				...(campaignId ? { campaignId } : {}),
				...(Number.isNaN(until) ? {} : { expiresAt: until }),
			});
		}
		const added = await importSuppressions(suppressions, entries);
		return [
			[
				{
					json: { read: items.length, added, known: entries.length - added, invalid, problems },
					pairedItem: items.map((_, item) => ({ item })),
				},
			],
		];
	},
};
