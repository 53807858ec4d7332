import { generateKeyPairSync } from 'node:crypto';

import { checkDkim } from '../../../mail/deliverability/dkim';
import type { Dns } from '../../../mail/deliverability/dns';
import type { Finding } from '../../../mail/deliverability/finding';
import { readDkimKey } from '../../../mail/message/dkim-key';

const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const read = readDkimKey({
	domain: 'example.test',
	selector: 's1',
	privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
const base64 = (type: 'spki' | 'pkcs1') =>
	pair.publicKey.export({ type, format: 'der' } as never).toString('base64');

/** A DNS with one TXT record at every name. */
function dnsWith(text: string): Dns {
	return {
		asked: [],
		lookUp: (_name, type) =>
			Promise.resolve(
				type === 'TXT'
					? { outcome: 'records', records: [{ text, strings: [text] }] as never }
					: { outcome: 'none', nameExists: true },
			),
	};
}

/** A DNS with these TXT records below example.test. */
function dnsAt(records: Partial<Record<string, string>>): Dns {
	return {
		asked: [],
		lookUp: (name, type) => {
			const text = type === 'TXT' ? records[name.replace(/\.example\.test$/, '')] : undefined;
			return Promise.resolve(
				text === undefined
					? { outcome: 'none', nameExists: true }
					: { outcome: 'records', records: [{ text, strings: [text] }] as never },
			);
		},
	};
}

describe('the key of the credential', () => {
	it.each([
		['as it is usual', base64('spki'), 'dkim.sound'],
		['as a bare RSAPublicKey, which receivers take too', base64('pkcs1'), 'dkim.sound'],
		[
			'another one',
			generateKeyPairSync('rsa', { modulusLength: 2_048 })
				.publicKey.export({ type: 'spki', format: 'der' })
				.toString('base64'),
			'dkim.otherKey',
		],
	])('published %s: %#', async (_name, published, id) => {
		if (!read.ok) throw new Error(read.problem);
		const { findings } = await checkDkim(
			{ domain: 'example.test', selectors: [], key: read.key },
			dnsWith(`v=DKIM1; k=rsa; p=${published}`),
		);
		expect(findings.map((finding) => finding.id)).toEqual([id]);
	});
});

describe('Ed25519 keys', () => {
	const edwards = `v=DKIM1; k=ed25519; p=${Buffer.alloc(32, 7).toString('base64')}`;
	const rsa = `v=DKIM1; k=rsa; p=${base64('spki')}`;
	const check = (...texts: string[]) =>
		checkDkim(
			{ domain: 'example.test', selectors: texts.map((_, index) => `s${index}`) },
			dnsAt(Object.fromEntries(texts.map((text, index) => [`s${index}._domainkey`, text]))),
		);
	const told = ({ findings }: { findings: Finding[] }) =>
		findings.map(({ id, status }) => `${id} ${status}`);

	it.each([[[edwards]], [[edwards, edwards]]])(
		'alone sign for nobody at Gmail and Outlook, however many: %#',
		async (texts) => {
			const checked = await check(...texts);
			expect(told(checked)).toEqual(texts.map(() => 'dkim.ed25519 warning'));
			expect(checked.signingDomains).toEqual([]);
		},
	);

	it('beside an RSA key are right', async () => {
		const checked = await check(edwards, rsa);
		expect(told(checked)).toEqual(['dkim.ed25519 info', 'dkim.sound pass']);
		expect(checked.signingDomains).toEqual(['example.test']);
	});

	it('beside an RSA key that is broken are alone', async () => {
		const checked = await check(edwards, 'v=DKIM1; p=');
		expect(told(checked)).toEqual(['dkim.ed25519 warning', 'dkim.revoked fail']);
		expect(checked.signingDomains).toEqual([]);
	});
});
