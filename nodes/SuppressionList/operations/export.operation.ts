import { Readable } from 'node:stream';

import { csvOf } from '../csv';
import { filterProperties, readFilters } from '../fields';
import { pagesOf } from '../pages';
import type { Operation } from './operation';

/** The entries as one CSV file; never more than a page of them in memory. */
export const exportFile: Operation = {
	choice: {
		name: 'Export',
		value: 'export',
		description: 'Write the entries into a CSV file, which Import can take in again',
		action: 'Export the list',
	},
	properties: [
		{
			displayName: 'Put Output File in Field',
			name: 'binaryProperty',
			type: 'string',
			default: 'data',
			required: true,
			hint: 'The name of the output binary field to put the file in',
		},
		...filterProperties,
	],
	async execute(context, suppressions) {
		const field = context.getNodeParameter('binaryProperty', 0, 'data');
		const fileName = 'suppression-list.csv';
		let entries = 0;
		const counted = async function* () {
			for await (const page of pagesOf(suppressions, {
				...readFilters(context, 0),
				limit: Infinity,
			})) {
				entries += page.length;
				yield page;
			}
		};
		const file = await context.helpers.prepareBinaryData(
			Readable.from(csvOf(counted()), { objectMode: false }),
			fileName,
			'text/csv',
		);
		const pairedItem = [...context.getInputData().keys()].map((item) => ({ item }));
		return [[{ json: { entries, fileName }, binary: { [field]: file }, pairedItem }]];
	},
};
