import { takeInMail } from '../../../mail/campaign/incoming';
import { makeReference, messageIdFor } from '../../../mail/message/identity';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';

let store: MailStore;
let reference: string;
/** Of the campaign's mail to Ada. */
let messageId: string;

beforeEach(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'test' });
	const key = 'ada@example.test';
	reference = makeReference({ campaignId: 'news', key }, await store.signingKeys.current());
	messageId = messageIdFor(reference, 'shop.test');
	await store.ledger.enqueue('news', [
		{ key, address: 'Ada@example.test', reference, payload: '{}' },
	]);
});
afterEach(() => store.close());

interface Written {
	headers: Record<string, string>;
	body?: string;
}

async function read({ headers, body = 'Yes, please!' }: Written, replies = true) {
	const all = {
		'Return-Path': '<ada@example.test>',
		Received: 'from mail.example.test by mx.shop.test with ESMTPS; Tue, 24 Nov 2026 10:00:00 +0000',
		From: 'Ada Lovelace <ada@example.test>',
		To: 'Shop <shop@shop.test>',
		Subject: 'Re: Our spring offers',
		Date: 'Tue, 24 Nov 2026 11:00:00 +0100',
		'Message-ID': '<an-answer@example.test>',
		'MIME-Version': '1.0',
		'Content-Type': 'text/plain; charset=utf-8',
		...headers,
	};
	const lines = Object.entries(all)
		.filter(([, value]) => value !== '')
		.map(([name, value]) => `${name}: ${value}`);
	const raw = Buffer.from([...lines, '', body, ''].join('\r\n'));
	return await takeInMail({ raw }, store, { record: true, suppress: true, replies });
}

/** How five kinds of programs answer a mail. */
const CLIENTS: Record<string, () => Written> = {
	Outlook: () => ({
		headers: {
			Subject: 'AW: Our spring offers',
			'Thread-Topic': 'Our spring offers',
			'Thread-Index': 'AQHbPmZ0c2Z0AQ==',
			'In-Reply-To': messageId,
			References: messageId,
			'Accept-Language': 'de-DE, en-US',
			'X-MS-Has-Attach': '',
			'X-MS-Exchange-Organization-SCL': '-1',
			'auto-submitted': '',
		},
		body: `Gern!\r\n\r\nVon: Shop <shop@shop.test>\r\nGesendet: Dienstag, 24. November 2026 09:00\r\nAn: Ada\r\nBetreff: Our spring offers`,
	}),
	Gmail: () => ({
		headers: {
			References: `<older@example.test>\r\n ${messageId}`,
			'In-Reply-To': messageId,
			'Content-Type': 'multipart/alternative; boundary="00000000000012345"',
		},
		body: '--00000000000012345\r\nContent-Type: text/plain\r\n\r\nYes!\r\n\r\nOn Tue, Nov 24, 2026 at 9:00 AM Shop <shop@shop.test> wrote:\r\n> Hello Ada\r\n--00000000000012345--',
	}),
	'Apple Mail': () => ({
		headers: {
			'Mime-Version': '1.0 (Mac OS X Mail 16.0 \\(3826.200.121\\))',
			'X-Mailer': 'Apple Mail (2.3826.200.121)',
			References: messageId,
			'In-Reply-To': messageId,
			'X-Universally-Unique-Identifier': '3F2504E0-4F89-11D3-9A0C-0305E82C3301',
		},
	}),
	'a phone that folds the field': () => ({
		headers: {
			'X-Mailer': 'iPhone Mail (22B91)',
			'Content-Transfer-Encoding': 'quoted-printable',
			'In-Reply-To': `\r\n\t${messageId.toUpperCase()}`,
			References: `\r\n\t${messageId.toUpperCase()}`,
		},
		body: 'Yes =E2=98=BA\r\n\r\nSent from my iPhone\r\n\r\n> On 24 Nov 2026, at 09:00, Shop wrote:',
	}),
	'a ticket system that keeps only References': () => ({
		headers: {
			From: 'Ada (Support) <support@desk.example.test>',
			Subject: '[#4711] Our spring offers',
			References: `<ticket-4711@desk.example.test> ${messageId}`,
			'X-Mailer': 'Zammad Mail Service',
		},
	}),
};

it.each(Object.keys(CLIENTS))(
	'an answer made by %s names campaign and recipient',
	async (client) => {
		const written = CLIENTS[client]!();
		expect(await read(written)).toMatchObject({
			kind: 'reply',
			events: [
				{
					event: 'replied',
					recipient: 'Ada@example.test',
					campaignId: 'news',
					verified: true,
					suppressed: false,
					reply: { messageId: 'an-answer@example.test' },
				},
			],
		});
		// Nobody asked for replies: it is somebody's mail.
		expect(await read(written, false)).toEqual({ kind: 'other', events: [] });
		expect(await store.suppressions.count()).toBe(0);
	},
);

