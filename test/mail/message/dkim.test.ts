import { createHash } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { dkimVerify } from 'mailauth/lib/dkim/verify';

import { DkimBodyHash, hashBody } from '../../../mail/message/dkim-body';
import { makeDkimSigner, signMessage } from '../../../mail/message/dkim';
import { dkimPublicKeyText, readDkimKey } from '../../../mail/message/dkim-key';
import { checkDkimRecord } from '../../../mail/message/dkim-record';

const pem = { type: 'pkcs8', format: 'pem' } as const;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const RSA_PEM = rsa.privateKey.export(pem).toString();
const AT = new Date('2026-11-25T04:00:00Z');

function signerOf(privateKey = RSA_PEM, more: { domain?: string; selector?: string } = {}) {
	const made = makeDkimSigner({ domain: 'example.com', selector: 's1', privateKey, ...more });
	if (!made.ok) throw new Error(made.problem);
	return made.signer;
}

/** mailauth's verdict, the key coming from a DNS of ours. */
async function judge(raw: Buffer, signer = signerOf()) {
	const kind = signer.key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
	const { results } = await dkimVerify(raw, {
		curTime: new Date(AT.getTime() + 1000),
		resolver: (name: string, type: string) => {
			if (name !== 's1._domainkey.example.com' || type !== 'TXT')
				throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
			return Promise.resolve([[`v=DKIM1; k=${kind}; p=${dkimPublicKeyText(signer.key)}`]]);
		},
	});
	return results[0]!;
}

const HEAD = [
	'From: Ada <ada@example.com>',
	'To: grace@example.net',
	'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n folded   on',
	'Date: Wed, 25 Nov 2026 04:00:00 +0000',
	'Message-ID: <m@example.com>',
	'MIME-Version: 1.0',
	'Content-Type: text/plain; charset=utf-8',
	'List-Unsubscribe: <https://example.com/u?t=1>',
	'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
	'List-Id: News <news.example.com>',
	'Feedback-ID: a:b:c:d',
	'Auto-Submitted: auto-generated',
	'Reply-To: desk@example.com',
	'',
].join('\r\n');

const mail = (body: string, head = HEAD) => Buffer.from(`${head}\r\n${body}`);

