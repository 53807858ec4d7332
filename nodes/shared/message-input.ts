import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { findSesNotification } from '../../mail/index';
import { asText } from './as-text';
import { rebuildMessage } from './rebuild-message';

export const messageProperties: INodeProperties[] = [
	{
		displayName: 'Message In',
		name: 'messageIn',
		type: 'options',
		noDataExpression: true,
		default: 'file',
		options: [
			{
				name: 'Amazon SES Notification',
				value: 'notification',
				description:
					'What AWS SNS Trigger or a Webhook node gives when Amazon SES tells of a bounce, a complaint or a delivery',
			},
			{
				name: 'Binary File',
				value: 'file',
				description: 'The whole mail as an .eml file',
			},
			{
				name: 'Item of a Mail Node',
				value: 'item',
				description:
					'What Email Trigger (IMAP) or Gmail gives: subject, text, headers and attachments in fields of their own',
			},
			{
				name: 'Text',
				value: 'text',
				description: 'The whole mail as text, with its headers; base64 is understood too',
			},
		],
		description: 'Where the mail stands that is to be read',
	},
	{
		displayName: 'Input Binary Field',
		name: 'binaryField',
		type: 'string',
		default: 'data',
		required: true,
		hint: 'The name of the input binary field containing the file',
		displayOptions: { show: { messageIn: ['file'] } },
	},
	{
		displayName: 'Raw Message',
		name: 'text',
		type: 'string',
		typeOptions: { rows: 4 },
		default: '={{ $json.raw }}',
		required: true,
		description:
			'The mail as it came, such as the field "raw" of Email Trigger (IMAP) with the format RAW, or of Gmail',
		displayOptions: { show: { messageIn: ['text'] } },
	},
];

/**
 * The mail of one input item, as bytes.
 *
 * @throws NodeOperationError that says what is missing
 */
export async function readMessage(context: IExecuteFunctions, index: number): Promise<Buffer> {
	switch (context.getNodeParameter('messageIn', index, 'file')) {
		case 'notification':
			return readNotification(context, index);
		case 'text':
			return readText(context, index);
		case 'item':
			return await readItem(context, index);
		default:
			return await readFile(context, index);
	}
}

async function readFile(context: IExecuteFunctions, index: number): Promise<Buffer> {
	const field = asText(context.getNodeParameter('binaryField', index, 'data')).trim();
	const binary = context.getInputData()[index]?.binary ?? {};
	if (binary[field]) return await context.helpers.getBinaryDataBuffer(index, field);
	const names = Object.keys(binary);
	throw new NodeOperationError(
		context.getNode(),
		`This item has no file in the binary field "${field}"`,
		{
			itemIndex: index,
			description:
				names.length > 0
					? `It has: ${names.slice(0, 10).join(', ')}. Enter one of these under Input Binary Field.`
					: 'It has no files at all. If the mail is in a text field, set Message In to Text; if it comes from Email Trigger (IMAP) or Gmail, to Item of a Mail Node.',
		},
	);
}

function readText(context: IExecuteFunctions, index: number): Buffer {
	const text = asText(context.getNodeParameter('text', index, ''));
	if (text.trim() === '')
		throw new NodeOperationError(context.getNode(), 'The raw message is empty', {
			itemIndex: index,
			description:
				'Enter the field that holds the whole mail, such as {{ $json.raw }}. Email Trigger (IMAP) gives it when its format is RAW.',
		});
	return fromBase64(text) ?? Buffer.from(text);
}

/** Gmail hands messages on in the base64 of URLs. */
function fromBase64(text: string): Buffer | undefined {
	const packed = text.trim();
	if (!/^[\w+/\r\n-]{40,}={0,2}$/.test(packed)) return undefined;
	const bytes = Buffer.from(packed, 'base64');
	return /^[!-9;-~]{1,80}[ \t]*:/.test(bytes.subarray(0, 200).toString('latin1'))
		? bytes
		: undefined;
}

function readNotification(context: IExecuteFunctions, index: number): Buffer {
	const { json = {} } = context.getInputData()[index] ?? {};
	const notification = findSesNotification(json);
	if (notification) return Buffer.from(JSON.stringify(notification));
	const isAsking = JSON.stringify(json).includes('SubscriptionConfirmation');
	throw new NodeOperationError(
		context.getNode(),
		isAsking
			? 'Amazon SNS asks whether it may send notifications here'
			: 'This item holds no notification of Amazon SES',
		{
			itemIndex: index,
			description: isAsking
				? 'Open the SubscribeURL in this item once, in a browser or with an HTTP Request node. AWS SNS Trigger does so by itself.'
				: 'Expected is what SNS posts: a field Message that holds notificationType or eventType, and mail. If the item is a mail, set Message In to Item of a Mail Node.',
		},
	);
}

async function readItem(context: IExecuteFunctions, index: number): Promise<Buffer> {
	const { json = {}, binary = {} } = context.getInputData()[index] ?? {};
	const files = [];
	for (const [name, { mimeType }] of Object.entries(binary))
		if (/^(?:message|text)\//i.test(mimeType))
			files.push({ mimeType, bytes: await context.helpers.getBinaryDataBuffer(index, name) });
	const message = rebuildMessage(json, files);
	if (message) return message;
	throw new NodeOperationError(context.getNode(), 'This item does not look like a mail', {
		itemIndex: index,
		description: findSesNotification(json)
			? 'It is a notification of Amazon SES: set Message In to Amazon SES Notification.'
			: 'It has neither a text (text, textPlain, html, textHtml) nor a subject and headers. If the mail is a file, set Message In to Binary File.',
	});
}
