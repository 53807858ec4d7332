import fc from 'fast-check';

import { isPrivate } from '../../../mail/deliverability/ip-address';
import {
	isNamedIn,
	readMtaStsPolicy,
	writeMtaStsPolicy,
} from '../../../mail/deliverability/mta-sts-policy';

const GOOD =
	'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n';

describe('an MTA-STS policy', () => {
	it.each([
		['with CRLF', GOOD],
		['with LF, and without a last line end', GOOD.replaceAll('\r', '').trimEnd()],
		['in another order', GOOD.split('\r\n').toReversed().join('\n')],
		['with fields that nobody knows', `${GOOD}fancy: 1\n`],
		['with capitals and a final dot', GOOD.replace('mail.example.com', 'Mail.Example.COM.')],
		['with a second mode, which is passed over', `${GOOD}mode: none\n`],
	])('is read %s', (_, text) => {
		const policy = readMtaStsPolicy(text);
		expect(policy).toMatchObject({ mode: 'enforce', maxAge: 604_800 });
		expect('mx' in policy && policy.mx.toSorted()).toEqual(['*.example.net', 'mail.example.com']);
	});

	it.each([
		['a web page', '<!doctype html><title>Welcome</title>', 'version: STSv1'],
		['another version', GOOD.replace('STSv1', 'STSv2'), 'version: STSv1'],
		['no mode', GOOD.replace('mode: enforce', ''), 'mode:'],
		['a mode that there is not', GOOD.replace('enforce', 'Enforce!'), 'mode:'],
		['no age', GOOD.replace(/max_age.*/, ''), 'max_age:'],
		['an age in words', GOOD.replace('604800', '1 week'), 'max_age:'],
		['an age above a year', GOOD.replace('604800', '31557601'), 'max_age:'],
		['no mail server', GOOD.replace(/mx.*\r\n/g, ''), 'mx:'],
		['a wildcard inside', GOOD.replace('*.example.net', 'a.*.net'), 'a.*.net'],
		['a mail server with its priority', GOOD.replace('mx: *', 'mx: 10 *'), '10 *'],
	])('with %s is none', (_, text, word) => {
		expect(readMtaStsPolicy(text)).toEqual({ problem: expect.stringContaining(word) as string });
	});

	it('that says none needs no mail server', () => {
		expect(readMtaStsPolicy('version: STSv1\nmode: none\nmax_age: 0')).toEqual({
			...{ mode: 'none', maxAge: 0, mx: [] },
		});
	});

	it('stands for one label by its star, and not for the name itself (RFC 8461 section 4.1)', () => {
		const named = [
			'mail.example.com',
			'MX1.example.net',
			'a.b.example.net',
			'example.net',
			'x.org',
		];
		const policy = { mx: ['mail.example.com', '*.example.net'] };
		expect(named.map((host) => isNamedIn(policy, host))).toEqual([true, true, false, false, false]);
	});

	it('that we print is read as what it was printed from', () => {
		const label = fc.stringMatching(/^[a-z0-9]{1,12}$/);
		const policies = fc.record({
			mode: fc.constantFrom('enforce' as const, 'testing' as const),
			maxAge: fc.nat(31_557_600),
			mx: fc.array(
				fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.')),
				{ minLength: 1, maxLength: 5 },
			),
		});
		fc.assert(
			fc.property(policies, (policy) => {
				expect(readMtaStsPolicy(writeMtaStsPolicy(policy))).toEqual(policy);
			}),
		);
	});

	it('whatever a stranger serves, is read without a throw', () => {
		fc.assert(
			fc.property(fc.string({ unit: 'binary' }), (text) => {
				readMtaStsPolicy(`version: STSv1\nmode: enforce\nmax_age: 1\nmx: ${text}`);
			}),
		);
	});
});

describe('an address of no use to a stranger', () => {
	it.each([
		...['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
		...['0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '::', '::1', 'fd00::1', 'fe80::1'],
		...['ff02::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::10.0.0.1', '2002:7f00:1::'],
	])('%s is private', (address) => {
		expect(isPrivate(address)).toBe(true);
	});

	it.each([
		'192.0.2.25',
		'8.8.8.8',
		'172.32.0.1',
		'2001:db8::1',
		'2606:4700::1',
		'64:ff9b::8.8.8.8',
	])('%s is not', (address) => {
		expect(isPrivate(address)).toBe(false);
	});
});
