import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { domainToASCII } from 'node:url';

/** What signs a domain's mail, as a person enters it. */
export interface DkimKeyText {
	/** `d=`: the domain that answers for the mail. */
	domain: string;
	/** `s=`: under which name the public key stands in the DNS. */
	selector: string;
	/** PEM (PKCS#8 or PKCS#1), also with its line breaks lost, or the bare base64 between its lines. */
	privateKey: string;
}

/** A key that can sign; valid by construction. */
export interface DkimKey {
	/** ASCII, lower case. */
	domain: string;
	selector: string;
	algorithm: 'rsa-sha256' | 'ed25519-sha256';
	/** Parsed once: reading a PEM costs three times what signing with it does. */
	privateKey: KeyObject;
	publicKey: KeyObject;
	/** Size of an RSA key. */
	bits?: number;
}

export type ReadDkimKey =
	| { ok: true; key: DkimKey; warnings: DkimKeyWarning[] }
	| { ok: false; field: 'domain' | 'selector' | 'privateKey'; problem: string };

/** The key signs, but not everybody will believe it. */
export interface DkimKeyWarning {
	code: 'shortKey' | 'ed25519';
	message: string;
}

/** RFC 8301 section 3.2: verifiers take no RSA key under 1024 bits; signers should use 2048. */
const MIN_BITS = 1024;
const GOOD_BITS = 2048;

/**
 * Reads a key once, so that every mail can be signed with it.
 *
 * @returns the problem of the first field that is wrong, in words for the user; never any part of the key
 */
export function readDkimKey(text: DkimKeyText): ReadDkimKey {
	const domain = domainToASCII(text.domain.trim().replace(/\.$/, '')).toLowerCase();
	if (!isDnsName(domain) || !domain.includes('.'))
		return {
			ok: false,
			field: 'domain',
			problem:
				'Domain is no domain. Enter the one behind the @ of the sender, such as example.com.',
		};
	const selector = text.selector.trim().toLowerCase();
	if (!isDnsName(selector))
		return {
			ok: false,
			field: 'selector',
			problem: `Selector is no selector. It is the part before ._domainkey.${domain} in the DNS, such as mail or s1.`,
		};
	const parsed = parsePrivateKey(text.privateKey);
	if (!parsed.ok) return { ok: false, field: 'privateKey', problem: parsed.problem };
	const { privateKey } = parsed;
	const judged = judge(privateKey);
	if (!judged.ok) return { ok: false, field: 'privateKey', problem: judged.problem };
	const { algorithm, bits, warnings } = judged;
	const publicKey = createPublicKey(privateKey);
	const key = { domain, selector, algorithm, privateKey, publicKey, ...(bits ? { bits } : {}) };
	return { ok: true, key, warnings };
}

/** Where the public key of a signature is looked up (RFC 6376 section 3.6.2.1). */
export function dkimRecordName({ domain, selector }: Pick<DkimKey, 'domain' | 'selector'>): string {
	return `${selector}._domainkey.${domain}`;
}

/**
 * The public key as it stands in the `p=` of the DNS record: SPKI for RSA (RFC 6376 section 3.6.1), the
 * bare 32 bytes for Ed25519 (RFC 8463 section 4.2).
 */
export function dkimPublicKeyText({ algorithm, publicKey }: DkimKey): string {
	const spki = publicKey.export({ format: 'der', type: 'spki' });
	return (algorithm === 'rsa-sha256' ? spki : spki.subarray(-32)).toString('base64');
}

type Judged =
	| { ok: true; algorithm: DkimKey['algorithm']; bits?: number; warnings: DkimKeyWarning[] }
	| { ok: false; problem: string };

function judge(key: KeyObject): Judged {
	if (key.asymmetricKeyType === 'ed25519')
		return {
			ok: true,
			algorithm: 'ed25519-sha256',
			warnings: [
				{
					code: 'ed25519',
					message:
						'Gmail and Outlook do not verify Ed25519 signatures. Use an RSA key of 2048 bits.',
				},
			],
		};
	if (key.asymmetricKeyType !== 'rsa')
		return {
			ok: false,
			problem: `Private Key is of the kind ${key.asymmetricKeyType ?? 'unknown'}, which DKIM does not know. Use an RSA key of 2048 bits.`,
		};
	const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
	if (bits < MIN_BITS)
		return {
			ok: false,
			problem: `Private Key has ${bits} bits; no server believes an RSA key under ${MIN_BITS}. Use one of ${GOOD_BITS} bits.`,
		};
	if (bits >= GOOD_BITS) return { ok: true, algorithm: 'rsa-sha256', bits, warnings: [] };
	return {
		ok: true,
		algorithm: 'rsa-sha256',
		bits,
		warnings: [
			{
				code: 'shortKey',
				message: `The RSA key has ${bits} bits; ${GOOD_BITS} are asked for today. Make a new one.`,
			},
		],
	};
}

type ParsedKey = { ok: true; privateKey: KeyObject } | { ok: false; problem: string };

/** Longer than the PEM of any RSA key in use (16384 bits make 13 KB). */
const MAX_KEY_TEXT = 32_000;
const PEM = /-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \1-----/;

function parsePrivateKey(text: string): ParsedKey {
	const refuse = (problem: string): ParsedKey => ({ ok: false, problem });
	// n8n's one-line fields turn line breaks into spaces; JSON and environment files write them as \n.
	const given = text.slice(0, MAX_KEY_TEXT).replaceAll('\\n', '\n').trim();
	if (given === '') return refuse('Private Key is empty. Paste the key that signs.');
	const pem = PEM.exec(given);
	const label = pem?.[1] ?? '';
	const inside = pem?.[2] ?? given;
	if (label === 'CERTIFICATE' || label.endsWith('PUBLIC KEY'))
		return refuse(
			`Private Key holds a ${label.toLowerCase()}. The public half belongs in the DNS; paste the private one.`,
		);
	if (label.startsWith('ENCRYPTED') || inside.includes('ENCRYPTED'))
		return refuse(
			'Private Key is protected by a passphrase. Take it off first: openssl pkey -in key.pem -out plain.pem',
		);
	if (label.startsWith('OPENSSH'))
		return refuse(
			'Private Key is an SSH key, which DKIM does not use. Make an RSA key in PEM form.',
		);
	const der = Buffer.from(inside.replace(/\s+/g, ''), 'base64');
	for (const type of ['pkcs8', 'pkcs1'] as const)
		try {
			return { ok: true, privateKey: createPrivateKey({ key: der, format: 'der', type }) };
		} catch {
			// The next form; what OpenSSL says of a broken key helps nobody.
		}
	if (label === 'EC PRIVATE KEY')
		return refuse(
			'Private Key is of the kind ec, which DKIM does not know. Use an RSA key of 2048 bits.',
		);
	return refuse(
		'Private Key cannot be read. Paste the whole key, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----.',
	);
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

function isDnsName(name: string): boolean {
	return name.length <= 253 && name.split('.').every((label) => LABEL.test(label));
}
