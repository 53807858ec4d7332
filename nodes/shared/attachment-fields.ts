import type { IBinaryData, IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { Attachment, FileSource } from '../../mail/index';
import { asText } from './as-text';
import { matchesPattern } from './name-pattern';

export const attachmentsProperty: INodeProperties = {
	displayName: 'Attachments',
	name: 'attachments',
	type: 'string',
	default: '',
	placeholder: 'e.g. data, invoice*, *.pdf',
	hint: 'The name of the input binary field(s) with the files to attach, separated by commas',
	description:
		'A * stands for any letters, in the name of the field or of the file: * attaches all files of the item. A picture that the HTML shows by its name, as in &lt;img src="logo.png"&gt;, needs no entry here: it is put into the mail by itself.',
};

/** Shown under Options. */
export const sizeLimitOption: INodeProperties = {
	displayName: 'Size Limit (MB)',
	name: 'sizeLimit',
	type: 'number',
	default: 25,
	typeOptions: { minValue: 0.1, numberPrecision: 1 },
	description:
		'A mail larger than this with all its attachments is not sent. Files grow by a third on their way into a mail. What the server itself allows is asked before sending, too.',
};

/** Larger mails no server takes, and one item should not fill the memory of n8n. */
const DEFAULT_LIMIT_MB = 100;

/** @returns the largest size in octets */
export function readSizeLimit(options: Readonly<Record<string, unknown>>): number {
	const megabytes = Number(options.sizeLimit ?? DEFAULT_LIMIT_MB);
	if (!(megabytes > 0)) throw new Error('Size Limit is no number above 0.');
	return Math.round(megabytes * 1_000_000);
}

export interface ItemFiles {
	/** Those that the user named. */
	attachments: Attachment[];
	/** The item's other pictures: they go along when the HTML shows them. */
	pictures: Attachment[];
}

/**
 * The files of an item, none of them read yet.
 *
 * @throws Error for a file that is named and missing: a mail without its attachment is worse than none
 */
export async function readItemFiles(
	context: IExecuteFunctions,
	itemIndex: number,
	wanted: unknown,
): Promise<ItemFiles> {
	const binary = Object.entries(context.getInputData()[itemIndex]?.binary ?? {});
	const named = new Set<string>();
	for (const name of namesIn(wanted))
		for (const found of fieldsNamed(name, binary)) named.add(found);
	const files: ItemFiles = { attachments: [], pictures: [] };
	for (const [name, file] of binary) {
		if (named.has(name)) files.attachments.push(await toAttachment(context, itemIndex, name, file));
		else if (file.mimeType.startsWith('image/'))
			files.pictures.push(await toAttachment(context, itemIndex, name, file));
	}
	return files;
}

function namesIn(wanted: unknown): string[] {
	if (Array.isArray(wanted)) return wanted.flatMap(namesIn);
	return asText(wanted)
		.split(',')
		.map((name) => name.trim())
		.filter(Boolean);
}

function fieldsNamed(name: string, binary: readonly [string, IBinaryData][]): string[] {
	if (binary.some(([field]) => field === name)) return [name];
	if (name === '*') return binary.map(([field]) => field);
	if (name.includes('*')) {
		const found = binary.filter(
			([field, { fileName }]) =>
				matchesPattern(field, name) || matchesPattern(fileName ?? '', name),
		);
		if (found.length > 0) return found.map(([field]) => field);
	}
	const there = binary.length
		? `The binary fields of this item are: ${binary.map(([field]) => field).join(', ')}.`
		: 'This item has no binary fields.';
	throw new Error(`The attachment "${name}" is missing, so the mail was not sent. ${there}`);
}

async function toAttachment(
	context: IExecuteFunctions,
	itemIndex: number,
	name: string,
	file: IBinaryData,
): Promise<Attachment> {
	const { mimeType, fileName = name } = file;
	// A mail in a mail goes as it stands, which takes a look at all of it.
	const read = mimeType.startsWith('message/')
		? context.helpers.getBinaryDataBuffer(itemIndex, name)
		: sourceOf(context, file);
	const content = await read.catch((error: unknown): never => {
		throw new NodeOperationError(
			context.getNode(),
			`The attachment "${name}" cannot be read, so the mail was not sent.`,
			{ itemIndex, description: (error as Error).message },
		);
	});
	return { fileName, contentType: mimeType, content, name };
}

const CHUNK = 256 * 1024;

/** n8n keeps files in its binary store, by ID, or as base64 in the item itself. */
async function sourceOf(context: IExecuteFunctions, file: IBinaryData): Promise<FileSource> {
	const { id, data } = file;
	if (id === undefined) return fromBase64(data);
	const size = file.bytes ?? (await context.helpers.getBinaryMetadata(id)).fileSize;
	return {
		size,
		open: async () =>
			(await context.helpers.getBinaryStream(id, CHUNK)) as AsyncIterable<Uint8Array>,
	};
}

function fromBase64(data: string): FileSource {
	const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
	return {
		size: Math.floor((data.length * 3) / 4) - padding,
		// eslint-disable-next-line @typescript-eslint/require-await -- what stores give is asynchronous
		async open() {
			return pieces(data);
		},
	};
}

// eslint-disable-next-line @typescript-eslint/require-await -- what stores give is asynchronous
async function* pieces(data: string): AsyncGenerator<Uint8Array> {
	// CHUNK is a multiple of four: no group of characters is split.
	for (let from = 0; from < data.length; from += CHUNK)
		yield Buffer.from(data.slice(from, from + CHUNK), 'base64');
}
