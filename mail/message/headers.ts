import { encodeWord, encodeWords, foldLines } from 'nodemailer/lib/mime-funcs';

import type { Mailbox } from '../model/address';

/** One header line with its CRLF: encoded (RFC 2047), folded at 76, never over 998 octets (RFC 5322 2.1.1). */
export function textHeader(name: string, value: string): string {
	const clean = oneLine(value);
	// Folding needs spaces: a word too long for a line is taken apart into encoded words.
	const encoded = hasLongWord(clean)
		? encodeWord(clean, 'B', 52)
		: encodeWords(clean, 'Q', 52, true);
	return `${foldLines(`${name}: ${encoded}`, 76)}\r\n`;
}

/** A header whose value is made of tokens of ours and must stay as it is. */
export function plainHeader(name: string, value: string): string {
	return `${foldLines(`${name}: ${oneLine(value)}`, 76)}\r\n`;
}

/** From, To, Cc, Reply-To. */
export function addressHeader(name: string, mailboxes: readonly Mailbox[]): string {
	return `${foldLines(`${name}: ${mailboxes.map(formatMailbox).join(', ')}`, 76)}\r\n`;
}

/** `"Lovelace, Ada" <ada@example.com>`, the name quoted or encoded as it needs. */
export function formatMailbox({ name, address }: Mailbox): string {
	const clean = oneLine(name);
	if (clean === '') return address;
	if (/^[\x20-\x7e]*$/.test(clean) && !hasLongWord(clean) && !clean.includes('=?'))
		return `"${clean.replace(/["\\]/g, '\\$&')}" <${address}>`;
	return `${encodeWord(clean, 'B', 52)} <${address}>`;
}

/** RFC 5322 section 3.3. */
export function dateHeader(date: Date): string {
	return `Date: ${date.toUTCString().replace('GMT', '+0000')}\r\n`;
}

/** Line breaks and control characters would begin a header of somebody else's making. */
export function oneLine(text: string): string {
	return text
		.toWellFormed()
		.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
		.trim();
}

const LONG_WORD = 400;

function hasLongWord(text: string): boolean {
	return text.length > LONG_WORD && text.split(' ').some((word) => word.length > LONG_WORD);
}
