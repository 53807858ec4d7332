import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify';

import { compileMessage } from '../../../mail/message/compile';
import type { CampaignTemplate, CompileOptions } from '../../../mail/message/compile';
import type { MessageRecipient, RenderedCopy } from '../../../mail/message/compile';
import { makeDkimSigner } from '../../../mail/message/dkim';
import { dkimPublicKeyText } from '../../../mail/message/dkim-key';
import { asWireMessage } from '../../../mail/smtp/wire-message';
import { brokenRules, flat, readByMailparser, readByPostalMime } from './round-trip';

const FROM = { name: 'Shop', address: 'shop@example.com' };
const AT = new Date('2026-11-25T04:00:00Z');

function compiled(template: Partial<CampaignTemplate>, options: Partial<CompileOptions> = {}) {
	const result = compileMessage(
		{ from: FROM, subject: 'News', ...template },
		{ missing: 'error', clock: () => AT.getTime(), ...options },
	);
	if (!result.ok) throw new Error(result.problems[0]?.message);
	return result.message;
}

function identity(reference = 'ref') {
	return {
		messageId: `<${reference}@example.com>`,
		returnPath: `bounces+${reference}@example.com`,
		reference,
		campaignId: 'autumn',
	};
}

function copyOf(
	message: ReturnType<typeof compiled>,
	recipient: Partial<MessageRecipient> = {},
	reference = 'ref',
): RenderedCopy {
	const to = { address: 'ada@example.test', data: {}, ...recipient };
	const rendered = message.render(to, identity(reference));
	if (!rendered.ok) throw new Error(rendered.problem);
	return rendered;
}

const containing = (text: string) => expect.stringContaining(text) as string;

const file = (fileName: string, content: string | Buffer, contentType = 'application/pdf') => ({
	fileName,
	contentType,
	content: Buffer.from(content),
});

describe('what is the same in every copy', () => {
	/** Long enough to be encoded once, with all that the encoding has to look at. */
	const literal = fc
		.array(
			fc.oneof(
				fc.constantFrom('.', '\n', '\r\n', ' ', '  ', '\t', '=', 'From ', '\ufdd0', 'x'.repeat(90)),
				fc.string({ unit: 'grapheme', maxLength: 60 }),
			),
			{ minLength: 3, maxLength: 12 },
		)
		.map((pieces) => pieces.join('').replaceAll('{', '('));

	it('reads as it was written wherever fields stand in it (by two other parsers)', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.array(literal, { minLength: 1, maxLength: 4 }),
				fc.string({ unit: 'grapheme', maxLength: 90 }),
				async (literals, value) => {
					const text = literals.join('{{field}}');
					const { raw } = copyOf(compiled({ text }), { data: { field: value } });
					expect(brokenRules(raw)).toEqual([]);
					const clean = (all: string) => flat(all.replaceAll('\ufdd0', '\ufffd').toWellFormed());
					for (const read of [readByMailparser, readByPostalMime])
						expect(flat((await read(raw)).text)).toBe(clean(literals.join(value)));
				},
			),
			{ numRuns: 150 },
		);
	});

	it('may stand in blocks, however often it is repeated', async () => {
		const long = 'This is long enough to be encoded only once in the whole campaign';
		const text = `{{#each list}}${long}: {{this}}\n{{/each}}{{#if no}}${long}{{else}}${long}!{{/if}}`;
		const mail = await readByMailparser(
			copyOf(compiled({ text }), { data: { list: ['a', 'b'] } }).raw,
		);
		expect(mail.text.trim()).toBe(`${long}: a\n${long}: b\n${long}!`);
	});

	it('counts in the limit of what a template may make', () => {
		const text = `{{#each list}}${'x'.repeat(100_000)}{{/each}}`;
		const rendered = compiled({ text }).render(
			{ address: 'a@b.test', data: { list: Array.from({ length: 1_000 }, () => 1) } },
			identity(),
		);
		expect(rendered).toMatchObject({ ok: false, problem: containing('too much') });
	});

	it('is nothing that data can ask for', async () => {
		const text = `${'A secret of the template. '.repeat(4)}{{field}}`;
		const mail = await readByMailparser(
			copyOf(compiled({ text }), { data: { field: '[\ufdd0\u0100]' } }).raw,
		);
		expect(mail.text).toContain('[\ufffd\u0100]');
	});

	it('is fit for the wire: no dot begins a line, and the end has its line break', () => {
		const { raw } = copyOf(compiled({ text: '.\n..\n{{x}}\n.' }), { data: { x: '.' } });
		expect(raw.toString()).not.toMatch(/^\./m);
		expect(Buffer.concat(asWireMessage(raw).pieces)).toEqual(raw);
	});
});

