import fc from 'fast-check';
import { parseDocument, DomUtils } from 'htmlparser2';

import { compileMessage } from '../../../mail/message/compile';
import { makeReference } from '../../../mail/message/identity';
import type { HeaderChoices } from '../../../mail/message/message-headers';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { makeLinks } from '../../../mail/tracking/links';
import type { TrackingWishes } from '../../../mail/tracking/links';
import { readToken } from '../../../mail/tracking/token';
import { simpleParser } from 'mailparser';

type Node = ReturnType<typeof parseDocument>['children'][number];
type Element = Extract<Node, { attribs: object }>;

const SITE = 'https://n8n.example/webhook/mail';
const CAMPAIGN = 'spring';
const KEY = { id: 'k', secret: Buffer.alloc(32, 7) };
const ADA = makeReference({ campaignId: CAMPAIGN, key: 'ada@example.com' }, KEY);

let store: MailStore;
beforeAll(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'key' });
});
afterAll(() => store.close());

const CLICKS: TrackingWishes = { opens: false, clicks: true, anonymous: false };

/** A recipient's copy of the mail, read back from its bytes. */
async function copy(
	{ headers, ...parts }: { html?: string; text?: string; headers?: HeaderChoices },
	wishes: Partial<TrackingWishes> = {},
	data: unknown = {},
	reference = ADA,
) {
	const links = await makeLinks(store, {
		campaignId: CAMPAIGN,
		site: SITE,
		key: KEY,
		wishes: { ...CLICKS, ...wishes },
		parts,
	});
	const from = { name: '', address: 'news@example.test' };
	const compiled = compileMessage(
		{ from, subject: 's', headers, ...parts },
		{ missing: 'error', links },
	);
	if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
	const rendered = compiled.message.render(
		{ address: 'ada@example.test', data },
		{ messageId: '<m@example.test>', returnPath: 'b@example.test', campaignId: 'c', reference },
	);
	if (!rendered.ok) throw new Error(rendered.problem);
	const mail = await simpleParser(rendered.raw, { skipHtmlToText: true, skipTextToHtml: true });
	return {
		html: typeof mail.html === 'string' ? mail.html.replace(/\n$/, '') : '',
		text: (mail.text ?? '').replace(/\n$/, ''),
		raw: rendered.raw.toString(),
		headerOf: (name: string) => mail.headers.get(name),
	};
}

/** Where one of our links leads to; undefined for any other. */
async function targetOf(url: string): Promise<string | undefined> {
	if (!url.startsWith(`${SITE}?t=`)) return undefined;
	const token = readToken(url.slice(`${SITE}?t=`.length), [KEY]);
	if (token?.kind !== 'click') throw new Error(`${url} is no link of ours.`);
	return token.target ?? (await store.tracking.findTarget(CAMPAIGN, token.link));
}

const hrefsOf = (html: string): string[] =>
	DomUtils.findAll(({ attribs }) => 'href' in attribs, parseDocument(html).children).map(
		({ attribs }) => attribs.href ?? '',
	);

const urlsIn = (text: string): string[] => text.match(/https?:\/\/[\w.:/?=%-]*[\w-]/g) ?? [];

