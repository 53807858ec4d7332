import { generateKeyPairSync } from 'node:crypto';

import {
	describeSignatures,
	verifySignatures,
} from '../../../mail/deliverability/arrived-signatures';
import type { AuthenticationResult } from '../../../mail/deliverability/authentication-results';
import type { Dns, DnsAnswer } from '../../../mail/deliverability/dns';
import { makeDkimSigner, signMessage } from '../../../mail/message/dkim';
import { dkimPublicKeyText } from '../../../mail/message/dkim-key';

const PLAIN = Buffer.from(
	'From: News <news@example.com>\r\nTo: ada@example.net\r\nSubject: Hello\r\n\r\nHello\r\n',
);
const privateKey = generateKeyPairSync('rsa', { modulusLength: 2_048 })
	.privateKey.export({ type: 'pkcs8', format: 'pem' })
	.toString();
const signer = (domain = 'example.com') => {
	const made = makeDkimSigner({ domain, selector: 's1', privateKey });
	if (!made.ok) throw new Error(made.problem);
	return made.signer;
};
const signed = (domain?: string) => signMessage(signer(domain), PLAIN, new Date());
const changed = Buffer.from(
	signed()
		.toString('latin1')
		.replace(/Hello\r\n$/, 'Hallo\r\n'),
	'latin1',
);
const RECORD = `v=DKIM1; k=rsa; p=${dkimPublicKeyText(signer().key)}`;

const published: DnsAnswer<unknown> = {
	outcome: 'records',
	records: [{ text: RECORD, strings: RECORD.match(/.{1,255}/g) }],
};
const dns = (answer: DnsAnswer<unknown>): Dns => ({
	asked: [],
	lookUp: () => Promise.resolve(answer as DnsAnswer<never>),
});

const said = (result: string): AuthenticationResult[] => [
	{ method: 'dkim', result, properties: new Map() },
];
const look = async (
	raw: Buffer,
	{
		answer = published,
		theirs = [],
	}: { answer?: DnsAnswer<unknown>; theirs?: AuthenticationResult[] } = {},
) =>
	describeSignatures(await verifySignatures(raw, dns(answer)), 'example.com', theirs).map(
		({ id, status, requiredBy }) => {
			expect(requiredBy).toEqual({});
			return `${id} ${status}`;
		},
	);

describe('the signatures of a mail that arrived', () => {
	it('are verified by ourselves, whatever stands in the mail about them', async () => {
		const claim = Buffer.from('Authentication-Results: mx.example.net; dkim=pass\r\n');
		expect(await look(signed())).toEqual(['roundTrip.signatureValid pass']);
		expect(await look(Buffer.concat([claim, changed]))).toEqual([
			'roundTrip.signatureBroken warning',
		]);
		expect(await look(PLAIN)).toEqual(['roundTrip.unsigned warning']);
	});

	it('say who signed, and why one is not valid', async () => {
		const [verified] = await verifySignatures(changed, dns(published));
		expect(verified).toMatchObject({ domain: 'example.com', selector: 's1' });
		expect(verified?.comment).toContain('body hash');
	});

	it('of somebody else do not count for DMARC', async () => {
		expect(await look(signed('relay.test'))).toEqual(['roundTrip.signatureOfOthers warning']);
	});

	it('of a domain of the same organisation do', async () => {
		expect(await look(signed('mail.example.com'))).toEqual(['roundTrip.signatureValid pass']);
	});

	it('are broken where there is no key', async () => {
		const answer = { outcome: 'none', nameExists: false } as const;
		expect(await look(signed(), { answer })).toEqual(['roundTrip.signatureBroken warning']);
	});

	it('are not held against the mail where the DNS is silent, whatever the receiver said', async () => {
		const answer = { outcome: 'unknown', reason: 'silence' } as const;
		expect(await look(signed(), { answer, theirs: said('pass') })).toEqual([
			'roundTrip.signatureUnknown unknown',
		]);
	});

	it.each([
		['the receiver agrees', signed(), 'pass', []],
		['the receiver agrees that it is broken', changed, 'fail', []],
		['the receiver alone found it valid', changed, 'pass', ['roundTrip.signatureDisputed info']],
		['the receiver alone found it broken', signed(), 'fail', ['roundTrip.signatureDisputed info']],
		['the receiver does not know', signed(), 'temperror', []],
	])('%s: what differs is told', async (_, raw, result, more) => {
		expect((await look(raw, { theirs: said(result) })).slice(1)).toEqual(more);
	});

	it('of whatever lies there are read without a throw', async () => {
		for (const raw of [
			'',
			'DKIM-Signature: ;;;=',
			'DKIM-Signature: v=1; d=example.com\r\n\r\nx',
			'\0',
		])
			expect(await verifySignatures(Buffer.from(raw), dns(published))).toBeInstanceOf(Array);
	});
});
