import { timingSafeEqual } from 'node:crypto';

import { hmac } from '../message/identity';
import type { ReferenceKey } from '../message/identity';

/** What a link of ours stands for. */
export interface TrackingToken {
	kind: TokenKind;
	/** Whose mail of which campaign; the store knows (`findMail`). */
	reference: string;
	/** The link's number for a click, else 0. */
	link: number;
	/** Where a click leads to, for a link that differs from recipient to recipient. */
	target?: string;
}

export type TokenKind = 'open' | 'click' | 'unsubscribe';

/*
 * A token is 1 + 1 + 28 + 13 characters of `a-z2-7`, for its kind, the signing key, the reference and
 * 65 bits of signature, then the link's number in base 36, then, for a link of the recipient's own, a
 * dot and the target in base64url. The signature covers all the rest. No address, no campaign, nothing
 * that a reader of a server's log could learn from.
 */
const LETTERS: Readonly<Record<TokenKind, string>> = {
	open: 'o',
	click: 'c',
	unsubscribe: 'u',
};
const SIGNATURE_LENGTH = 13;
const SHAPE =
	/^([ocu])([a-z2-7])([a-z2-7]{28})([a-z2-7]{13})([0-9a-z]{1,6})(?:\.([\w-]{1,4000}))?$/;
const LONGEST = 5_000;

export function makeToken(
	{ kind, reference, link, target }: TrackingToken,
	key: ReferenceKey,
): string {
	const number = link.toString(36);
	const own = target === undefined ? '' : `.${Buffer.from(target).toString('base64url')}`;
	const signature = sign(LETTERS[kind], reference, number + own, key);
	return `${LETTERS[kind]}${key.id}${reference}${signature}${number}${own}`;
}

/**
 * Reads a token.
 *
 * @returns undefined unless every character is as we made it; how much of a forged one was right
 *   cannot be told from the time this takes
 */
export function readToken(text: string, keys: readonly ReferenceKey[]): TrackingToken | undefined {
	if (text.length > LONGEST) return undefined;
	const found = SHAPE.exec(text);
	if (!found) return undefined;
	const [, letter = '', keyId = '', reference = '', signature = '', number = '', encoded] = found;
	const key = keys.find(({ id }) => id === keyId);
	const kind = KINDS[letter];
	if (!key || !kind) return undefined;
	const own = encoded === undefined ? '' : `.${encoded}`;
	const expected = Buffer.from(sign(letter, reference, number + own, key));
	if (!timingSafeEqual(expected, Buffer.from(signature))) return undefined;
	const link = Number.parseInt(number, 36);
	if (encoded === undefined) return { kind, reference, link };
	return { kind, reference, link, target: Buffer.from(encoded, 'base64url').toString() };
}

/** What a token says that it is; whether it is one of ours, `readToken` tells. */
export function claimedKind(text: string): TokenKind | undefined {
	return KINDS[text.charAt(0)];
}

const KINDS: Readonly<Record<string, TokenKind>> = Object.fromEntries(
	(Object.entries(LETTERS) as [TokenKind, string][]).map(([kind, letter]) => [letter, kind]),
);

function sign(letter: string, reference: string, rest: string, key: ReferenceKey): string {
	return hmac(key, 'tracking', `${letter}${reference}${rest}`, SIGNATURE_LENGTH);
}
