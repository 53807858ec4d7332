import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { dkimPublicKeyText, dkimRecordName } from './dkim-key';
import type { DkimKey } from './dkim-key';

/** TXT records of a name, each as the pieces that the DNS holds it in; rejects as `node:dns` does. */
export type ResolveTxt = (name: string) => Promise<string[][]>;

/** What others find in the DNS for this key. All but `published` means that its signatures fail. */
export type DkimRecordFinding =
	| { found: 'published' }
	/** The DNS did not answer: nothing is known. */
	| { found: 'unknown'; message: string }
	| { found: 'missing' | 'otherKey' | 'revoked' | 'unfit'; message: string };

/** Looks up the published key (RFC 6376 section 3.6.1) and compares it with the private one. */
export async function checkDkimRecord(
	key: DkimKey,
	resolveTxt: ResolveTxt,
): Promise<DkimRecordFinding> {
	const name = dkimRecordName(key);
	const answer = await lookUp(name, resolveTxt);
	if ('found' in answer) return answer;
	const tags = readTags(answer.text);
	const published = tags.get('p')?.replace(/\s+/g, '');
	if (published === undefined)
		return {
			found: 'missing',
			message: `The DNS record ${name} holds no key (no p=). ${howToPublish(key)}`,
		};
	if (published === '')
		return {
			found: 'revoked',
			message: `The DNS record ${name} says that this key is revoked (p= is empty).`,
		};
	if (!sameKey(published, key))
		return {
			found: 'otherKey',
			message: `The DNS record ${name} holds another key than this one, so signatures will not be believed. ${howToPublish(key)}`,
		};
	return unfitness(tags, key) ?? { found: 'published' };
}

async function lookUp(
	name: string,
	resolveTxt: ResolveTxt,
): Promise<{ text: string } | DkimRecordFinding> {
	try {
		const records = (await resolveTxt(name)).map((pieces) => pieces.join(''));
		const text = records.find((record) => /(^|;)\s*p\s*=/.test(record)) ?? records[0];
		if (text !== undefined) return { text };
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code !== 'ENOTFOUND' && code !== 'ENODATA')
			return {
				found: 'unknown',
				message: `The DNS did not answer for ${name}, so the published key was not compared.`,
			};
	}
	return {
		found: 'missing',
		message: `The DNS has no record ${name}, so signatures will not be believed. Publish the public key there first, or check domain and selector.`,
	};
}

/** `k=`, `h=` and `s=` may keep a key that is the right one from being used for mail like ours. */
function unfitness(tags: Map<string, string>, key: DkimKey): DkimRecordFinding | undefined {
	const name = dkimRecordName(key);
	const unfit = (what: string): DkimRecordFinding => ({
		found: 'unfit',
		message: `The DNS record ${name} holds this key, but ${what}.`,
	});
	const type = key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
	if ((tags.get('k') ?? 'rsa') !== type)
		return unfit(`does not say that it is of the kind ${type} (k=)`);
	if (!listHas(tags.get('h'), 'sha256')) return unfit('does not allow SHA-256 (h=)');
	if (!listHas(tags.get('s'), 'email') && !listHas(tags.get('s'), '*'))
		return unfit('not for email (s=)');
	return undefined;
}

function listHas(list: string | undefined, wanted: string): boolean {
	return list === undefined || list.split(':').some((entry) => entry.trim() === wanted);
}

function howToPublish(key: DkimKey): string {
	const type = key.algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
	return `It should be: v=DKIM1; k=${type}; p=${dkimPublicKeyText(key)}`;
}

function sameKey(published: string, key: DkimKey): boolean {
	if (published === dkimPublicKeyText(key)) return true;
	if (key.algorithm !== 'rsa-sha256') return false;
	// Some publish the bare RSAPublicKey, which verifiers take too.
	const der = Buffer.from(published, 'base64');
	return (['spki', 'pkcs1'] as const).some((type) => readPublic(der, type)?.equals(key.publicKey));
}

function readPublic(der: Buffer, type: 'spki' | 'pkcs1'): KeyObject | undefined {
	try {
		return createPublicKey({ key: der, format: 'der', type });
	} catch {
		return undefined;
	}
}

/** RFC 6376 section 3.2. */
function readTags(text: string): Map<string, string> {
	const tags = new Map<string, string>();
	for (const part of text.slice(0, 8_000).split(';')) {
		const equals = part.indexOf('=');
		if (equals > 0) tags.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim());
	}
	return tags;
}
