import fc from 'fast-check';

import { arrivalOf, digestOf, messageIdOf, readDate } from '../../../mail/mailbox/digest';
import { nearNames } from '../../../mail/mailbox/near-names';

const MAIL = [
	'Received: from a.example.test (a.example.test [192.0.2.1])',
	'\tby mx.example.test (Postfix) with ESMTP id ABC',
	'\tfor <bounces@example.test>; Tue, 24 Nov 2026 12:00:05 +0000 (UTC)',
	'Received: from b; Tue, 24 Nov 2026 11:00:00 +0000',
	'Message-ID: <1@mx.example.test>',
	'Subject: Undelivered Mail Returned to Sender',
	'',
	'Body',
	'',
].join('\r\n');
const digest = (text: string): string => digestOf(Buffer.from(text, 'latin1'));

describe('the digest of a mail', () => {
	it('is the same however the server gives line ends and folds back', () => {
		expect(digest(MAIL.replaceAll('\r\n', '\n'))).toBe(digest(MAIL));
		expect(digest(MAIL.replaceAll('\r\n', '\r'))).toBe(digest(MAIL));
		expect(digest(MAIL.replaceAll('\r\n\t', ' '))).toBe(digest(MAIL));
	});

	it('is the same for any amount of it that is fetched', () => {
		const huge = Buffer.from(MAIL + 'x'.repeat(100_000));
		expect(digestOf(huge.subarray(0, 16_384))).toBe(digestOf(huge));
	});

	it('differs by the trace of another delivery, and by the Message-ID', () => {
		expect(digest(MAIL.replace('id ABC', 'id ABD'))).not.toBe(digest(MAIL));
		expect(digest(MAIL.replace('<1@', '<2@'))).not.toBe(digest(MAIL));
	});

	it('differs by the body where there is no Message-ID', () => {
		const bare = 'Subject: failure notice\n\nfor ';
		expect(digest(`${bare}ada`)).not.toBe(digest(`${bare}bob`));
	});

	it('takes anything, in time that grows with nothing', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
				const raw = Buffer.from(bytes);
				expect(digestOf(raw)).toMatch(/^[0-9a-f]{32}$/);
				messageIdOf(raw);
				arrivalOf(raw);
			}),
		);
		for (const text of [
			'('.repeat(1e7),
			'message-id:' + ' '.repeat(1e7),
			'received:\n'.repeat(1e6),
			'received: ' + '\n '.repeat(1e6),
			'<'.repeat(1e7),
			'message-id: ' + '<'.repeat(1e7),
		]) {
			const raw = Buffer.from(text);
			const start = performance.now();
			digestOf(raw);
			messageIdOf(raw);
			arrivalOf(raw);
			expect(performance.now() - start).toBeLessThan(2_000);
		}
	});
});

describe('what the header says', () => {
	it.each([
		[MAIL, '1@mx.example.test'],
		['message-id : <x@y>\r\n\r\n', undefined],
		['MESSAGE-ID:\r\n <folded@y>\r\n\r\n', 'folded@y'],
		['Message-ID: bare@y\n\n', 'bare@y'],
		['Subject: x\n\nMessage-ID: <in@the.body>', undefined],
	])('Message-ID of %j', (text, id) => {
		expect(messageIdOf(Buffer.from(text))).toBe(id);
	});

	it('the arrival is what the last server wrote', () => {
		expect(arrivalOf(Buffer.from(MAIL))).toBe(Date.UTC(2026, 10, 24, 12, 0, 5));
		expect(arrivalOf(Buffer.from('Subject: x\n\n'))).toBeUndefined();
		expect(readDate('no date')).toBeUndefined();
	});
});

describe('folder names that are near', () => {
	const names = ['INBOX', 'Bounces', 'Archive/Bounces', 'Sent', 'Entwürfe', 'Bounced Mail'];
	it.each([
		['bounces', ['Bounces', 'Archive/Bounces']],
		['Bounces', ['Bounces', 'Archive/Bounces']],
		['Bouncse', ['Bounces']],
		['inbox', ['INBOX']],
		['Nothing', []],
	])('%s', (wanted, near) => {
		expect(nearNames(wanted, names).slice(0, near.length || undefined)).toEqual(near);
	});

	it('are found fast among many', () => {
		const many = Array.from({ length: 5_000 }, (_, index) => `Folder/${'x'.repeat(200)}${index}`);
		const start = performance.now();
		nearNames('y'.repeat(1_000), many);
		expect(performance.now() - start).toBeLessThan(20_000);
	});
});
