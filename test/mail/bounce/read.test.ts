import fc from 'fast-check';

import { parseBounce } from '../../../mail/bounce/read';

const report = (fields: string, more = '') =>
	[
		'Return-Path: <>',
		'Delivered-To: bounces+kabc@example.test',
		'From: MAILER-DAEMON@mx.example.test',
		'To: bounces@example.test',
		'Subject: Undelivered Mail Returned to Sender',
		'Auto-Submitted: auto-replied',
		'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
		'',
		'--b1',
		'Content-Type: text/plain',
		'',
		'Sorry.',
		'--b1',
		'Content-Type: message/delivery-status',
		'',
		'Reporting-MTA: dns; mx.example.test',
		'',
		fields,
		'',
		'--b1',
		'Content-Type: text/rfc822-headers',
		'',
		'Message-ID: <kxyz@example.test>',
		'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
		'X-Smtp-Suite-Reference: kref',
		more,
		'--b1--',
		'',
	].join('\r\n');

const failedField = [
	'Final-Recipient: rfc822; gone@example.org',
	'Action: failed',
	'Status: 5.1.1',
	'Diagnostic-Code: smtp; 550 5.1.1 <gone@example.org>: User unknown',
].join('\r\n');

const read = (text: string) => parseBounce(Buffer.from(text, 'latin1'));

describe('a delivery status report', () => {
	it('says who, how lasting, why, and whose mail it was', async () => {
		const parsed = await read(report(failedField));
		expect(parsed).toMatchObject({
			kind: 'bounce',
			reportingMta: 'mx.example.test',
			original: { messageId: 'kxyz@example.test', subject: 'Grüße', reference: 'kref' },
			recipients: [
				{
					address: 'gone@example.org',
					action: 'failed',
					status: '5.1.1',
					smtpCode: 550,
					severity: 'hard',
					reason: 'userunknown',
					blame: 'recipient',
					advice: 'remove',
				},
			],
		});
		expect(parsed.referenceSources.join(' ')).toMatch(/kabc.*kref/);
	});

	it('reads the same with each kind of line end', async () => {
		const crlf = await read(report(failedField));
		expect(await read(report(failedField).replaceAll('\r\n', '\n'))).toEqual(crlf);
		expect(await read(report(failedField).replaceAll('\r\n', '\r'))).toEqual(crlf);
	});

	it('reads every recipient, and keeps the address that was mailed apart from where it went', async () => {
		const second =
			'Original-Recipient: rfc822;ada@example.org\r\nFinal-Recipient: rfc822; ada@other.test\r\nAction: delayed\r\nStatus: 4.4.1';
		const { kind, recipients } = await read(report(`${failedField}\r\n\r\n${second}`));
		expect(kind).toBe('bounce');
		expect(recipients[1]).toMatchObject({
			address: 'ada@other.test',
			originalAddress: 'ada@example.org',
			action: 'delayed',
			severity: 'none',
		});
	});

	it.each([
		['5.2.2', '552 5.2.2 Mailbox full', 'soft', 'recipient'],
		['5.7.1', '550 5.7.1 blocked using zen.spamhaus.org', 'soft', 'reputation'],
		['5.7.26', '550-5.7.26 unauthenticated mail', 'soft', 'senderPolicy'],
		['5.0.0', '550 5.1.1 No such user', 'hard', 'recipient'],
		['4.4.7', '451 4.4.7 expired', 'soft', 'capacity'],
	])('with %s and "%s" is %s, the fault of %s', async (status, words, severity, blame) => {
		const field = `Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: ${status}\r\nDiagnostic-Code: smtp; ${words}`;
		expect((await read(report(field))).recipients[0]).toMatchObject({ severity, blame });
	});

	it('of a delay or of success is no bounce', async () => {
		const field = (action: string, status: string) =>
			`Final-Recipient: rfc822; a@b.test\r\nAction: ${action}\r\nStatus: ${status}`;
		expect((await read(report(field('delayed', '4.4.1')))).kind).toBe('delay');
		expect((await read(report(field('delivered', '2.0.0')))).kind).toBe('delivered');
	});
});

describe('other mail', () => {
	it('with a spam complaint (ARF) names who complained', async () => {
		const text =
			'From: fbl@isp.test\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=q\r\n\r\n--q\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: <ada@example.org>\r\n\r\n--q\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <x@y>\r\nTo: ada@example.org\r\n\r\nhi\r\n--q--\r\n';
		expect(await read(text)).toMatchObject({
			kind: 'complaint',
			recipients: [{ address: 'ada@example.org', advice: 'unsubscribe' }],
		});
	});

	it('that is an automatic answer is no bounce', async () => {
		const text =
			'From: ada@example.org\r\nAuto-Submitted: auto-replied\r\nSubject: Out of office\r\n\r\nBack on Monday';
		expect(await read(text)).toMatchObject({
			kind: 'autoReply',
			recipients: [{ address: 'ada@example.org' }],
		});
	});

	it('from a person is left alone, also when it talks of bounces', async () => {
		const text =
			'From: Ada <ada@example.org>\r\nSubject: Delivery failed yesterday\r\n\r\nbob@example.org\r\nsaid 550 5.1.1';
		expect(await read(text)).toMatchObject({ kind: 'other', recipients: [] });
	});
});

describe('anything at all', () => {
	it('is read without a throw, cut anywhere or with bytes flipped', async () => {
		const whole = Buffer.from(report(failedField));
		for (let end = 0; end < whole.length; end += 13) await parseBounce(whole.subarray(0, end));
		await fc.assert(
			fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
				const copy = Buffer.from(whole);
				copy[at] = byte;
				expect((await parseBounce(copy)).recipients.length).toBeLessThanOrEqual(2);
			}),
		);
		await fc.assert(
			fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
				await parseBounce(Buffer.from(bytes));
			}),
		);
	});

	it.each([
		['one line of 10 MB', () => `Subject: ${'x'.repeat(10_000_000)}`],
		[
			'multiparts in multiparts',
			() =>
				Array.from(
					{ length: 5_000 },
					(_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`,
				).join(''),
		],
		[
			'a million brackets',
			() => `From: MAILER-DAEMON@x.test\r\nSubject: failure notice\r\n\r\n${'<'.repeat(1_000_000)}`,
		],
		[
			'spaces without end',
			() => `Content-Type: text/plain;${' '.repeat(1_000_000)}x\r\n\r\n${' \t'.repeat(500_000)}`,
		],
		[
			'ten thousand recipients',
			() =>
				report(
					Array.from(
						{ length: 10_000 },
						(_, n) => `Final-Recipient: rfc822; u${n}@x.test\r\nAction: failed\r\nStatus: 5.1.1`,
					).join('\r\n\r\n'),
				),
		],
	])('is read in bounded time: %s', async (_, make) => {
		const raw = Buffer.from(make());
		const begun = Date.now();
		await parseBounce(raw);
		// What grows with the square of its length would take hours; a busy machine takes seconds.
		expect(Date.now() - begun).toBeLessThan(30_000);
	});
});
