import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { asText } from './as-text';

/** Which versions of the mail the user writes. */
export const emailFormatProperty: INodeProperties = {
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
};

/** For the fields that hold the HTML and the text. */
export const SHOWN_WITH_HTML = { show: { emailFormat: ['html', 'both'] } };
export const SHOWN_WITH_TEXT = { show: { emailFormat: ['text', 'both'] } };

/** The subject and the versions that the format asks for; a field that it hides is left out. */
export function readVersions(
	context: IExecuteFunctions,
	itemIndex: number,
): { subject: string; html?: string; text?: string } {
	const format = context.getNodeParameter('emailFormat', itemIndex) as string;
	const read = (name: string) => asText(context.getNodeParameter(name, itemIndex, ''));
	return {
		subject: read('subject'),
		...(format === 'text' ? {} : { html: read('html') }),
		...(format === 'html' ? {} : { text: read('text') }),
	};
}
