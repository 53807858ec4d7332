import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import {
	emailFormatProperty,
	readVersions,
	SHOWN_WITH_HTML,
	SHOWN_WITH_TEXT,
} from '../../shared/email-format';

/*
 * noDataExpression keeps {{name}} as it was typed: otherwise the editor turns the field into an n8n
 * expression, and every recipient would get the first one's name.
 */
export const contentProperties: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		required: true,
		noDataExpression: true,
		placeholder: 'e.g. {{name}}, here is what is new in {{city}}',
		hint: 'Write {{name}} where the field "name" of each recipient\'s item belongs',
	},
	emailFormatProperty,
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		default: '',
		noDataExpression: true,
		typeOptions: { rows: 10 },
		placeholder: 'e.g. <p>Hello {{default name "friend"}},</p>',
		description:
			'A Handlebars template: {{field}}, {{#if field}} … {{else}} … {{/if}}, {{#each list}} … {{/each}}, {{default field "text"}}',
		displayOptions: SHOWN_WITH_HTML,
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		default: '',
		noDataExpression: true,
		typeOptions: { rows: 6 },
		placeholder: 'e.g. Hello {{default name "friend"}},',
		description: 'A Handlebars template, as in HTML',
		displayOptions: SHOWN_WITH_TEXT,
	},
];

/** Shown under Options. */
export const contentOptions: INodeProperties[] = [
	{
		displayName: 'If a Field Is Missing',
		name: 'missingField',
		type: 'options',
		default: 'error',
		options: [
			{
				name: 'Do Not Mail This Recipient',
				value: 'error',
				description: 'The recipient leaves by Failed, with the name of the field',
			},
			{ name: 'Leave the Place Empty', value: 'empty' },
		],
		description: "What to do when a template names a field that a recipient's item does not have",
	},
];

export interface ContentFields {
	subject: string;
	html?: string;
	text?: string;
	missing: 'error' | 'empty';
}

/** @throws Error when there is nothing to send */
export function readContent(context: IExecuteFunctions): ContentFields {
	const content: ContentFields = {
		...readVersions(context, 0),
		missing:
			context.getNodeParameter('options.missingField', 0, 'error') === 'empty' ? 'empty' : 'error',
	};
	if (content.subject.trim() === '') throw new Error('Subject is empty. Fill it in.');
	if (content.html?.trim() === '')
		throw new Error('HTML is empty. Write the mail, or choose another format.');
	if (content.text?.trim() === '')
		throw new Error('Text is empty. Write the mail, or choose another format.');
	return content;
}
