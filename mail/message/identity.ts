import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A key that references are signed with. */
export interface ReferenceKey {
	/** One character of `a-z2-7`; stands first in each reference, so that keys can be renewed. */
	id: string;
	/** 32 random bytes. */
	secret: Buffer;
}

/** Carries the reference where a server rewrites both Message-ID and return path. */
export const REFERENCE_HEADER = 'X-Smtp-Suite-Reference';
/** Carries the campaign ID, for people who read a mail's source. */
export const CAMPAIGN_HEADER = 'X-Smtp-Suite-Campaign';

/*
 * A reference is 1 + 16 + 11 characters of base32: the key's id, 80 bits that tell this recipient of
 * this campaign from every other, and 55 bits of signature over both. The alphabet has one case and no
 * punctuation, so it survives servers that change the case of a local part, and it stays whole behind
 * a recipient delimiter.
 */
const ID_LENGTH = 16;
const SIGNATURE_LENGTH = 11;
const REFERENCE_LENGTH = 1 + ID_LENGTH + SIGNATURE_LENGTH;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * The reference of one recipient of one campaign: the same whenever it is made with the same key.
 *
 * @param of `key` is the `recipientKey` of the address
 * @returns 28 characters of `a-z2-7`
 */
export function makeReference(
	of: { campaignId: string; key: string },
	signingKey: ReferenceKey,
): string {
	// The length keeps (ab, c) and (a, bc) apart.
	const subject = `${of.campaignId.length}:${of.campaignId}${of.key}`;
	const id = signingKey.id + hmac(signingKey, 'recipient', subject, ID_LENGTH);
	return id + hmac(signingKey, 'signature', id, SIGNATURE_LENGTH);
}

/**
 * Whether a text is a reference that we made.
 *
 * @returns the reference in lower case when its signature is right, else undefined
 */
export function checkReference(
	text: string,
	signingKeys: readonly ReferenceKey[],
): string | undefined {
	const reference = text.toLowerCase();
	if (reference.length !== REFERENCE_LENGTH) return undefined;
	const signingKey = signingKeys.find(({ id }) => reference.startsWith(id));
	if (!signingKey) return undefined;
	const signed = reference.slice(0, 1 + ID_LENGTH);
	const expected = Buffer.from(hmac(signingKey, 'signature', signed, SIGNATURE_LENGTH));
	const given = Buffer.from(reference.slice(1 + ID_LENGTH));
	return given.length === expected.length && timingSafeEqual(given, expected)
		? reference
		: undefined;
}

/** The Message-ID of the recipient's mail, in its brackets (RFC 5322 section 3.6.4). */
export function messageIdFor(reference: string, fromDomain: string): string {
	return `<${reference}@${fromDomain}>`;
}

export type ReturnPath = { ok: true; address: string } | { ok: false; problem: string };

/**
 * The envelope sender of the recipient's mail: `bounces@example.com` becomes
 * `bounces+<reference>@example.com` (VERP, by subaddressing as in RFC 5233).
 */
export function returnPathFor(reference: string, bounceAddress: string): ReturnPath {
	const at = bounceAddress.lastIndexOf('@');
	const localPart = `${bounceAddress.slice(0, at)}+${reference}`;
	if (localPart.length > 64)
		return {
			ok: false,
			problem: `The bounce address "${bounceAddress}" is too long: ${64 - 1 - REFERENCE_LENGTH} characters before the @ leave room for the part that names the recipient.`,
		};
	return { ok: true, address: `${localPart}${bounceAddress.slice(at)}` };
}

/** A run of the alphabet as long as a reference, with no letter or digit on either side. */
const CANDIDATE = new RegExp(
	`(?<![A-Za-z0-9])[A-Za-z2-7]{${REFERENCE_LENGTH}}(?![A-Za-z0-9])`,
	'g',
);
/** More than this a report cannot hold in earnest; each costs one signature to check. */
const MAX_CANDIDATES = 64;

/**
 * Whatever may be a reference in these texts (addresses, Message-IDs, header values), each once, in
 * lower case. Whether one is genuine, `checkReference` tells.
 */
export function referencesIn(texts: readonly string[]): string[] {
	const found = new Set<string>();
	for (const text of texts)
		for (const [candidate] of text.matchAll(CANDIDATE)) {
			found.add(candidate.toLowerCase());
			if (found.size === MAX_CANDIDATES) return [...found];
		}
	return [...found];
}

/** Reading a secret costs ten times what signing with it does; a campaign signs with one. */
const readSecrets = new WeakMap<Buffer, KeyObject>();

function keyFor(secret: Buffer): KeyObject {
	const known = readSecrets.get(secret);
	if (known) return known;
	const read = createSecretKey(secret);
	readSecrets.set(secret, read);
	return read;
}

/** The first `length` base32 characters of an HMAC-SHA-256; `purpose` keeps its uses apart. */
export function hmac(
	{ secret }: ReferenceKey,
	purpose: string,
	text: string,
	length: number,
): string {
	const digest = createHmac('sha256', keyFor(secret)).update(`${purpose}\0${text}`).digest();
	let characters = '';
	let bits = 0;
	let value = 0;
	for (const byte of digest) {
		value = (value << 8) | byte;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			characters += ALPHABET.charAt((value >>> bits) & 31);
		}
		value &= (1 << bits) - 1;
		if (characters.length >= length) break;
	}
	return characters.slice(0, length);
}
