import type { INodeProperties } from 'n8n-workflow';

import { readFields } from '../../../mail/index';
import type { AnswerField, Decision, Question } from '../../../mail/index';
import { asText } from '../../shared/as-text';

const SHOWN_WITH_APPROVAL = { show: { responseType: ['approval'] } };
const SHOWN_WITH_FORM = { show: { responseType: ['customForm'] } };
const OPTION_OF_FORMS = { show: { '/responseType': ['freeText', 'customForm'] } };

const CHOSEN_FROM = { show: { fieldType: ['checkbox', 'dropdown', 'radio'] } };

/*
 * The fields have the names that n8n's own nodes give them: a node is changed to this one by copying
 * its parameters, and n8n's "human review" of an agent's tools finds them.
 */
export const questionProperties: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. Approval required',
	},
	{
		displayName: 'Message',
		name: 'message',
		type: 'string',
		default: '',
		required: true,
		typeOptions: { rows: 4 },
		placeholder: 'e.g. May we publish the newsletter of October?',
		description: 'Plain text. It stands in the mail and on the page that its buttons open.',
	},
	{
		displayName: 'Response Type',
		name: 'responseType',
		type: 'options',
		default: 'approval',
		options: [
			{
				name: 'Approval',
				value: 'approval',
				description: 'The recipient approves or declines',
			},
			{
				name: 'Custom Form',
				value: 'customForm',
				description: 'The recipient fills in a form of yours',
			},
			{ name: 'Free Text', value: 'freeText', description: 'The recipient writes an answer' },
		],
	},
	{
		displayName: 'Define Form',
		name: 'defineForm',
		type: 'options',
		noDataExpression: true,
		default: 'fields',
		options: [
			{ name: 'Using Fields Below', value: 'fields' },
			{ name: 'Using JSON', value: 'json' },
		],
		displayOptions: SHOWN_WITH_FORM,
	},
	{
		displayName: 'Form Fields',
		name: 'jsonOutput',
		type: 'json',
		typeOptions: { rows: 6 },
		default:
			'[\n  { "fieldLabel": "Name", "fieldType": "text", "requiredField": true },\n  { "fieldLabel": "Size", "fieldType": "dropdown", "fieldOptions": { "values": [{ "option": "S" }, { "option": "M" }] } }\n]',
		description: "A list of fields, as n8n's forms describe them",
		displayOptions: { show: { responseType: ['customForm'], defineForm: ['json'] } },
	},
	{
		displayName: 'Form Fields',
		name: 'formFields',
		type: 'fixedCollection',
		placeholder: 'Add form field',
		typeOptions: { multipleValues: true, sortable: true },
		default: { values: [{ fieldLabel: '', fieldType: 'text' }] },
		displayOptions: { show: { responseType: ['customForm'], defineForm: ['fields'] } },
		options: [
			{
				displayName: 'Values',
				name: 'values',
				// In the order in which a person makes a field.
				// eslint-disable-next-line n8n-nodes-base/node-param-fixed-collection-type-unsorted-items
				values: [
					{
						displayName: 'Label',
						name: 'fieldLabel',
						type: 'string',
						default: '',
						placeholder: 'e.g. What is your name?',
						description: 'Stands above the field, and names it in the output',
					},
					{
						displayName: 'Element Type',
						name: 'fieldType',
						type: 'options',
						default: 'text',
						options: [
							{ name: 'Checkboxes', value: 'checkbox' },
							{ name: 'Date', value: 'date' },
							{ name: 'Dropdown', value: 'dropdown' },
							{ name: 'Email', value: 'email' },
							{ name: 'File', value: 'file' },
							{ name: 'Hidden Field', value: 'hiddenField' },
							{ name: 'Number', value: 'number' },
							{ name: 'Password', value: 'password' },
							{ name: 'Radio Buttons', value: 'radio' },
							{ name: 'Text Input', value: 'text' },
							{ name: 'Textarea', value: 'textarea' },
						],
					},
					{
						displayName: 'Options',
						name: 'fieldOptions',
						type: 'fixedCollection',
						placeholder: 'Add option',
						typeOptions: { multipleValues: true, sortable: true },
						default: { values: [{ option: '' }] },
						displayOptions: CHOSEN_FROM,
						options: [
							{
								displayName: 'Values',
								name: 'values',
								values: [{ displayName: 'Option', name: 'option', type: 'string', default: '' }],
							},
						],
					},
					{
						displayName: 'Multiple Choice',
						name: 'multiselect',
						type: 'boolean',
						default: false,
						description: 'Whether more than one option may be chosen',
						displayOptions: { show: { fieldType: ['dropdown'] } },
					},
					{
						displayName: 'Multiple Files',
						name: 'multipleFiles',
						type: 'boolean',
						default: true,
						description: 'Whether more than one file may be given',
						displayOptions: { show: { fieldType: ['file'] } },
					},
					{
						displayName: 'Accepted File Types',
						name: 'acceptFileTypes',
						type: 'string',
						default: '',
						placeholder: 'e.g. .jpg, .png',
						description: 'What the browser offers to choose from. Everything when empty.',
						displayOptions: { show: { fieldType: ['file'] } },
					},
					{
						displayName: 'Field Value',
						name: 'fieldValue',
						type: 'string',
						default: '',
						description: 'Is in the output and not in the page, so that nobody can change it',
						displayOptions: { show: { fieldType: ['hiddenField'] } },
					},
					{
						displayName: 'Placeholder',
						name: 'placeholder',
						type: 'string',
						default: '',
						description: 'Sample text in the empty field',
						displayOptions: {
							show: { fieldType: ['email', 'number', 'password', 'text', 'textarea'] },
						},
					},
					{
						displayName: 'Default Value',
						name: 'defaultValue',
						type: 'string',
						default: '',
						description: 'What the field holds at first; a date as 2026-11-30',
						displayOptions: { hide: { fieldType: ['file', 'hiddenField', 'password'] } },
					},
					{
						displayName: 'Field Name',
						name: 'fieldName',
						type: 'string',
						default: '',
						description: 'What the output calls the field. Its label when empty.',
					},
					{
						displayName: 'Required Field',
						name: 'requiredField',
						type: 'boolean',
						default: false,
						description: 'Whether the form cannot be sent without it',
						displayOptions: { hide: { fieldType: ['hiddenField'] } },
					},
				],
			},
		],
	},
	{
		displayName: 'Approval Options',
		name: 'approvalOptions',
		type: 'fixedCollection',
		placeholder: 'Add option',
		default: {},
		displayOptions: SHOWN_WITH_APPROVAL,
		options: [
			{
				displayName: 'Values',
				name: 'values',

				values: [
					{
						displayName: 'Type of Approval',
						name: 'approvalType',
						type: 'options',
						default: 'single',
						options: [
							{ name: 'Approve and Disapprove', value: 'double' },
							{ name: 'Approve Only', value: 'single' },
						],
					},
					{
						displayName: 'Approve Button Label',
						name: 'approveLabel',
						type: 'string',
						default: 'Approve',
					},
					{
						displayName: 'Disapprove Button Label',
						name: 'disapproveLabel',
						type: 'string',
						default: 'Decline',
						displayOptions: { show: { approvalType: ['double'] } },
					},
				],
			},
		],
	},
];

