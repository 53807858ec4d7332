import type { IDataObject, INodeProperties, IWebhookFunctions } from 'n8n-workflow';

import { LANGUAGES } from '../../../mail/index';
import type { PageLook } from '../../../mail/index';
import { asText } from '../../shared/as-text';

/** Pages whose words a user may replace, by the prefix of their fields. */
const OWN_WORDS = ['confirm', 'done', 'resubscribed'] as const;
const PAGE_NAMES = {
	confirm: 'Question',
	done: 'Unsubscribed',
	resubscribed: 'Subscribed Again',
} as const;

const ownWords: INodeProperties[] = OWN_WORDS.flatMap((page): INodeProperties[] => [
	{
		displayName: `${PAGE_NAMES[page]}: Title`,
		name: `${page}Title`,
		type: 'string',
		default: '',
	},
	{
		displayName: `${PAGE_NAMES[page]}: Text`,
		name: `${page}Text`,
		type: 'string',
		default: '',
		description: '{address} and {what} stand for who leaves, and what they leave',
	},
]);

export const pageProperty: INodeProperties = {
	displayName: 'Unsubscribe Pages',
	name: 'pages',
	type: 'collection',
	placeholder: 'Add field',
	default: {},
	options: [
		{
			displayName: 'Color',
			name: 'color',
			type: 'color',
			default: '',
			description: 'Of the button',
		},
		{
			displayName: 'Language',
			name: 'language',
			type: 'options',
			default: '',
			options: [
				{ name: "Each Reader's Own", value: '' },
				...Object.keys(LANGUAGES).map((value) => ({
					name: new Intl.DisplayNames('en', { type: 'language' }).of(value) ?? value,
					value,
				})),
			],
		},
		{
			displayName: 'Logo URL',
			name: 'logoUrl',
			type: 'string',
			default: '',
			placeholder: 'e.g. https://example.com/logo.png',
		},
		{
			displayName: 'Sender Name',
			name: 'senderName',
			type: 'string',
			default: '',
			placeholder: 'e.g. Example Shop',
		},
		...ownWords,
	].sort((a, b) => a.displayName.localeCompare(b.displayName)) as INodeProperties[],
};

export function readPageFields(context: IWebhookFunctions): PageLook {
	const fields = context.getNodeParameter('pages', {}) as IDataObject;
	const text = (name: string) => asText(fields[name]).trim() || undefined;
	const logoUrl = text('logoUrl');
	return {
		language: text('language'),
		senderName: text('senderName'),
		logoUrl: logoUrl?.startsWith('https://') ? logoUrl : undefined,
		color: text('color'),
		words: Object.fromEntries(
			OWN_WORDS.map((page) => [page, { title: text(`${page}Title`), text: text(`${page}Text`) }]),
		),
	};
}
