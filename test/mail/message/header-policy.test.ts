import { checkCustomHeaders } from '../../../mail/message/header-policy';
import { unsubscribeHeaders } from '../../../mail/message/unsubscribe';

describe('a header of the user’s own', () => {
	it.each([
		'X-Customer-ID',
		'X-Mailgun-Tag',
		'Feedback-ID',
		'Organization',
		'X-SES-CONFIGURATION-SET',
	])('%s is taken', (name) => {
		expect(checkCustomHeaders([{ name, value: 'x' }])).toEqual({ ok: true });
	});

	it.each([
		['Bcc', 'use the field BCC Email'],
		['from', 'use the field From Email'],
		['Content-Type', 'unreadable'],
		['CONTENT-TRANSFER-ENCODING', 'unreadable'],
		['MIME-Version', 'unreadable'],
		['DKIM-Signature', 'unreadable'],
		['Received', 'only the mail servers'],
		['ARC-Seal', 'only the mail servers'],
		['Resent-To', 'only the mail servers'],
		['X-Smtp-Suite-Reference', 'unreadable'],
		['X-A\r\nBcc: eve@evil.test', 'no name of a header'],
		['X A', 'no name of a header'],
		['X:', 'no name of a header'],
		['', 'no name of a header'],
		['Ünder', 'no name of a header'],
		['__proto__:', 'no name of a header'],
	])('%j is refused by name', (name, why) => {
		const checked = checkCustomHeaders([{ name, value: 'x' }]);
		expect(checked.ok ? '' : checked.problem).toContain(why);
	});

	it('that may stand only once does not stand twice', () => {
		const twice = [
			{ name: 'Feedback-ID', value: 'a' },
			{ name: 'feedback-id', value: 'b' },
		];
		expect(checkCustomHeaders(twice)).toMatchObject({ ok: false });
		expect(checkCustomHeaders(twice.slice(1), ['Feedback-ID'])).toMatchObject({ ok: false });
		expect(
			checkCustomHeaders([
				{ name: 'X-Tag', value: 'a' },
				{ name: 'X-Tag', value: 'b' },
			]),
		).toEqual({ ok: true });
	});
});

describe('List-Unsubscribe', () => {
	const lines = (of: Parameters<typeof unsubscribeHeaders>[0]) => {
		const made = unsubscribeHeaders(of);
		return made.ok ? made.lines : `PROBLEM ${made.problem}`;
	};

	it('is one line, however long the link', () => {
		const url = `https://example.com/u?t=${'a'.repeat(800)}`;
		expect(lines({ url, mailto: 'out@example.com', oneClick: true })).toBe(
			`List-Unsubscribe: <mailto:out@example.com?subject=unsubscribe>, <${url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n`,
		);
	});

	it.each([
		[{ url: 'https://example.com/?a=<b>\r\nBcc: e@evil.test' }],
		[{ url: 'https://exämple.com/ü>, <https://evil.test' }],
		[{ mailto: 'mailto:a@b.test?subject=x\r\nBcc: e' }],
	])('lets no link (%j) end the line or the brackets', (of) => {
		expect(lines(of)).toMatch(/^List-Unsubscribe: <[!-;=?-~]+>\r\n$/);
	});

	it.each([
		[{ url: 'javascript:alert(1)' }, 'begins with https://'],
		[{ url: 'example.com/out' }, 'begins with https://'],
		[{ url: 'http://example.com/out', oneClick: true }, 'RFC 8058'],
		[{ mailto: 'out@example.com', oneClick: true }, 'RFC 8058'],
		[{ mailto: 'a@b.test, c@d.test' }, 'no email address'],
		[{ url: `https://example.com/${'a'.repeat(1_000)}` }, 'Shorten'],
	])('%j is refused in words', (of, words) => {
		expect(lines(of)).toMatch(/^PROBLEM/);
		expect(lines(of)).toContain(words);
	});

	it('is left out when there is nothing to say', () => {
		expect(lines({ url: ' ', mailto: '' })).toBe('');
	});
});
