import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { fillIn } from '../../../mail/index';
import type { Draft } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import {
	emailFormatProperty,
	readVersions,
	SHOWN_WITH_HTML,
	SHOWN_WITH_TEXT,
} from '../../shared/email-format';
import { unsubscribePlace } from '../tracking';

const TEMPLATE = 'template';
const SHOWN_WITH_TEMPLATE = { show: { emailFormat: [TEMPLATE] } };

/*
 * noDataExpression keeps {{name}} as it was typed: otherwise the editor turns the field into an n8n
 * expression.
 */
const templateProperties: INodeProperties[] = [
	{
		displayName: 'Subject Template',
		name: 'subjectTemplate',
		type: 'string',
		default: '',
		noDataExpression: true,
		placeholder: 'e.g. Your order {{orderNumber}}',
		hint: 'Write {{name}} where the field "name" belongs',
		displayOptions: SHOWN_WITH_TEMPLATE,
	},
	{
		displayName: 'HTML Template',
		name: 'htmlTemplate',
		type: 'string',
		default: '',
		noDataExpression: true,
		typeOptions: { rows: 10 },
		placeholder: 'e.g. <p>Hello {{default name "friend"}},</p>',
		description:
			'Handlebars: {{field}}, {{#if field}} … {{else}} … {{/if}}, {{#each list}} … {{/each}}, {{currency total "EUR"}}',
		displayOptions: SHOWN_WITH_TEMPLATE,
	},
	{
		displayName: 'Text Template',
		name: 'textTemplate',
		type: 'string',
		default: '',
		noDataExpression: true,
		typeOptions: { rows: 5 },
		placeholder: 'e.g. Hello {{default name "friend"}},',
		description: 'Made from the HTML when empty',
		displayOptions: SHOWN_WITH_TEMPLATE,
	},
	{
		displayName: 'Template Fields',
		name: 'templateFields',
		type: 'json',
		default: '',
		placeholder: 'e.g. {{ $json.order }}',
		description: 'What the template is filled in with: an object. The whole item when empty.',
		displayOptions: SHOWN_WITH_TEMPLATE,
	},
];

export const contentProperties: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. Your invoice for October',
		displayOptions: { hide: { emailFormat: [TEMPLATE] } },
	},
	{
		...emailFormatProperty,
		options: [
			...(emailFormatProperty.options ?? []),
			{
				name: 'Template',
				value: TEMPLATE,
				description: 'Handlebars, filled in with the fields of the item',
			},
		],
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		default: '',
		typeOptions: { rows: 8 },
		placeholder: 'e.g. <p>Hello Ada,</p><p>your invoice is attached.</p>',
		displayOptions: SHOWN_WITH_HTML,
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		default: '',
		typeOptions: { rows: 5 },
		placeholder: 'e.g. Hello Ada, your invoice is attached.',
		displayOptions: SHOWN_WITH_TEXT,
	},
	...templateProperties,
];

/** Shown under Options. */
export const missingFieldOption: INodeProperties = {
	displayName: 'If a Field Is Missing',
	name: 'missingField',
	type: 'options',
	default: 'error',
	description: 'What to do when a template names a field that is not there',
	options: [
		{
			name: 'Do Not Send',
			value: 'error',
			description: 'The item fails, with the name of the field',
		},
		{ name: 'Leave the Place Empty', value: 'empty' },
	],
};

/** @throws Error that says what is wrong with the template, or which field is missing */
export function readContent(
	context: IExecuteFunctions,
	itemIndex: number,
	options: Readonly<Record<string, unknown>>,
): Pick<Draft, 'subject' | 'html' | 'text'> {
	if (context.getNodeParameter('emailFormat', itemIndex) !== TEMPLATE)
		return readVersions(context, itemIndex);
	const read = (name: string) => asText(context.getNodeParameter(name, itemIndex, ''));
	const [html, text] = [read('htmlTemplate'), read('textTemplate')];
	if (html.trim() === '' && text.trim() === '')
		throw new Error('The template is empty. Write HTML Template, Text Template or both.');
	const filled = fillIn(
		{
			subject: read('subjectTemplate'),
			...(html.trim() === '' ? {} : { html }),
			...(text.trim() === '' ? {} : { text }),
		},
		{ ...readFields(context, itemIndex), ...unsubscribePlace(context, itemIndex) },
		options.missingField === 'empty' ? 'empty' : 'error',
	);
	if (!filled.ok) throw new Error(filled.problem);
	return filled.content;
}

/** @throws Error when what is given is no object */
function readFields(context: IExecuteFunctions, itemIndex: number): object {
	const given = context.getNodeParameter('templateFields', itemIndex, '');
	if (given === undefined || given === null || given === '')
		return context.getInputData()[itemIndex]?.json ?? {};
	const fields: unknown = typeof given === 'string' ? fromJson(given) : given;
	if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
		throw new Error('Template Fields: what is given is no JSON object, as in {"name": "Ada"}.');
	return fields;
}

function fromJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
