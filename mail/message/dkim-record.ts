import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { dkimPublicKeyText, dkimRecordName } from './dkim-key';
import type { DkimKey } from './dkim-key';
import { readTagList } from './tag-list';
import type { TagList } from './tag-list';

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
	const tags = readTagList(answer.text);
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
	if (!isPublicKeyOf(published, key))
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
function unfitness(tags: TagList, key: DkimKey): DkimRecordFinding | undefined {
	const name = dkimRecordName(key);
	const unfit = (what: string): DkimRecordFinding => ({
		found: 'unfit',
		message: `The DNS record ${name} holds this key, but ${what}.`,
	});
	const type = kindOf(key);
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
	return `It should be: ${dkimRecordText(key)}`;
}

/** The record that publishes this key (RFC 6376 section 3.6.1). */
export function dkimRecordText(key: DkimKey): string {
	return `v=DKIM1; k=${kindOf(key)}; p=${dkimPublicKeyText(key)}`;
}

function kindOf({ algorithm }: DkimKey): 'rsa' | 'ed25519' {
	return algorithm === 'rsa-sha256' ? 'rsa' : 'ed25519';
}

/** @param published the base64 of `p=`, without blanks */
export function isPublicKeyOf(published: string, key: DkimKey): boolean {
	if (published === dkimPublicKeyText(key)) return true;
	return readPublicKey(published)?.equals(key.publicKey) ?? false;
}

/**
 * An RSA key as it is published: most publish a SubjectPublicKeyInfo; some the bare RSAPublicKey, which
 * verifiers take too.
 *
 * @returns undefined where it cannot be read
 */
export function readPublicKey(base64: string): KeyObject | undefined {
	const der = Buffer.from(base64.replace(/\s+/g, ''), 'base64');
	for (const type of ['spki', 'pkcs1'] as const)
		try {
			const key = createPublicKey({ key: der, format: 'der', type });
			if (key.asymmetricKeyType === 'rsa') return key;
		} catch {
			// Not in this form.
		}
	return undefined;
}