describe('a campaign’s files', () => {
	const brochure = file('brochure.pdf', Buffer.alloc(300_000, 'pdf'));

	it('are encoded once, and shared by the copies', async () => {
		const message = compiled({ text: 'Hello {{name}}', attachments: [brochure] });
		const one = copyOf(message, { data: { name: 'Ada' } });
		const other = copyOf(message, { data: { name: 'Bob' } });
		const large = (copy: RenderedCopy) => copy.wire.pieces.find(({ length }) => length > 300_000);
		expect(large(one)).toBe(large(other));
		expect(one.wire.size).toBe(one.raw.length);
		const mail = await readByPostalMime(other.raw);
		expect(mail.text.trim()).toBe('Hello Bob');
		expect(mail.files).toMatchObject([{ name: 'brochure.pdf', content: brochure.content }]);
	});

	it('are shown where the HTML names them, and refused where there is no such file', async () => {
		const logo = file('logo.png', 'png', 'image/png');
		const html = '<p>{{name}}</p><img src="cid:logo.png">';
		const message = compiled({ html, text: 't', attachments: [logo, brochure] });
		const mail = await readByMailparser(copyOf(message, { data: { name: 'Ada' } }).raw);
		const [shown] = mail.files.filter(({ disposition }) => disposition === 'inline');
		expect(shown).toMatchObject({ content: logo.content });
		expect(mail.html).toContain(`cid:${shown?.cid}`);
		const missing = compileMessage({ from: FROM, subject: 's', html }, { missing: 'error' });
		expect(missing).toMatchObject({
			ok: false,
			problems: [{ field: 'HTML', message: containing('logo.png') }],
		});
	});

	it('stand beside those of one recipient, which no other gets', async () => {
		const message = compiled({ text: 't', attachments: [brochure] });
		const ticket = file('ticket.pdf', 'ticket of Ada');
		const names = async (attachments: (typeof ticket)[]) =>
			(await readByPostalMime(copyOf(message, { attachments }).raw)).files.map(({ name }) => name);
		expect(await names([ticket])).toEqual(['brochure.pdf', 'ticket.pdf']);
		expect(await names([])).toEqual(['brochure.pdf']);
	});

	it('may be shown to one recipient only', async () => {
		const html = '<img src="cid:{{picture}}">';
		const message = compiled({ html, text: 't' }, { ownFiles: true });
		const { raw } = copyOf(message, {
			data: { picture: 'face.png' },
			attachments: [file('face.png', 'face', 'image/png')],
		});
		expect((await readByMailparser(raw)).files).toMatchObject([{ disposition: 'inline' }]);
		const without = message.render({ address: 'a@b.test', data: { picture: 'x.png' } }, identity());
		expect(without).toMatchObject({ ok: false, problem: containing('x.png') });
	});

	it('that hold an earlier copy of the campaign do not end its parts', async () => {
		const message = compiled({ text: 't', attachments: [brochure] });
		const earlier = copyOf(message, { attachments: [file('a.pdf', 'a')] }).raw;
		const { raw } = copyOf(message, {
			attachments: [file('mail.eml', earlier, 'message/rfc822'), file('b.pdf', 'b')],
		});
		const names = (await readByPostalMime(raw)).files.map(({ name }) => name);
		expect(names).toEqual(['brochure.pdf', 'mail.eml', 'b.pdf']);
	});
});

describe('a campaign’s headers', () => {
	const lines = (raw: Buffer) => raw.toString().split('\r\n\r\n')[0];

	it('may hold fields, in links too', () => {
		const headers = {
			unsubscribe: { url: 'https://example.com/u?who={{id}}', oneClick: true },
			custom: [{ name: 'X-Customer', value: '{{id}}' }],
		};
		const { raw } = copyOf(compiled({ text: 't', headers }), { data: { id: 'a b' } });
		expect(lines(raw)).toContain('List-Unsubscribe: <https://example.com/u?who=a%20b>');
		expect(lines(raw)).toContain('X-Customer: a b');
	});

	it('give way to a recipient’s own of that name, and neither can begin another', () => {
		const headers = { custom: [{ name: 'X-Tier', value: 'all' }] };
		const message = compiled({ text: 't', headers });
		const own = [{ name: 'x-tier', value: 'gold\r\nBcc: evil@example.com' }];
		const { raw } = copyOf(message, { headers: own });
		expect(lines(raw)).toContain('x-tier: gold Bcc: evil@example.com');
		expect(lines(raw)).not.toMatch(/X-Tier: all|^Bcc:/m);
		const forbidden = [{ name: 'Bcc', value: 'evil@example.com' }];
		const refused = message.render(
			{ address: 'a@b.test', data: {}, headers: forbidden },
			identity(),
		);
		expect(refused).toMatchObject({ ok: false, problem: containing('Bcc') });
	});
});

describe('a signed campaign', () => {
	const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
	const made = makeDkimSigner({
		domain: 'example.com',
		selector: 's1',
		privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
	});
	if (!made.ok) throw new Error(made.problem);
	const { signer } = made;

	it('passes with mailauth, many at once and on other threads, with files and double blanks', async () => {
		const html = `<p>  {{name}} </p>\n\n\t<b>${'a  b \t'.repeat(200)}</b>   \n`;
		const message = compiled(
			{
				html,
				text: 'Hi  {{name}} \n\n\n',
				attachments: [file('a.pdf', Buffer.alloc(5_000, 'x'))],
			},
			{ signer },
		);
		const copies = await Promise.all(
			Array.from({ length: 6 }, (_, index) =>
				message.renderAside(
					{ address: 'ada@example.test', data: { name: `Ada  ${index}` } },
					identity(`r${index}`),
				),
			),
		);
		for (const [index, copy] of copies.entries()) {
			if (!copy.ok) throw new Error(copy.problem);
			expect((await readByMailparser(copy.raw)).text).toContain(`Ada  ${index}`);
			const { results } = await dkimVerify(copy.raw, {
				curTime: new Date(AT.getTime() + 1_000),
				resolver: () => Promise.resolve([[`v=DKIM1; k=rsa; p=${dkimPublicKeyText(signer.key)}`]]),
			});
			expect(results[0]?.status).toMatchObject({ result: 'pass' });
			const to = { address: 'ada@example.test', data: { name: `Ada  ${index}` } };
			expect(message.render(to, identity(`r${index}`))).toMatchObject({ raw: copy.raw });
		}
	});
});
