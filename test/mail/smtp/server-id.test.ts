import { serverIdOf } from '../../../mail/smtp/server-id';

describe("the server's id of a mail", () => {
	it.each([
		[
			'Amazon SES',
			'250 Ok 0100018f3c5a7b1e-5d2c1c7e-8f0a-4c55-9d0e-2a1b3c4d5e6f-000000',
			'0100018f3c5a7b1e-5d2c1c7e-8f0a-4c55-9d0e-2a1b3c4d5e6f-000000',
		],
		[
			'Exchange',
			'250 2.6.0 <a@example.com> [InternalId=45818132365410, Hostname=AM0PR01MB1.eurprd01.prod.exchangelabs.com] 8251 bytes in 0.232, 34.6 KB/sec Queued mail for delivery',
			'45818132365410',
		],
		[
			'Microsoft 365',
			'250 2.0.0 OK <AM0PR01MB1@AM0PR01MB1.eurprd01.prod.outlook.com> [Hostname=AM0PR01MB1.eurprd01.prod.outlook.com]',
			'AM0PR01MB1@AM0PR01MB1.eurprd01.prod.outlook.com',
		],
		['Postfix', '250 2.0.0 Ok: queued as 4XbR7k2Zz9z1Q', '4XbR7k2Zz9z1Q'],
		[
			'Brevo',
			'250 2.0.0 OK: queued as <202611250959.1@smtp-relay.example>',
			'202611250959.1@smtp-relay.example',
		],
		['Exim', '250 OK id=1tFabc-000000012Xy-3Abc', '1tFabc-000000012Xy-3Abc'],
		[
			'Google',
			'250 2.0.0 OK  1732528740 ffacd0b85a97d-3825fb3e0c1sm1234567f8f.60 - gsmtp',
			'ffacd0b85a97d-3825fb3e0c1sm1234567f8f.60',
		],
		['Sendmail', '250 2.0.0 4APA0fX1012345 Message accepted for delivery', '4APA0fX1012345'],
		['qmail', '250 ok 1732528740 qp 12345', 'qp 12345'],
		['Haraka', '250 Message Queued (0E5C1F0E-7C6B.1)', '0E5C1F0E-7C6B.1'],
	])('of %s', (_, reply, id) => {
		expect(serverIdOf(reply)).toBe(id);
	});

	it.each(['250 Ok', '250 Great success', '250 2.0.0 Ok: queued', '250 Ok 12', ''])(
		'is none where the reply names none: %j',
		(reply) => {
			expect(serverIdOf(reply)).toBeUndefined();
		},
	);

	it('is found in no time in a reply that is made to take long', () => {
		const start = performance.now();
		for (const evil of ['queued as ', '[InternalId=', '250 2.0.0 OK   ', 'id=<'])
			serverIdOf(evil.repeat(100_000));
		expect(performance.now() - start).toBeLessThan(5_000);
	});
});
