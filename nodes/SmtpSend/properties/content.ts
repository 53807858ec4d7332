import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import type { Draft } from '../../../mail/index';
import { asText } from '../../shared/server-fields';

export const contentProperties: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. Your invoice for October',
	},
	{
		displayName: 'Email Format',
		name: 'emailFormat',
		type: 'options',
		default: 'html',
		options: [
			{
				name: 'HTML',
				value: 'html',
				description: 'A plain-text version for readers without HTML is made from it',
			},
			{ name: 'HTML and Text', value: 'both', description: 'You write both versions' },
			{ name: 'Text', value: 'text' },
		],
	},
	{
		displayName: 'HTML',
		name: 'html',
		type: 'string',
		default: '',
		typeOptions: { rows: 8 },
		placeholder: 'e.g. <p>Hello Ada,</p><p>your invoice is attached.</p>',
		displayOptions: { show: { emailFormat: ['html', 'both'] } },
	},
	{
		displayName: 'Text',
		name: 'text',
		type: 'string',
		default: '',
		typeOptions: { rows: 5 },
		placeholder: 'e.g. Hello Ada, your invoice is attached.',
		displayOptions: { show: { emailFormat: ['text', 'both'] } },
	},
];

export function readContent(
	context: IExecuteFunctions,
	itemIndex: number,
): Pick<Draft, 'subject' | 'html' | 'text'> {
	const format = context.getNodeParameter('emailFormat', itemIndex) as string;
	const read = (name: string) => asText(context.getNodeParameter(name, itemIndex, ''));
	return {
		subject: read('subject'),
		...(format === 'text' ? {} : { html: read('html') }),
		...(format === 'html' ? {} : { text: read('text') }),
	};
}
