import { checkMessage } from '../../../mail/deliverability/message';

interface Parts {
	headers?: Record<string, string | undefined>;
	/** Lines before all others, as they are. */
	more?: string[];
	html?: string;
	text?: string;
	files?: [name: string, bytes: number][];
}

const WORDS =
	'The garden opens on the first day of May with tulips, music, a market and guided walks for the whole family, rain or shine.';
const HTML = `<h1>Spring</h1><p>${WORDS.repeat(4)}</p><p><a href="https://example.com/offer">See the offer</a> <a href="https://example.com/leave">Unsubscribe</a></p><img src="https://example.com/a.png" alt="Tulips">`;
const SIGNED = 'from:to:subject:date:message-id:list-unsubscribe:list-unsubscribe-post';

function mail({
	headers = {},
	more = [],
	html = HTML,
	text = WORDS.repeat(4) + ' Spring See the offer Unsubscribe',
	files = [],
}: Parts = {}): Buffer {
	const all: Record<string, string | undefined> = {
		From: 'News <news@example.com>',
		To: 'ada@example.org',
		Subject: 'The garden opens',
		Date: new Date().toUTCString(),
		'Message-ID': '<1@example.com>',
		'List-Id': '<news.example.com>',
		'List-Unsubscribe': '<https://example.com/u/1>',
		'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
		'DKIM-Signature': `v=1; a=rsa-sha256; d=example.com; s=s1; h=${SIGNED}; bh=x; b=y`,
		'MIME-Version': '1.0',
		'Content-Type': 'multipart/mixed; boundary=m',
		...headers,
	};
	const lines = Object.entries(all).flatMap(([name, value]) =>
		value === undefined ? [] : [`${name}: ${value}`],
	);
	const parts = [
		...(text === '' ? [] : [`Content-Type: text/plain; charset=utf-8\r\n\r\n${text}`]),
		...(html === ''
			? []
			: [
					`Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${(
						Buffer.from(html)
							.toString('base64')
							.match(/.{1,76}/g) ?? []
					).join('\r\n')}`,
				]),
	];
	const alternative = `Content-Type: multipart/alternative; boundary=a\r\n\r\n${parts.map((part) => `--a\r\n${part}\r\n`).join('')}--a--\r\n`;
	const attached = files.map(
		([name, bytes]) =>
			`Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${(
				Buffer.alloc(bytes)
					.toString('base64')
					.match(/.{1,76}/g) ?? []
			).join('\r\n')}`,
	);
	return Buffer.from(
		[
			...more,
			...lines,
			'',
			...[alternative, ...attached].map((part) => `--m\r\n${part}`),
			'--m--',
			'',
		].join('\r\n'),
	);
}

async function complaints(
	raw: Buffer,
	profile: 'bulk' | 'transactional' = 'bulk',
): Promise<string[]> {
	const { findings } = await checkMessage({ raw, profile });
	return findings
		.filter(({ status }) => status === 'fail' || status === 'warning')
		.map(({ id }) => id);
}

const link = (href: string, words: string) => ({
	html: HTML.replace('</p>', `</p><a href="${href}">${words}</a>`),
});

