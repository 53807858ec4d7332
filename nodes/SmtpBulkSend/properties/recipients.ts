import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { loadFile, readLanguage } from '../../../mail/index';
import type { CampaignRecipient, CustomHeader } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { readItemFiles } from '../../shared/attachment-fields';

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

/** Shown under Options. */
export const recipientOptions: INodeProperties[] = [
	{
		displayName: 'Recipient Attachments',
		name: 'recipientAttachments',
		type: 'string',
		default: '',
		placeholder: 'e.g. invoice',
		description:
			"The binary field(s) of each item with the files that only this recipient's mail carries, separated by commas. A file that is missing leaves the recipient out.",
	},
	{
		displayName: 'Recipient Headers Field',
		name: 'headersField',
		type: 'string',
		default: 'headers',
		requiresDataPath: 'single',
		placeholder: 'e.g. headers',
		description:
			'The field of each item that holds further headers of this mail as an object, such as {"X-Customer-ID": "42"}',
	},
	{
		displayName: 'Recipient Language Field',
		name: 'languageField',
		type: 'string',
		default: 'language',
		requiresDataPath: 'single',
		placeholder: 'e.g. language',
		description:
			'The field of each item that holds the language of this mail as a code, such as de or pt-BR. Mail programs, screen readers and translators are told it (Content-Language). Text that is no such code is not told.',
	},
];

/** Every input item as a recipient, read when the run asks for it. */
export async function* readRecipients(
	context: IExecuteFunctions,
): AsyncGenerator<CampaignRecipient, void> {
	const readAddress = fieldReader(context, 'emailField');
	const readName = fieldReader(context, 'nameField');
	const headersPath = asText(context.getNodeParameter('options.headersField', 0, '')).trim();
	const languagePath = asText(context.getNodeParameter('options.languageField', 0, '')).trim();
	const files = asText(context.getNodeParameter('options.recipientAttachments', 0, '')).trim();
	for (const [index, item] of context.getInputData().entries()) {
		const name = readName(index).trim();
		const headers = headersPath === '' ? [] : headersIn(valueAt(item.json, headersPath.split('.')));
		const language =
			languagePath === ''
				? undefined
				: readLanguage(asText(valueAt(item.json, languagePath.split('.'))));
		const recipient = {
			index,
			address: readAddress(index).trim(),
			...(name ? { name } : {}),
			...(language ? { language } : {}),
			data: item.json,
			...(headers.length ? { headers } : {}),
		};
		if (files === '') yield recipient;
		else yield await withFiles(context, recipient, files);
	}
}

/** A mail without its file is worse than none: what is missing fails this recipient, and no other. */
async function withFiles(
	context: IExecuteFunctions,
	recipient: CampaignRecipient,
	names: string,
): Promise<CampaignRecipient> {
	try {
		const { attachments } = await readItemFiles(context, recipient.index, names);
		return { ...recipient, attachments: await Promise.all(attachments.map(loadFile)) };
	} catch (error) {
		return { ...recipient, problem: (error as Error).message };
	}
}

function headersIn(value: unknown): CustomHeader[] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
	return Object.entries(value).map(([name, text]) => ({ name, value: asText(text) }));
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