describe('the links of a mail', () => {
	it.each([
		['double quotes', '<a href="https://a.example/x">', 'https://a.example/x'],
		['single quotes', "<a href='https://a.example/x'>", 'https://a.example/x'],
		['no quotes', '<a href=https://a.example/x>', 'https://a.example/x'],
		['capitals and spaces', '<A HREF = " HTTPS://A.Example/x ">', 'https://a.example/x'],
		[
			'character references',
			'<a href="https://a.example/?a=1&amp;b=2&#x26;c">',
			'https://a.example/?a=1&b=2&c',
		],
		['an anchor of their own', '<a href="https://a.example/#part">', 'https://a.example/#part'],
		[
			'letters of any script',
			'<a href="https://a.example/ä?q=é">',
			'https://a.example/%C3%A4?q=%C3%A9',
		],
		['a map', '<map><area href="https://a.example/x">', 'https://a.example/x'],
	])('lead to their old target: %s', async (_, html, target) => {
		const { html: sent } = await copy({ html });
		const [href = ''] = hrefsOf(sent);
		expect(await targetOf(href)).toBe(target);
	});

	it.each([
		'<a href="mailto:ada@example.com">',
		'<a href="tel:+351210000000">',
		'<a href="#top">',
		'<a href="">',
		'<a href>',
		'<a name="x">',
		'<a href="/relative">',
		'<a href="javascript:alert(1)">',
		'<a href="ftp://a.example/">',
		'<a href="https://">',
		'<a href="https://a.example/" data-no-track>',
		'<a data-no-track href="https://a.example/">',
		'<link href="https://a.example/style.css" rel="stylesheet">',
		'<base href="https://a.example/">',
		'<!-- <a href="https://a.example/"> -->',
		'<!--[if mso]><a href="https://a.example/">x</a><![endif]-->',
		'<style>a:after { content: "<a href=\'https://a.example/\'>" }</style>',
		'<script>"<a href=\'https://a.example/\'>"</script>',
		'<textarea><a href="https://a.example/"></textarea>',
		'<img src="https://a.example/x.png" alt="<a href=\'https://a.example/\'>">',
	])('are left as they are: %s', async (html) => {
		expect((await copy({ html })).html).toBe(html);
	});

	it('are left alone in the text too when they are marked in the HTML', async () => {
		const html =
			'<a href="https://a.example/" data-no-track>a</a><a href="https://b.example/">b</a>';
		const { text } = await copy({ html, text: 'https://a.example/ and https://b.example/' });
		expect(text).toMatch(/^https:\/\/a\.example\/ and https:\/\/n8n\.example\//);
	});

	it.each([
		['<a href="https://a.example/?id={{id}}&amp;x=1">', 'https://a.example/?id=7%26b&x=1'],
		['<a href="{{url}}">', 'https://own.example/?a=1&b="2"'],
		['<a href="{{default none "https://a.example/d"}}">', 'https://a.example/d'],
		["<a href='{{default none 'https://a.example/d'}}'>", 'https://a.example/d'],
		[
			'<a href="{{#if id}}https://a.example/1{{else}}https://a.example/2{{/if}}">',
			'https://a.example/1',
		],
		['<a {{#if id}}href="https://a.example/1"{{/if}}>', 'https://a.example/1'],
		['{{#each list}}<a href="https://a.example/{{this}}">{{/each}}', 'https://a.example/x'],
		['<a title="{{"a > b"}}" href="https://a.example/1">', 'https://a.example/1'],
	])('with fields in them lead where they would have: %s', async (html, target) => {
		const data = { id: '7%26b', url: 'https://own.example/?a=1&b="2"', list: ['x'] };
		const { html: sent } = await copy({ html }, {}, data);
		const [href = ''] = hrefsOf(sent);
		expect(await targetOf(href)).toBe(new URL(target).href);
	});

	it.each(['javascript:alert(1)', 'mailto:x@example.com', '/x', '#a', '', 'https://'])(
		'whose field is no web page are left as they are: %j',
		async (url) => {
			const { html } = await copy({ html: '<a href="{{url}}">' }, {}, { url });
			expect(hrefsOf(html)).toEqual([url]);
		},
	);

	it('in a text lead to their old target, without the punctuation behind them', async () => {
		const text =
			'See https://a.example/x, (https://a.example/y_(z)). HTTPS://A.example/é!\nhttps://a.example/?id={{id}}{{#if id}} https://a.example/if{{/if}}.';
		const { text: sent } = await copy({ text }, {}, { id: 'a&b' });
		expect(await Promise.all(urlsIn(sent).map(targetOf))).toEqual([
			'https://a.example/x',
			'https://a.example/y_(z)',
			'https://a.example/%C3%A9',
			'https://a.example/?id=a&b',
			'https://a.example/if',
		]);
		const bare = urlsIn(sent).reduce((rest, url) => rest.replace(url, 'U'), sent);
		expect(bare).toBe('See U, (U). U!\nU U.');
	});

	it('stand once in a text that is made from the HTML, whether their text is the target or not', async () => {
		const html =
			'<p><a href="https://a.example/x">https://a.example/x</a></p><p><a href="https://a.example/y?q={{id}}">more</a></p>';
		const { text } = await copy({ html }, {}, { id: 'a&b' });
		const urls = urlsIn(text);
		expect(await Promise.all(urls.map(targetOf))).toEqual([
			'https://a.example/x',
			'https://a.example/y?q=a&b',
		]);
		expect(text).not.toContain('https://a.example/x');
		expect(text).toContain(`more [${urls[1]}]`);
	});

	it('are each recipient’s own', async () => {
		const eve = makeReference({ campaignId: CAMPAIGN, key: 'eve@example.com' }, KEY);
		const html = '<a href="https://a.example/x">';
		const [[ofAda = ''], [ofEve = '']] = [
			hrefsOf((await copy({ html })).html),
			hrefsOf((await copy({ html }, {}, {}, eve)).html),
		];
		expect(readToken(ofAda.split('t=')[1]!, [KEY])?.reference).toBe(ADA);
		expect(readToken(ofEve.split('t=')[1]!, [KEY])?.reference).toBe(eve);
	});

	it('are everybody’s where nobody shall be known, but the one to unsubscribe', async () => {
		const eve = makeReference({ campaignId: CAMPAIGN, key: 'eve@example.com' }, KEY);
		const html = '<a href="https://a.example/x">x</a><a href="{{unsubscribeUrl}}">leave</a>';
		const wishes = { anonymous: true, opens: true, unsubscribe: { list: '' } };
		const ofAda = await copy({ html }, wishes);
		const ofEve = await copy({ html }, wishes, {}, eve);
		const [click, leave] = hrefsOf(ofAda.html);
		const [clickOfEve, leaveOfEve] = hrefsOf(ofEve.html);
		expect(click).toBe(clickOfEve);
		expect(leave).not.toBe(leaveOfEve);
		const { reference } = readToken(click!.split('t=')[1]!, [KEY])!;
		expect(await store.tracking.findMail(reference)).not.toHaveProperty('recipient');
		expect(/src="([^"]*)"/.exec(ofAda.html)?.[1]).toBe(/src="([^"]*)"/.exec(ofEve.html)?.[1]);
	});

	it('hold no address of the recipient', async () => {
		const { raw } = await copy(
			{ html: '<body><a href="https://a.example/x">x</a></body>' },
			{ opens: true, unsubscribe: { list: 'news' } },
		);
		for (const url of urlsIn(raw.replaceAll('=\r\n', ''))) expect(url).not.toMatch(/ada|@/);
	});

	it('cannot be moved by what stands in a recipient’s data', async () => {
		const hostile = '\ue000x0\ue001https://evil.example/\ue002x';
		const html = '<p>{{name}}</p><a href="https://a.example/?n={{name}}">x</a>';
		const { html: sent } = await copy({ html }, {}, { name: hostile });
		const [href = ''] = hrefsOf(sent);
		expect(await targetOf(href)).toBe(new URL(`https://a.example/?n=${hostile}`).href);
		expect(sent).toContain(`<p>${hostile}</p>`);
	});
});

describe('the pixel', () => {
	it.each([
		['<html><body><p>x</p></body></html>', /<p>x<\/p><img [^>]*><\/body><\/html>$/],
		['<html><p>x</p></html>', /<p>x<\/p><img [^>]*><\/html>$/],
		['<p>x</p>', /<p>x<\/p><img [^>]*>$/],
	])('stands at the end of the body: %s', async (html, expected) => {
		expect((await copy({ html }, { opens: true })).html).toMatch(expected);
	});

	it('is in no mail that does not ask for it, and in no text', async () => {
		expect((await copy({ html: '<p>x</p>' })).html).toBe('<p>x</p>');
		expect((await copy({ html: '<p>x</p>' }, { opens: true })).text).toBe('x');
	});
});

describe('the unsubscribe link', () => {
	it('is a field of the templates, and stands in the header unfolded', async () => {
		const { html, raw } = await copy(
			{ html: '<a href="{{unsubscribeUrl}}">leave</a>{{#if unsubscribeUrl}}yes{{/if}}' },
			{ unsubscribe: { list: 'news', mailto: 'leave@example.com' } },
		);
		const [url = ''] = hrefsOf(html);
		expect(readToken(url.split('t=')[1]!, [KEY])).toEqual({
			kind: 'unsubscribe',
			reference: ADA,
			link: 0,
		});
		expect(html).toContain('yes');
		expect(raw).toContain(
			`\r\nList-Unsubscribe: <${url}>, <mailto:leave@example.com?subject=unsubscribe>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`,
		);
		expect(await store.tracking.getCampaign(CAMPAIGN)).toEqual({ list: 'news' });
	});

	it('is the same, and whole, wherever a template names it', async () => {
		const words = 'out: {{unsubscribeUrl}} or {{{unsubscribeUrl}}}';
		const { html, text, headerOf } = await copy(
			{
				html: `<a href="{{unsubscribeUrl}}">a</a><a href='{{unsubscribeUrl}}'>b</a><a href={{unsubscribeUrl}}>c</a><a href="https://a.example/?next={{urlEncode unsubscribeUrl}}">d</a>`,
				text: words,
				headers: { custom: [{ name: 'X-Leave', value: words }] },
			},
			{ clicks: false, unsubscribe: { list: '' } },
		);
		const [url = '', ...others] = hrefsOf(html);
		expect(readToken(url.replace(`${SITE}?t=`, ''), [KEY])?.kind).toBe('unsubscribe');
		expect(others).toEqual([url, url, `https://a.example/?next=${encodeURIComponent(url)}`]);
		expect(text).toBe(`out: ${url} or ${url}`);
		expect(headerOf('x-leave')).toBe(`out: ${url} or ${url}`);
	});

	it('is whole in a text that is made from the HTML', async () => {
		const { html, text } = await copy(
			{ html: '<p><a href="{{unsubscribeUrl}}">leave</a> {{unsubscribeUrl}}</p>' },
			{ unsubscribe: { list: '' } },
		);
		const [url = ''] = hrefsOf(html);
		expect(url).not.toBe('');
		expect(text.split(url)).toHaveLength(3);
	});
});

/* Random mails: everything that HTML knows and writes oddly, with links among it. */
const attributeText = fc.oneof(
	fc.webUrl({ withQueryParameters: true, withFragments: true }),
	fc.constantFrom(
		'#x',
		'mailto:a@example.com',
		'tel:1',
		'',
		'x y',
		'https://a.example/?a=1&amp;b=2',
	),
);
const attribute = fc
	.tuple(
		fc.constantFrom('href', 'HREF', 'src', 'title', 'class', 'data-x'),
		attributeText,
		fc.constantFrom('"', "'"),
	)
	.map(([name, value, quote]) => ` ${name}=${quote}${value.replaceAll(quote, '')}${quote}`);
const tagName = fc.constantFrom(
	'a',
	'A',
	'area',
	'p',
	'td',
	'table',
	'img',
	'br',
	'b',
	'svg',
	'style',
	'title',
);
const piece: fc.Arbitrary<string> = fc.oneof(
	fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('{{', '{')),
	fc
		.tuple(tagName, fc.array(attribute, { maxLength: 3 }))
		.map(([tag, all]) => `<${tag}${all.join('')}>`),
	tagName.map((tag) => `</${tag}>`),
	fc.constantFrom(
		'<!-- <a href="https://c.example/"> -->',
		'&amp;',
		'&lt;a&gt;',
		'<',
		'>',
		'"',
		'<a href=',
		'</',
		'<!doctype html>',
		'<a href=https://u.example/x>u</a>',
	),
);
const mail = fc.array(piece, { minLength: 5, maxLength: 40 }).map((pieces) => pieces.join(''));