describe('a message', () => {
	it('that is in order is not complained about, whatever it is for', async () => {
		expect(await complaints(mail())).toEqual([]);
		expect(await complaints(mail(), 'transactional')).toEqual([]);
	});

	it.each<[string, Parts]>([
		[
			'content.noUnsubscribe',
			{ headers: { 'List-Unsubscribe': undefined, 'List-Unsubscribe-Post': undefined } },
		],
		[
			'content.unsubscribeNotHttps',
			{ headers: { 'List-Unsubscribe': '<mailto:leave@example.com>' } },
		],
		['content.unsubscribeNotOneClick', { headers: { 'List-Unsubscribe-Post': undefined } }],
		['content.unsubscribeNotOneClick', { headers: { 'List-Unsubscribe-Post': 'yes' } }],
		[
			'content.unsubscribeNotSigned',
			{
				headers: {
					'DKIM-Signature': 'v=1; a=rsa-sha256; d=example.com; s=s1; h=from:to; bh=x; b=y',
				},
			},
		],
		[
			'content.noVisibleUnsubscribe',
			{ html: HTML.replace('Unsubscribe', 'Bye').replace('/leave', '/x'), text: WORDS.repeat(4) },
		],
		['content.repeatedHeaders', { more: ['Subject: another'] }],
		['content.noDate', { headers: { Date: undefined } }],
		['content.noMessageId', { headers: { 'Message-ID': undefined } }],
		['content.longLine', { text: `${WORDS.repeat(9)} Spring See the offer Unsubscribe` }],
		['content.addressInName', { headers: { From: '"support@bank.example" <news@example.com>' } }],
		['content.replyToElsewhere', { headers: { 'Reply-To': 'somebody@gmail.com' } }],
		['content.noSubject', { headers: { Subject: '' } }],
		['content.shouting', { headers: { Subject: 'BUY THE GARDEN NOW' } }],
		['content.falseReply', { headers: { Subject: 'Re: your order' } }],
		[
			'content.unalignedSignature',
			{
				headers: {
					'DKIM-Signature': `v=1; a=rsa-sha256; d=service.example; s=s1; h=${SIGNED}; bh=x; b=y`,
				},
			},
		],
		[
			'content.signedLength',
			{
				headers: {
					'DKIM-Signature': `v=1; a=rsa-sha256; l=10; d=example.com; s=s1; h=${SIGNED}; bh=x; b=y`,
				},
			},
		],
		[
			'content.sha1Signature',
			{
				headers: {
					'DKIM-Signature': `v=1; a=rsa-sha1; d=example.com; s=s1; h=${SIGNED}; bh=x; b=y`,
				},
			},
		],
		['content.noTextPart', { text: '' }],
		['content.textUnlikeHtml', { text: 'Something else altogether stands here, Unsubscribe' }],
		['content.clipped', { html: HTML.replace('</p>', `</p><!-- ${'x'.repeat(95_000)} -->`) }],
		['content.clipped', { html: HTML.replace('</p>', `</p><!-- ${'x'.repeat(150_000)} -->`) }],
		[
			'content.imageOnly',
			{
				html: '<img src="https://example.com/a.png" alt="x"><a href="https://example.com/u">Unsubscribe</a>',
				text: 'Unsubscribe',
			},
		],
		['content.activeContent', { html: `${HTML}<script>alert(1)</script>` }],
		['content.activeContent', { html: HTML.replace('<h1>', '<h1 onclick="x()">') }],
		[
			'content.externalStyles',
			{ html: `<link rel="stylesheet" href="https://example.com/a.css">${HTML}` },
		],
		['content.dataImages', { html: `${HTML}<img alt="" src="data:image/png;base64,AAAA">` }],
		['content.linkElsewhere', link('https://elsewhere.example/x', 'www.bank.test/login')],
		['content.insecureLinks', link('http://example.com/x', 'here')],
		['content.shortener', link('https://bit.ly/x', 'here')],
		['content.oddLinks', link('https://192.0.2.1/x', 'here')],
		['content.refusedFile', { files: [['setup.exe', 10]] }],
		['content.mistrustedFile', { files: [['page.html', 10]] }],
		['content.large', { files: [['film.mp4', 9_000_000]] }],
	])('%s is named, and nothing else complained about: %#', async (id, parts) => {
		expect(await complaints(mail(parts))).toEqual([id]);
	});

	it.each([
		['words that are no address', 'https://tracker.example/c/1', 'See www and more'],
		['a name with a dot', 'https://tracker.example/c/1', 'Node.js'],
		['the same organisation', 'https://click.example.com/c/1', 'www.example.com'],
	])('a link of %s is no deceit', async (_name, href, words) => {
		expect(await complaints(mail(link(href, words)))).toEqual([]);
	});

	it('of a provider of mailboxes is warned about', async () => {
		const raw = mail({ headers: { From: 'ada@gmail.com' } });
		expect(await complaints(raw)).toEqual([
			'content.mailboxProviderFrom',
			'content.unalignedSignature',
		]);
	});

	it.each([
		['nothing', ''],
		['no header', '\r\n\r\nx'],
		['ten million brackets', `Content-Type: text/html\r\n\r\n${'<a href="'.repeat(1_000_000)}`],
		['open comments', `Content-Type: text/html\r\n\r\n${'<!--<a '.repeat(300_000)}`],
		['words without an end', `Subject: ${'A'.repeat(500_000)}\r\n\r\n${'a.'.repeat(500_000)}`],
		['unsubscribe of brackets', `List-Unsubscribe: ${'<'.repeat(500_000)}\r\n\r\nx`],
	])('of %s is looked through without harm', async (_name, raw) => {
		const begun = Date.now();
		expect(
			(await checkMessage({ raw: Buffer.from(raw), profile: 'bulk' })).findings.length,
		).toBeGreaterThan(0);
		expect(Date.now() - begun).toBeLessThan(20_000);
	});
});
