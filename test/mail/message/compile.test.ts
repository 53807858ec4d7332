import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';

import { compileMessage } from '../../../mail/message/compile';
import { composeMessage } from '../../../mail/message/compose';
import { makeDkimSigner } from '../../../mail/message/dkim';
import { hashBody } from '../../../mail/message/dkim-body';

const FROM = { name: 'Exämple "News"', address: 'news@example.test' };
const identity = {
	messageId: '<ref@example.test>',
	returnPath: 'bounces+ref@example.test',
	reference: 'ref',
	campaignId: 'autumn',
};

/** Ed25519: a signature costs next to nothing. */
function signerOf() {
	const { privateKey } = generateKeyPairSync('ed25519');
	const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
	const made = makeDkimSigner({ domain: 'example.test', selector: 's', privateKey: pem });
	if (!made.ok) throw new Error(made.problem);
	return made.signer;
}

function compiled(template: { subject: string; html?: string; text?: string }) {
	const result = compileMessage({ from: FROM, ...template }, { missing: 'error', clock: () => 0 });
	if (!result.ok) throw new Error(result.problems[0]?.message);
	return result.message;
}

function rawOf(
	template: Parameters<typeof compiled>[0],
	recipient: { name?: string; language?: string; data: unknown },
) {
	const rendered = compiled(template).render(
		{ address: 'ada@example.test', ...recipient },
		identity,
	);
	if (!rendered.ok) throw new Error(rendered.problem);
	return rendered.raw;
}

describe('a campaign’s mail', () => {
	it('carries what makes it known again', async () => {
		const mail = await simpleParser(rawOf({ subject: 's', text: 't' }, { data: {} }));
		expect(mail.messageId).toBe('<ref@example.test>');
		expect(mail.headers.get('x-smtp-suite-reference')).toBe('ref');
		expect(mail.headers.get('x-smtp-suite-campaign')).toBe('autumn');
	});

	it('says in which language it is written, where that is known', () => {
		const template = { subject: 's', text: 't' };
		const told = rawOf(template, { data: {}, language: 'pt-BR' }).toString();
		expect(told).toContain('\r\nContent-Language: pt-BR\r\n');
		expect(rawOf(template, { data: {} }).toString()).not.toContain('Content-Language');
	});

	it('gets a text version from its HTML, with the links', async () => {
		const html = '<p>Hi {{name}}, <a href="https://example.test/x">look</a></p>';
		const mail = await simpleParser(rawOf({ subject: 's', html }, { data: { name: "O'B" } }));
		expect(mail.text).toContain("Hi O'B, look [https://example.test/x]");
		expect(mail.html).toContain('Hi O&#x27;B');
	});

	it('is signed with the hash of its body, wherever blanks stand in template and data', () => {
		const signer = signerOf();
		const blanks = fc.string({
			unit: fc.constantFrom(' ', '\t', '\n', 'a', 'é', '='),
			maxLength: 12,
		});
		const words = 'What stands here is the same in every copy, and long enough to be encoded once.';
		fc.assert(
			fc.property(blanks, blanks, blanks, blanks, (before, between, after, name) => {
				const text = `${before}${words}${between}${words}{{name}}${words}${after}{{name}}`;
				const made = compileMessage(
					{ from: FROM, subject: 's', text, html: `<p>${text}</p>` },
					{ missing: 'error', signer },
				);
				if (!made.ok) throw new Error(made.problems[0]?.message);
				const copy = made.message.render({ address: 'ada@example.test', data: { name } }, identity);
				if (!copy.ok) throw new Error(copy.problem);
				const { raw } = copy;
				const told = /bh=([^;]+);/.exec(raw.toString('latin1'))?.[1];
				expect(told).toBe(hashBody(raw.subarray(raw.indexOf('\r\n\r\n') + 4)));
			}),
			{ numRuns: 500 },
		);
	});

	it('reads as it was written, in any script (round trip by another parser)', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.string({ unit: 'grapheme' }),
				fc.string({ unit: 'grapheme', maxLength: 2_000 }),
				async (subject, body) => {
					const data = { subject, body };
					const raw = rawOf(
						{ subject: 'S {{subject}}', text: 'T {{body}}' },
						{ data, name: subject },
					);
					const mail = await simpleParser(raw);
					const flat = (text: string) => text.replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim();
					expect(flat(mail.subject ?? '')).toBe(flat(`S ${subject}`));
					expect(flat(mail.text ?? '')).toBe(flat(`T ${body}`));
					expect(
						raw
							.toString('latin1')
							.split('\r\n')
							.every((line) => line.length <= 998),
					).toBe(true);
					expect(raw.toString('latin1')).not.toMatch(/[^\r]\n|\r[^\n]/);
				},
			),
			{ numRuns: 300 },
		);
	});

	it.each(['x\r\nBcc: evil@example.test', 'x\nBcc: evil@example.test', 'x\u2028Bcc: e'])(
		'lets no data begin a header: %j',
		async (text) => {
			const raw = rawOf({ subject: '{{x}}', text: 'b' }, { data: { x: text }, name: text });
			const mail = await simpleParser(raw);
			expect(mail.bcc).toBeUndefined();
			expect(raw.toString()).not.toMatch(/^Bcc:/im);
		},
	);

	it('reports every template that cannot be read', () => {
		const result = compileMessage(
			{ from: FROM, subject: '{{', html: '{{#if}}' },
			{ missing: 'error' },
		);
		expect(result.ok ? [] : result.problems.map(({ field }) => field)).toEqual(['Subject', 'HTML']);
	});

	it('names the field that a recipient lacks', () => {
		const rendered = compiled({ subject: '{{nick}}', text: 't' }).render(
			{ address: 'a@b.test', data: {} },
			identity,
		);
		expect(rendered).toMatchObject({
			ok: false,
			problem: expect.stringContaining('"nick"') as string,
		});
	});
});

describe('any draft', () => {
	it('keeps file names in any script, hides Bcc, and opens no files', async () => {
		const { raw, envelope } = await composeMessage(
			{
				from: FROM,
				to: [{ name: 'Ada', address: 'ada@example.test' }],
				cc: [],
				bcc: [{ name: '', address: 'hidden@example.test' }],
				replyTo: [],
				subject: 'x\r\nX-Evil: 1',
				html: '<p>Übung</p>',
				attachments: [
					{ fileName: '報告 ü.pdf', contentType: 'application/pdf', content: Buffer.from('pdf') },
				],
			},
			{ messageId: '<m@example.test>', date: new Date(0) },
		);
		const mail = await simpleParser(raw);
		expect(envelope.to).toEqual(['ada@example.test', 'hidden@example.test']);
		expect(raw.toString()).not.toContain('hidden@');
		expect(mail.headers.has('x-evil')).toBe(false);
		expect(mail.attachments[0]).toMatchObject({
			filename: '報告 ü.pdf',
			content: Buffer.from('pdf'),
		});
		expect(mail.text?.trim()).toBe('Übung');
	});
});
