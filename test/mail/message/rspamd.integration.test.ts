import { compileMessage } from '../../../mail/message/compile';
import { composeMessage } from '../../../mail/message/compose';
import type { Draft } from '../../../mail/message/draft';
import { makeInvitation } from '../../../mail/message/invitation';
import { questionLinks, questionParts } from '../../../mail/question/mail';
import type { Question } from '../../../mail/question/question';
import { canRunRspamd, startRspamd } from '../../support/rspamd';
import type { Rspamd } from '../../support/rspamd';

const missing = canRunRspamd();
if (missing !== undefined) console.warn(`The judge's tests are skipped: ${missing}`);

const FROM = { name: 'Ada’s Shop', address: 'shop@example.com' };
const ADA = { name: 'Zoë Müller', address: 'zoe@example.net' };
const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
	'base64',
);
const TEXT = 'Thank you for your order. It is on its way to you and will arrive on Monday.';
const HTML = `<!doctype html><html><head><title>Order</title></head><body><h1>Your order</h1><p>${TEXT}</p></body></html>`;

const INVITATION = makeInvitation(
	{
		method: 'REQUEST',
		title: 'Prüfung',
		start: new Date('2026-12-01T10:00:00Z'),
		organizer: FROM,
		attendees: [ADA],
		uid: 'meeting-1@example.com',
	},
	new Date(),
);
const QUESTION: Question = {
	kind: 'approval',
	title: 'May we publish?',
	message: TEXT,
	decisions: [{ approved: true, label: 'Approve' }],
};

const LIST_HEADERS: Draft['headers'] = {
	unsubscribe: { url: 'https://shop.example.com/u/1', oneClick: true },
	listId: 'news.example.com',
	feedbackId: 'a:b:c:shop',
};

const KINDS: readonly [name: string, mail: Partial<Draft>][] = [
	['text', { text: TEXT }],
	['HTML and text', { html: HTML, text: TEXT }],
	['HTML, its text made from it', { html: HTML }],
	[
		'every script in subject and names',
		{ subject: '注文 №5 – Ваш заказ 📦', text: `${TEXT} 日本語` },
	],
	['a file', { text: TEXT, attachments: [pdf('Rechnung März.pdf')] }],
	['HTML with a file', { html: HTML, attachments: [pdf('invoice.pdf')] }],
	[
		'a picture in the HTML',
		{
			html: HTML.replace(
				'</body>',
				'<img src="logo.png" alt="Logo" width="20" height="20"></body>',
			),
			attachments: [],
			pictures: [{ fileName: 'logo.png', contentType: 'image/png', content: PNG }],
		},
	],
	[
		'an invitation',
		{ text: TEXT, ...(INVITATION.ok ? { invitation: INVITATION.invitation } : {}) },
	],
	[
		'an answer in a thread',
		{ text: TEXT, headers: { inReplyTo: '<1@example.net>', references: ['<0@example.net>'] } },
	],
	['list headers', { html: HTML, headers: LIST_HEADERS }],
	[
		'Cc, Reply-To and priority',
		{ text: TEXT, cc: [FROM], replyTo: [FROM], headers: { priority: 'high' } },
	],
	[
		'a question',
		questionParts(
			QUESTION,
			questionLinks(QUESTION, () => 'https://n8n.example.com/w/1?a=b'),
		),
	],
	['a long line and an empty one', { text: `${'x'.repeat(3_000)}\n\n.\n${TEXT}` }],
];

function pdf(fileName: string) {
	const content = Buffer.from('%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n');
	return { fileName, contentType: 'application/pdf', content };
}

(missing === undefined ? describe : describe.skip)('rspamd', () => {
	let rspamd: Rspamd;
	beforeAll(async () => {
		rspamd = await startRspamd();
	}, 120_000);
	afterAll(async () => {
		await rspamd.stop();
	}, 30_000);

	async function complaintsAbout(raw: Buffer): Promise<[string, number][]> {
		const found = await rspamd.judge({ raw, from: FROM.address, to: [ADA.address] });
		return [...found].filter(([, score]) => score > 0);
	}

	it('complains about a mail that is badly made', async () => {
		const bad = Buffer.from('From: a\r\nSubject: =?x\r\nSubject: b\r\n\r\nfrom somebody');
		const found = (await complaintsAbout(bad)).map(([name]) => name);
		expect(found).toEqual(
			expect.arrayContaining(['MISSING_TO', 'MISSING_DATE', 'MULTIPLE_UNIQUE_HEADERS']),
		);
	});

	it.each(KINDS)('has nothing against the making of a mail with %s', async (_, mail) => {
		const draft: Draft = {
			...{ from: FROM, to: [ADA], cc: [], bcc: [], replyTo: [], attachments: [] },
			subject: 'Your order is on its way',
			...mail,
		};
		const { raw } = await composeMessage(draft, {
			messageId: '<0b7e5a4c92d14f3e@example.com>',
			date: new Date(),
		});
		expect(await complaintsAbout(raw)).toEqual([]);
	});

	it('has nothing against the making of a campaign’s mail', async () => {
		const compiled = compileMessage(
			{ from: FROM, subject: 'News for {{name}}', html: HTML, headers: LIST_HEADERS },
			{ missing: 'error' },
		);
		if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
		const rendered = compiled.message.render(
			// A subject of few words with one letter from elsewhere is suspect: that is its content, not its making.
			{ address: ADA.address, name: ADA.name, data: { name: 'Zoe' } },
			{
				messageId: '<0b7e5a4c92d14f3e@example.com>',
				returnPath: FROM.address,
				reference: 'abc',
				campaignId: 'spring',
			},
		);
		if (!rendered.ok) throw new Error(rendered.problem);
		expect(await complaintsAbout(rendered.raw)).toEqual([]);
	});
});