describe('a DKIM signature', () => {
	it.each([
		['RSA of 2048 bits', RSA_PEM],
		['RSA in PKCS#1', rsa.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
		['Ed25519', generateKeyPairSync('ed25519').privateKey.export(pem).toString()],
	])('by %s passes with mailauth', async (_, key) => {
		const signer = signerOf(key);
		const raw = signMessage(signer, mail('Hello  there \t\r\n\r\nbye\r\n\r\n'), AT);
		expect((await judge(raw, signer)).status).toMatchObject({ result: 'pass' });
		expect(
			raw
				.toString()
				.split('\r\n')
				.every((line) => line.length <= 78),
		).toBe(true);
	});

	it('made on another thread is the same', async () => {
		const signer = signerOf();
		const hash = hashBody(Buffer.from('x\r\n'));
		expect(await signer.signAside(HEAD, hash, AT)).toBe(signer.sign(HEAD, hash, AT));
	});

	it('is that of its own headers, whatever the mails before it had', () => {
		const signer = signerOf();
		const hash = hashBody(Buffer.from('x\r\n'));
		const without = (name: string) => HEAD.replace(new RegExp(`^${name}: .*\r\n`, 'm'), '');
		const heads = [
			HEAD,
			HEAD.replace('grace@', 'joan@'),
			`Cc: joan@example.net\r\n${HEAD}`,
			without('List-Id'),
			without('Feedback-ID'),
			`${HEAD}From: Eve <eve@example.org>\r\n`,
			HEAD.split('\r\n').sort().join('\r\n'),
			'',
		];
		for (const head of [...heads, ...heads.toReversed(), HEAD])
			expect(signer.sign(head, hash, AT)).toBe(signerOf().sign(head, hash, AT));
	});

	it('covers what the rules for bulk mail ask for', () => {
		const names = coveredBy(signMessage(signerOf(), mail('x\r\n'), AT));
		for (const name of [
			'From',
			'To',
			'Subject',
			'Date',
			'Message-ID',
			'MIME-Version',
			'Content-Type',
			'List-Unsubscribe',
			'List-Unsubscribe-Post',
			'List-Id',
			'Feedback-ID',
			'Auto-Submitted',
			'Reply-To',
		])
			expect(names).toContain(name);
		expect(names.filter((name) => name === 'From')).toHaveLength(2);
	});

	it.each([
		['another From', `From: Eve <eve@evil.test>\r\n`],
		['another Subject', 'Subject: You won\r\n'],
		['a Cc that was not there', 'Cc: crowd@example.net\r\n'],
		['another Reply-To', 'Reply-To: eve@evil.test\r\n'],
	])('breaks when somebody adds %s', async (_, added) => {
		const signed = signMessage(signerOf(), mail('x\r\n'), AT);
		const result = await judge(Buffer.concat([Buffer.from(added), signed]));
		expect(result.status).not.toMatchObject({ result: 'pass' });
	});

	it('breaks when a word of the body changes', async () => {
		const signed = signMessage(signerOf(), mail('pay 10 euro\r\n'), AT).toString();
		const result = await judge(Buffer.from(signed.replace('10', '90')));
		expect(result.status).not.toMatchObject({ result: 'pass' });
	});

	it('passes for any body and any header values (by mailauth)', async () => {
		const text = fc.string({ unit: fc.constantFrom(' ', '\t', '\r\n', 'a', 'é', '=', '.') });
		await fc.assert(
			fc.asyncProperty(text, fc.string({ unit: 'grapheme' }), async (body, word) => {
				const value = word.replace(/[\p{Cc}]/gu, ' ').toWellFormed();
				const raw = mail(body, `From: a@example.com\r\nSubject: x  ${value} \t y\r\n`);
				expect((await judge(signMessage(signerOf(), raw, AT))).status).toMatchObject({
					result: 'pass',
				});
			}),
			{ numRuns: 30 },
		);
	});
});

describe('the body hash', () => {
	it('does not depend on where the body is cut', () => {
		const text = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', 'a') });
		fc.assert(
			fc.property(text, text, text, (a, b, c) => {
				const hash = new DkimBodyHash();
				for (const piece of [a, b, c]) hash.update(Buffer.from(piece));
				expect(hash.digest()).toBe(hashBody(Buffer.from(a + b + c)));
			}),
		);
	});

	it('is that of the canonical body, word for word after RFC 6376', () => {
		const text = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', 'a') });
		fc.assert(
			fc.property(text, (body) => {
				const lines = body.split('\r\n').map((line, index, { length }) => {
					const single = line.replace(/[ \t]+/g, ' ');
					// The last has no end of its own: what is left of it is a line if it is not empty.
					return index < length - 1 || single.trimEnd() === '' ? single.replace(/ $/, '') : single;
				});
				while (lines.at(-1) === '') lines.pop();
				const last = lines.pop();
				if (last !== undefined) lines.push(last.replace(/ $/, ''));
				const canonical = lines.map((line) => `${line}\r\n`).join('');
				expect(hashBody(Buffer.from(body))).toBe(
					createHash('sha256').update(canonical).digest('base64'),
				);
			}),
			{ numRuns: 2_000 },
		);
	});

	it('of base64 lines taken as they are is that of reading them', () => {
		const lines = Buffer.from(`${'QUJD'.repeat(19)}\r\n`.repeat(2000));
		const around = [Buffer.from('--b\r\n\r\n'), Buffer.from('\r\n--b--\r\n')] as const;
		const quick = new DkimBodyHash().update(around[0]).updateRelaxed(lines).update(around[1]);
		expect(quick.digest()).toBe(hashBody(Buffer.concat([around[0], lines, around[1]])));
	});

	it('of lines that are relaxed as they stand is that of reading them', () => {
		const around = fc.string({ unit: fc.constantFrom(' ', '\t', '\r\n', 'a') });
		const line = fc.stringMatching(/^( ?[ab]){0,3}$/);
		fc.assert(
			fc.property(around, fc.array(line, { maxLength: 5 }), around, (before, lines, after) => {
				const [head, middle, tail] = [
					Buffer.from(`${before}\r\n`),
					Buffer.from(lines.map((each) => `${each}\r\n`).join('')),
					Buffer.from(after),
				] as const;
				const quick = new DkimBodyHash().update(head).updateRelaxed(middle).update(tail);
				expect(quick.digest()).toBe(hashBody(Buffer.concat([head, middle, tail])));
			}),
			{ numRuns: 1_000 },
		);
	});

	it('of a body without a line is that of nothing', () => {
		const nothing = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
		for (const body of ['', '\r\n', ' \t\r\n\r\n', ' '])
			expect(hashBody(Buffer.from(body))).toBe(nothing);
	});

	it('takes a line of a million blanks in its stride', () => {
		const begun = performance.now();
		hashBody(Buffer.from(`${' '.repeat(1_000_000)}x\r\n${'\r\n'.repeat(500_000)}`));
		expect(performance.now() - begun).toBeLessThan(5_000);
	});
});

describe('a key', () => {
	it.each([
		['nothing', '', 'is empty'],
		[
			'a public key',
			rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
			'public key',
		],
		['garbage', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----', 'cannot be read'],
		[
			'a key under a passphrase',
			rsa.privateKey.export({ ...pem, cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
			'passphrase',
		],
		[
			'an EC key',
			generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pem).toString(),
			'of the kind ec',
		],
		[
			'an RSA key of 512 bits',
			generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey.export(pem).toString(),
			'512 bits',
		],
	])('that is %s is refused in words', (_, privateKey, words) => {
		const made = makeDkimSigner({ domain: 'example.com', selector: 's1', privateKey });
		expect(made).toMatchObject({ ok: false, field: 'privateKey' });
		expect((made as { problem: string }).problem).toContain(words);
	});

	it.each([
		['as pasted', RSA_PEM],
		['on one line', RSA_PEM.replaceAll('\n', ' ')],
		['with \\n as JSON writes them', RSA_PEM.replaceAll('\n', '\\n')],
		['as bare base64', RSA_PEM.replace(/-----[A-Z ]+-----/g, '')],
	])('is read %s', (_, privateKey) => {
		expect(readDkimKey({ domain: 'Example.com.', selector: 'S1', privateKey })).toMatchObject({
			ok: true,
			key: { domain: 'example.com', selector: 's1', bits: 2048 },
			warnings: [],
		});
	});

	it.each([
		['domain', { domain: 'example .com' }],
		['domain', { domain: 'x\r\nBcc: e@evil.test' }],
		['domain', { domain: '' }],
		['selector', { selector: 's1; x=y' }],
		['selector', { selector: '' }],
	])('with a wrong %s (%j) is refused', (field, more) => {
		const text = { domain: 'example.com', selector: 's1', privateKey: RSA_PEM, ...more };
		expect(readDkimKey(text)).toMatchObject({ ok: false, field });
	});

	it('of 1024 bits signs with a warning, and so does Ed25519', () => {
		const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
			.privateKey.export(pem)
			.toString();
		expect(signerOf(short).warnings).toMatchObject([{ code: 'shortKey' }]);
		const ed = generateKeyPairSync('ed25519').privateKey.export(pem).toString();
		expect(signerOf(ed).warnings).toMatchObject([{ code: 'ed25519' }]);
	});
});

describe('the record in the DNS', () => {
	const { key } = signerOf();
	const p = dkimPublicKeyText(key);
	const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
	const bare = rsa.publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');
	const refused = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

	it.each([
		['in pieces', [`v=DKIM1; k=rsa; p=${p.slice(0, 200)}`, p.slice(200)], 'published'],
		['with the bare RSA key', [`p=${bare}`], 'published'],
		[
			'of another key',
			[`v=DKIM1; p=${other.export({ type: 'spki', format: 'der' }).toString('base64')}`],
			'otherKey',
		],
		['of garbage', ['v=DKIM1; p=!!!'], 'otherKey'],
		['that is revoked', ['v=DKIM1; p='], 'revoked'],
		['of another kind', [`v=DKIM1; k=ed25519; p=${p}`], 'unfit'],
		['for SHA-1 only', [`v=DKIM1; h=sha1; p=${p}`], 'unfit'],
		['not for mail', [`v=DKIM1; s=tlsrpt; p=${p}`], 'unfit'],
		['of something else', ['google-site-verification=1'], 'missing'],
	])('%s is told as it is', async (_, pieces, found) => {
		expect(await checkDkimRecord(key, () => Promise.resolve([pieces]))).toMatchObject({ found });
	});

	it.each([
		['ENOTFOUND', 'missing'],
		['ENODATA', 'missing'],
		['ETIMEOUT', 'unknown'],
		['ESERVFAIL', 'unknown'],
	])('that is not there (%s) is %s', async (code, found) => {
		expect(await checkDkimRecord(key, refused(code))).toMatchObject({ found });
	});
});

function coveredBy(raw: Buffer): string[] {
	const header = raw.toString().split(/\r\n(?![ \t])/)[0]!;
	return /h=([^;]+);/
		.exec(header)![1]!
		.split(':')
		.map((name) => name.trim());
}
