import { generateKeyPairSync } from 'node:crypto';

import { checkDkim } from '../../../mail/deliverability/dkim';
import type { Dns } from '../../../mail/deliverability/dns';
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
