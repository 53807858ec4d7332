import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Attachment } from '../../../mail/index';
import { asText } from '../../shared/as-text';

export const attachmentProperties: INodeProperties[] = [
	{
		displayName: 'Attachments',
		name: 'attachments',
		type: 'string',
		default: '',
		placeholder: 'e.g. data, invoice',
		hint: 'The name of the input binary field(s) with the files to attach, separated by commas',
	},
];

/**
 * The named files of the item. A file that is named and missing fails the item: a mail without its
 * attachment is worse than none.
 */
export async function readAttachments(
	context: IExecuteFunctions,
	itemIndex: number,
): Promise<Attachment[]> {
	const names = asText(context.getNodeParameter('attachments', itemIndex, ''))
		.split(',')
		.map((name) => name.trim())
		.filter(Boolean);
	const binary = context.getInputData()[itemIndex]?.binary ?? {};
	const attachments: Attachment[] = [];
	for (const name of names) {
		const file = binary[name];
		if (!file) throw new Error(missingAttachment(name, Object.keys(binary)));
		attachments.push({
			fileName: file.fileName ?? name,
			contentType: file.mimeType,
			content: await context.helpers.getBinaryDataBuffer(itemIndex, name),
		});
	}
	return attachments;
}

function missingAttachment(name: string, present: string[]): string {
	const there = present.length
		? `The binary fields of this item are: ${present.join(', ')}.`
		: 'This item has no binary fields.';
	return `The attachment "${name}" is missing, so the mail was not sent. ${there}`;
}