/** Shown under Options. */
export const questionOptions: INodeProperties[] = [
	{
		displayName: 'Message Button Label',
		name: 'messageButtonLabel',
		type: 'string',
		default: 'Respond',
		description: 'What the button in the mail says',
		displayOptions: OPTION_OF_FORMS,
	},
	{
		displayName: 'Response Form Button Label',
		name: 'responseFormButtonLabel',
		type: 'string',
		default: 'Submit',
		description: 'What the button of the form says. "Send" in the reader’s language when not set.',
		displayOptions: OPTION_OF_FORMS,
	},
	{
		displayName: 'Response Form Custom Styling',
		name: 'responseFormCustomCss',
		type: 'string',
		typeOptions: { rows: 6, editor: 'cssEditor' },
		default: '',
		description: 'CSS for the page of the form',
		displayOptions: OPTION_OF_FORMS,
	},
	{
		displayName: 'Response Form Description',
		name: 'responseFormDescription',
		type: 'string',
		default: '',
		description: 'Text above the form. The message when not set.',
		displayOptions: OPTION_OF_FORMS,
	},
	{
		displayName: 'Response Form Title',
		name: 'responseFormTitle',
		type: 'string',
		default: '',
		description: 'Heading of the page of the form. The subject when not set.',
		displayOptions: OPTION_OF_FORMS,
	},
];

/** Reads a parameter of the node for the first item, where the mail is made and where it is answered. */
export type ReadParameter = (name: string, fallback: unknown) => unknown;

/** @throws Error that names the field and what is wrong with it */
export function readQuestion(read: ReadParameter): Question {
	const asked = {
		title: asText(read('subject', '')).replace(/\s+/g, ' ').trim(),
		message: asText(read('message', '')),
	};
	if (asked.message.trim() === '')
		throw new Error('Message is empty. Write what the recipient is asked.');
	const responseType = read('responseType', 'approval');
	if (responseType === 'approval')
		return { kind: 'approval', ...asked, decisions: readDecisions(read) };
	const options = (read('options', {}) ?? {}) as Record<string, unknown>;
	const own = (name: string) => asText(options[name]).trim();
	return {
		kind: 'form',
		...asked,
		fields: responseType === 'freeText' ? [FREE_TEXT] : formFields(read),
		respond: own('messageButtonLabel') || 'Respond',
		...(own('responseFormButtonLabel') ? { submit: own('responseFormButtonLabel') } : {}),
		...(own('responseFormTitle') ? { pageTitle: own('responseFormTitle') } : {}),
		...(own('responseFormDescription') ? { pageText: own('responseFormDescription') } : {}),
		...(own('responseFormCustomCss') ? { style: own('responseFormCustomCss') } : {}),
	};
}

const FREE_TEXT: AnswerField = {
	key: 'text',
	label: 'Response',
	type: 'textarea',
	required: true,
	placeholder: '',
	initial: '',
	options: [],
	multiple: false,
	accept: '',
};

function readDecisions(read: ReadParameter): Decision[] {
	const values = (read('approvalOptions.values', {}) ?? {}) as Record<string, unknown>;
	const approve = { approved: true, label: asText(values.approveLabel).trim() || 'Approve' };
	if (values.approvalType !== 'double') return [approve];
	return [approve, { approved: false, label: asText(values.disapproveLabel).trim() || 'Decline' }];
}

function formFields(read: ReadParameter): AnswerField[] {
	const given =
		read('defineForm', 'fields') === 'json'
			? fromJson(read('jsonOutput', ''))
			: read('formFields.values', []);
	if (!Array.isArray(given))
		throw new Error('Form Fields: what is given is no JSON list of fields.');
	const fields = readFields(given);
	if (!fields.ok) throw new Error(`Form Fields: ${fields.problem}`);
	return fields.fields;
}

function fromJson(given: unknown): unknown {
	if (typeof given !== 'string') return given;
	try {
		return JSON.parse(given);
	} catch {
		return undefined;
	}
}
