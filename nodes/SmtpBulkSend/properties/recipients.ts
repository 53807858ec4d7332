import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { asText } from '../../shared/as-text';

export const recipientProperties: INodeProperties[] = [
	{
		displayName: 'Recipient Email Field',
		name: 'emailField',
		type: 'string',
		default: 'email',
		required: true,
		requiresDataPath: 'single',
		placeholder: 'e.g. email',
		description:
			'The field of each item that holds the address. Drag it here from the input, or type its name.',
	},
	{
		displayName: 'Recipient Name Field',
		name: 'nameField',
		type: 'string',
		default: 'name',
		requiresDataPath: 'single',
		placeholder: 'e.g. name',
		description:
			'The field that holds the name shown beside the address. Items without it get none.',
	},
];

/** One recipient as the items give it: text not yet parsed. */
export interface RecipientInput {
	index: number;
	address: string;
	name?: string;
	data: unknown;
}

/** Every input item as a recipient, read when the run asks for it. */
export function* readRecipients(context: IExecuteFunctions): Generator<RecipientInput> {
	const readAddress = fieldReader(context, 'emailField');
	const readName = fieldReader(context, 'nameField');
	for (const [index, item] of context.getInputData().entries()) {
		const name = readName(index).trim();
		yield {
			index,
			address: readAddress(index).trim(),
			...(name ? { name } : {}),
			data: item.json,
		};
	}
}

/**
 * Reads one text from each item. A field's name is read once a run: an expression costs a third of a
 * millisecond an item. Where a person made it an expression all the same, it gives the text itself.
 */
function fieldReader(context: IExecuteFunctions, parameter: string): (index: number) => string {
	const items = context.getInputData();
	const raw = context.getNode().parameters[parameter];
	if (typeof raw === 'string' && raw.startsWith('='))
		return (index) => asText(context.getNodeParameter(parameter, index, ''));
	const path = asText(context.getNodeParameter(parameter, 0, '')).trim();
	if (path === '') return () => '';
	const keys = path.split('.');
	return (index) => {
		const json = items[index]?.json ?? {};
		return asText(Object.hasOwn(json, path) ? json[path] : valueAt(json, keys));
	};
}

function valueAt(value: unknown, keys: readonly string[]): unknown {
	let at = value;
	for (const key of keys) {
		if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
		at = (at as Record<string, unknown>)[key];
	}
	return at;
}
