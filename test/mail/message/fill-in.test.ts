import { fillIn } from '../../../mail/message/fill-in';

const DATA = {
	x: 'new york',
	name: '',
	count: 2,
	total: 1234.5,
	due: '2026-11-24T12:00:00Z',
	plan: 'pro',
	url: 'https://example.com/?a=1&b=2',
};

/** As docs/templates.md writes them. */
const EXAMPLES: [string, string][] = [
	['{{default name "friend"}}', 'friend'],
	['{{upper x}} {{lower x}} {{title x}} {{truncate x 4}}', 'NEW YORK new york New York new…'],
	['{{plural count "file" "files"}}', 'files'],
	['{{number total locale="de" digits=2}}', '1.234,50'],
	['{{currency total "EUR" locale="de"}}', '1.234,50\u00a0€'],
	['{{date due "long" locale="fr" timeZone="Europe/Paris"}}', '24 novembre 2026'],
	['{{urlEncode x}}', 'new%20york'],
	['{{link url}}', 'https://example.com/?a=1&b=2'],
	['{{#if (eq plan "pro")}}yes{{/if}}', 'yes'],
];

describe('a helper does what its page says', () => {
	it.each(EXAMPLES)('%s', (text, expected) => {
		expect(fillIn({ subject: '', text }, DATA, 'error')).toEqual({
			ok: true,
			content: { subject: '', text: expected },
		});
	});

	it.each([
		'javascript:alert(1)',
		' JAVASCRIPT:x',
		'java\nscript:x',
		'data:text/html,x',
		'/here',
		'',
	])('link refuses %j', (url) => {
		expect(fillIn({ subject: '', html: '{{link url}}' }, { url }, 'error')).toMatchObject({
			ok: false,
		});
	});
});