describe('random mails', () => {
	it('differ in nothing but the links, and each leads to its old target', async () => {
		await fc.assert(
			fc.asyncProperty(mail, async (html) => {
				const made = await rewrite(html);
				const before = parseDocument(html).children;
				const after = parseDocument(made).children;
				await sameButLinks(before, after);
			}),
			{ numRuns: Number(process.env.RANDOM_MAILS ?? 300) },
		);
	}, 60_000);

	/** The rewriting alone, without a mail around it, so that no encoding can blur the comparison. */
	async function rewrite(html: string): Promise<string> {
		const links = await makeLinks(store, {
			campaignId: CAMPAIGN,
			site: SITE,
			key: KEY,
			wishes: CLICKS,
			parts: { html },
		});
		return links.of(ADA).fill(links.prepare(html, 'html'), 'html');
	}

	async function sameButLinks(before: Node[], after: Node[]): Promise<void> {
		expect(after.map(shape)).toEqual(before.map(shape));
		for (const [index, node] of before.entries()) {
			if (!('attribs' in node)) continue;
			const other = after[index] as Element;
			for (const [name, value] of Object.entries(node.attribs)) {
				const now = other.attribs[name] ?? '';
				if (now !== value) expect(await targetOf(now)).toBe(new URL(value.trim()).href);
				const isLink = ['a', 'area'].includes(node.name) && name === 'href';
				const isWeb = /^\s*https?:/i.test(value) && URL.canParse(value.trim());
				expect([name, now !== value]).toEqual([name, isLink && isWeb]);
			}
			await sameButLinks(node.children, other.children);
		}
	}

	function shape(node: Node): unknown {
		if ('attribs' in node) return [node.name, Object.keys(node.attribs)];
		return 'data' in node ? [node.type, node.data] : node.type;
	}
});
