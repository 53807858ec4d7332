import { readAuthenticationResults } from '../../../mail/deliverability/authentication-results';
import { checkMessage } from '../../../mail/deliverability/message';

const field = (line: string) => {
	const colon = line.indexOf(':');
	return { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
};
const read = (lines: string[], servers: string[] = []) => {
	const { results, foreign } = readAuthenticationResults(lines.map(field), servers);
	return [results.map(({ method, result }) => `${method}=${result}`).join(' '), foreign];
};
const CAME_IN =
	'Received: from out.example.com (out.example.com [192.0.2.25]) by mx.google.com with ESMTPS id 1; Thu, 1 Jan 2026 10:00:00 +0000';
const BELOW =
	'Received: from app by out.example.com with ESMTPSA id 2; Thu, 1 Jan 2026 09:59:58 +0000';

describe('the results of the receiver', () => {
	it.each<[string, string[], string]>([
		[
			'one header',
			[CAME_IN.replace('mx.google.com', 'mx.good.test'), BELOW],
			'Authentication-Results: mx.good.test; dkim=pass (2048-bit key; unprotected) header.d=a.example header.b="x;y"; spf=fail (bad (nested) one) smtp.mailfrom=b.example; dmarc=pass(p=REJECT) header.from=a.example',
		],
	])('%s', (_name, below, line) => {
		expect(read([line, ...below])).toEqual(['dkim=pass spf=fail dmarc=pass', []]);
	});

	it('several headers of one receiver are taken together; those below the line it came in by are not', () => {
		expect(
			read([
				'Received: by 2002:a05:6512:3f1a with SMTP id x; Thu, 1 Jan 2026 10:00:02 +0000',
				'Authentication-Results: mx.google.com; spf=pass smtp.mailfrom=a.example',
				'Authentication-Results: mx.google.com; dkim=pass header.d=a.example',
				CAME_IN,
				'Authentication-Results: mx.google.com; dmarc=pass header.from=a.example',
				BELOW,
			]),
		).toEqual(['spf=pass dkim=pass', ['mx.google.com']]);
	});

	it('a header of another name is foreign wherever it stands', () => {
		expect(
			read(['Authentication-Results: aaa.com; dkim=pass header.i=@example.com', CAME_IN, BELOW]),
		).toEqual(['', ['aaa.com']]);
	});

	it('Microsoft names nobody: believed there, and nowhere else', () => {
		const line =
			'Authentication-Results: spf=pass (sender IP is 77.238.178.97) smtp.mailfrom=aol.com; dkim=pass (signature was verified) header.d=aol.com;dmarc=pass action=none header.from=aol.com;compauth=pass reason=100';
		const microsoft = CAME_IN.replace('mx.google.com', 'AM0.mail.protection.outlook.com');
		expect(read([line, microsoft])[0]).toBe('spf=pass dkim=pass dmarc=pass compauth=pass');
		expect(read([line, CAME_IN])).toEqual(['', ['a header that names nobody']]);
	});

	it('Zoho leaves out a semicolon', () => {
		const line =
			'Authentication-Results: mx.zohomail.eu; dkim=pass header.i=@a.example spf=pass (zohomail.eu: domain of x) smtp.mailfrom=a.example; dmarc=pass';
		expect(read([line, CAME_IN.replace('mx.google.com', 'mx.zohomail.eu')])[0]).toBe(
			'dkim=pass spf=pass dmarc=pass',
		);
	});

	it('without Received lines only a server that the user names is believed', () => {
		const line = 'Authentication-Results: mx.good.test; spf=pass';
		expect(read([line])).toEqual(['', ['mx.good.test']]);
		expect(read([line], ['mx.good.test'])).toEqual(['spf=pass', []]);
	});

	it.each([
		'('.repeat(1e6),
		'"'.repeat(1e6),
		'a='.repeat(5e5),
		';'.repeat(1e6),
		`x; ${'dkim=pass '.repeat(1e5)}`,
	])('a header made to take long does not', (value) => {
		const begun = Date.now();
		expect(read([`Authentication-Results: ${value}`, CAME_IN])).toHaveLength(2);
		expect(Date.now() - begun).toBeLessThan(5_000);
	});
});

describe('a mail that arrived', () => {
	const ids = async (lines: string[]) => {
		const raw = Buffer.from([...lines, 'From: a@a.example', '', 'x', ''].join('\r\n'));
		const { findings } = await checkMessage({ raw, profile: 'transactional' });
		return findings
			.filter(({ id }) => id.startsWith('received.'))
			.map(({ id, status }) => `${id} ${status}`);
	};

	it('says what its receiver thought', async () => {
		expect(
			await ids([
				'Authentication-Results: mx.google.com; spf=softfail smtp.mailfrom=a.example; dkim=fail header.d=x; dkim=pass header.d=a.example; dmarc=temperror',
				CAME_IN,
				BELOW,
			]),
		).toEqual([
			'received.spfFailed fail',
			'received.dkimPassed pass',
			'received.dmarcUnknown unknown',
		]);
	});

	it('says that it came without TLS, late, and marked as spam', async () => {
		expect(
			await ids([
				'X-Spam-Status: Yes, score=9',
				'Received: from out.example.com by mx.good.test with ESMTP id 1; Thu, 1 Jan 2026 10:20:00 +0000',
				BELOW,
			]),
		).toEqual([
			'received.notSaid unknown',
			'received.withoutTls warning',
			'received.slow info',
			'received.markedAsSpam warning',
		]);
	});

	it('that never travelled has nothing to tell', async () => {
		expect(await ids([])).toEqual([]);
	});
});
