import { simpleParser } from 'mailparser';

import { compileMessage } from '../../../mail/message/compile';
import type { PersonalLinks } from '../../../mail/message/personal-links';

const LONG = `<https://n8n.example/webhook/mail?t=${'x'.repeat(120)}>`;

/** Puts a bare slot in front of each "link", and fills it with the recipient's reference. */
const links: PersonalLinks = {
	prepare: (source) => source.replaceAll('link', '[slot]link'),
	of: (reference) => ({
		fields: { leave: `https://leave.example/${reference}` },
		headers: `List-Unsubscribe: ${LONG}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`,
		fill: (rendered, part) => rendered.replaceAll('[slot]', `${part}:${reference}:`),
	}),
};

function mailTo(
	reference: string,
	parts: { html?: string; text?: string },
	data: unknown = { leave: 'theirs' },
) {
	const from = { name: '', address: 'news@example.test' };
	const compiled = compileMessage({ from, subject: 's', ...parts }, { missing: 'error', links });
	if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
	const rendered = compiled.message.render(
		{ address: 'ada@example.test', data },
		{ messageId: '<m@example.test>', returnPath: 'b@example.test', campaignId: 'c', reference },
	);
	if (!rendered.ok) throw new Error(rendered.problem);
	return rendered.raw;
}

describe('a message with links of each recipient’s own', () => {
	it('fills each copy’s slots, in the text that is made from the HTML too', async () => {
		for (const reference of ['one', 'two']) {
			const mail = await simpleParser(mailTo(reference, { html: '<p>a link</p>' }));
			expect(String(mail.html).trim()).toBe(`<p>a html:${reference}:link</p>`);
			expect(mail.text?.trim()).toBe(`a text:${reference}:link`);
		}
		const both = await simpleParser(mailTo('one', { html: '<p>x</p>', text: 'my link' }));
		expect(both.text?.trim()).toBe('my text:one:link');
	});

	it.each([[{ leave: 'theirs' }], [[1]], ['text'], [null]])(
		'lends its fields to the templates, whatever the data is: %j',
		async (data) => {
			const mail = await simpleParser(mailTo('one', { text: '{{leave}}' }, data));
			expect(mail.text?.trim()).toBe('https://leave.example/one');
		},
	);

	it('writes its headers on one line each, however long', () => {
		const raw = mailTo('one', { text: 'x' }).toString();
		expect(raw).toContain(
			`\r\nList-Unsubscribe: ${LONG}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`,
		);
	});
});
