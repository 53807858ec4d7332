import fc from 'fast-check';

import { parseMailbox, parseMailboxList, recipientKey } from '../../../mail/model/address';

describe('one mailbox', () => {
	it.each([
		['ada@example.com', '', 'ada@example.com'],
		[' Ada Lovelace <ada@example.com> ', 'Ada Lovelace', 'ada@example.com'],
		['"Lovelace, Ada" <ada@example.com>', 'Lovelace, Ada', 'ada@example.com'],
		['ada@exämple.com', '', 'ada@xn--exmple-cua.com'],
		['"a b"@example.com', '', '"a b"@example.com'],
		['ada+news@localhost', '', 'ada+news@localhost'],
	])('%s', (text, name, address) => {
		expect(parseMailbox(text)).toEqual({ ok: true, mailbox: { name, address } });
	});

	it.each([
		['', 'empty'],
		['ada', 'no @'],
		['ada@', 'after the @ is missing'],
		['@example.com', 'before the @ is missing'],
		['a..b@example.com', 'two dots'],
		['ada@exa mple.com', ''],
		['ada@-example.com', 'not a domain'],
		['ädä@example.com', 'outside ASCII'],
		['a@example.com, b@example.com', 'more than one'],
		[`${'a'.repeat(65)}@example.com`, 'longer than 64'],
		['friends: a@example.com;', 'group'],
	])('%j is refused in words', (text, words) => {
		const parsed = parseMailbox(text);
		expect(parsed.ok).toBe(false);
		expect(parsed.ok ? '' : parsed.problem).toContain(words);
	});

	it('is the same with a plain name and with that name in quotation marks, which takes the way of lists', () => {
		const word = fc.string({
			unit: fc.constantFrom('a', 'Z', '9', 'é', 'ß', '字', '.', "'", '&', '-'),
			minLength: 1,
			maxLength: 6,
		});
		const address = fc.oneof(
			fc.constantFrom('ada@example.com', 'a+b@exämple.com', 'nobody', 'a@b@c', 'a..b@x.test', '@x'),
			fc.string({
				unit: fc.constantFrom('a', 'ä', '@', '.', '-', '_', '"', '=', '[', ']'),
				minLength: 1,
				maxLength: 12,
			}),
		);
		fc.assert(
			fc.property(fc.array(word, { minLength: 1, maxLength: 3 }), address, (words, of) => {
				const name = words.join(' ');
				const read = (text: string) => {
					const parsed = parseMailboxList(text);
					return parsed.ok && parsed.mailboxes;
				};
				expect(read(`${name} <${of}>`)).toEqual(read(`"${name}" <${of}>`));
			}),
		);
	});

	it('never holds what would begin another header, whatever the text', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (noise) => {
				const parsed = parseMailbox(`${noise} <ada@example.com>`);
				if (parsed.ok)
					expect(`${parsed.mailbox.name}${parsed.mailbox.address}`).not.toMatch(/[\r\n\0]/);
			}),
		);
	});
});

describe('a list', () => {
	it('takes commas, semicolons and lines', () => {
		const parsed = parseMailboxList('a@x.test, B <b@x.test>; c@x.test\nd@x.test');
		expect(parsed.ok && parsed.mailboxes.map(({ address }) => address)).toEqual([
			'a@x.test',
			'b@x.test',
			'c@x.test',
			'd@x.test',
		]);
	});

	it('names the one that is none', () => {
		expect(parseMailboxList('a@x.test, nobody')).toMatchObject({
			ok: false,
			problem: expect.stringContaining('"nobody"') as string,
		});
	});
});

it('a line break between quotation marks does not make two addresses of one', () => {
	expect(parseMailbox('"a\r\n.\r\n"@example.com')).toMatchObject({
		ok: false,
		problem: expect.stringContaining('line break between quotation marks') as string,
	});
	expect(parseMailboxList('"Ada" <ada@example.com>\n"Bob" <bob@example.com>')).toMatchObject({
		ok: true,
		mailboxes: [{ name: 'Ada' }, { name: 'Bob' }],
	});
});

it('compares addresses by case, form and punycode', () => {
	expect(recipientKey(' Ada@EXÄMPLE.com ')).toBe('ada@xn--exmple-cua.com');
	expect(recipientKey('Ada@XN--EXMPLE-CUA.com')).toBe('ada@xn--exmple-cua.com');
});
