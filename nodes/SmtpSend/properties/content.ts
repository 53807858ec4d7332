import type { INodeProperties } from 'n8n-workflow';

import { emailFormatProperty, SHOWN_WITH_HTML, SHOWN_WITH_TEXT } from '../../shared/email-format';

export const contentProperties: INodeProperties[] = [
	{
		displayName: 'Subject',
		name: 'subject',
		type: 'string',
		default: '',
		placeholder: 'e.g. Your invoice for October',
	},
	emailFormatProperty,
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
];