/** Mails of ours, quoted below an answer as clients do it, that say what a machine would say. */
const QUOTES: Record<string, Written> = {
	'Outlook in HTML': {
		headers: { 'Content-Type': 'text/html; charset=utf-8' },
		body: '<p class=MsoNormal>Yes please</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Shop &lt;shop@shop.test&gt;<br><b>Sent:</b> Tuesday<br><b>Subject:</b> Our spring offers</p></div><p>We are out of the office until Monday. This is an automated message.</p>',
	},
	'Outlook in German': {
		headers: { Subject: 'AW: Our spring offers' },
		body: 'Gern!\r\n\r\nVon: Shop\r\nGesendet: Dienstag\r\nAn: Ada\r\nBetreff: Our spring offers\r\n\r\nIch bin bis zum 3. Dezember nicht im Büro.',
	},
	'Gmail in HTML': {
		headers: { 'Content-Type': 'text/html; charset=utf-8' },
		body: '<div dir="ltr">Yes</div><br><div class="gmail_quote"><div class="gmail_attr">On Tue Shop wrote:<br></div><blockquote class="gmail_quote">I am out of the office. Please do not reply to this automatic message.</blockquote></div>',
	},
	'a phone in French, in base64': {
		headers: { 'Content-Transfer-Encoding': 'base64' },
		body: Buffer.from(
			'Oui !\r\n\r\nLe mar. 24 nov. 2026, Shop a écrit :\r\n> Je suis absent du bureau.\r\n',
		).toString('base64'),
	},
};

it.each(Object.keys(QUOTES))(
	'what our own mail said is not what the person answers: quoted by %s',
	async (client) => {
		const { headers, body } = QUOTES[client]!;
		const answers = { 'In-Reply-To': messageId, References: messageId };
		expect(await read({ headers: { ...answers, ...headers }, body: body ?? '' })).toMatchObject({
			kind: 'reply',
		});
	},
);

it('a person who writes about a mail that did not arrive is no bounce', async () => {
	const body =
		'Bob says that your mail to bob@example.test could not be delivered: 550 5.1.1 User unknown. Can I have it?';
	const headers = { 'In-Reply-To': messageId, Subject: 'Re: Undelivered mail?' };
	expect(await read({ headers, body })).toMatchObject({ kind: 'reply' });
	expect(await store.suppressions.count()).toBe(0);
});

it('an answer that came to the signed return path or Reply-To is a reply, whatever it refers to', async () => {
	const deliveries: Record<string, string>[] = [
		{ To: `Shop <bounces+${reference}@shop.test>` },
		{ 'Delivered-To': `bounces+${reference.toUpperCase()}@shop.test` },
		{ 'X-Original-To': `answers+${reference}@shop.test` },
	];
	for (const headers of deliveries)
		expect(await read({ headers })).toMatchObject({ kind: 'reply' });
});

it('a ticket system that keeps only the subject is left alone', async () => {
	expect(await read({ headers: { Subject: 'Re: Our spring offers [#4711]' } })).toEqual({
		kind: 'other',
		events: [],
	});
});

it('a mail that only quotes ours, or is forwarded with it, is none', async () => {
	const quoted = `---------- Forwarded message ---------\r\nMessage-ID: ${messageId}\r\nReturn-Path: <bounces+${reference}@shop.test>\r\n\r\nHello Ada`;
	expect(
		await read({ headers: { Subject: 'Fwd: Our spring offers' }, body: quoted }),
	).toMatchObject({ kind: 'other' });
});

it('a reference that we did not sign is none', async () => {
	const forged = `${reference.slice(0, -1)}${reference.endsWith('a') ? 'b' : 'a'}`;
	expect(await read({ headers: { 'In-Reply-To': `<${forged}@shop.test>` } })).toMatchObject({
		kind: 'other',
	});
});

describe('an answer by a machine is never a reply', () => {
	const machines: [string, Record<string, string>][] = [
		['RFC 3834', { 'Auto-Submitted': 'auto-replied (vacation)' }],
		['a generated one', { 'Auto-Submitted': 'auto-generated' }],
		[
			'Outlook',
			{ Subject: 'Automatic reply: Our spring offers', 'X-Auto-Response-Suppress': 'All' },
		],
		['Outlook in German', { Subject: 'Automatische Antwort: Our spring offers' }],
		['Exchange in French', { Subject: 'Réponse automatique : Our spring offers' }],
		['Gmail', { Precedence: 'bulk', 'X-Autoreply': 'yes' }],
		['a Japanese carrier', { Subject: '=?UTF-8?B?6Ieq5YuV5b+c562UOiBPdXIgc3ByaW5n?=' }],
		['a plain out-of-office', { Subject: 'Out of Office Re: Our spring offers' }],
		['an old vacation program', { Precedence: 'junk' }],
		['one without a sender', { 'Return-Path': '<>' }],
		[
			'a read receipt',
			{ 'Content-Type': 'multipart/report; report-type=disposition-notification; boundary=b' },
		],
		['a list server', { 'List-Id': '<news.example.test>' }],
		['a ticket system', { From: 'noreply@desk.example.test', Subject: 'We got your mail [#4711]' }],
	];
	it('an out-of-office note that says so in its words alone', async () => {
		const headers = { 'In-Reply-To': messageId, References: messageId };
		const body = 'I am out of the office until Monday, with limited access to my mail.';
		expect((await read({ headers, body })).kind).not.toBe('reply');
		// A person's client quotes what they answer.
		const quoted = `${body} Let us talk then!\r\n\r\nOn Tuesday Shop wrote:\r\n> Hello Ada`;
		expect((await read({ headers, body: quoted })).kind).toBe('reply');
	});

	it.each(machines)('%s', async (_, headers) => {
		const { kind } = await read({
			headers: { 'In-Reply-To': messageId, References: messageId, ...headers },
		});
		expect(kind).not.toBe('reply');
	});
});
