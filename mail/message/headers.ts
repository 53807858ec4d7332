import type { Mailbox } from '../model/address';
import { encodeWords } from './encoded-words';

/** One header line with its CRLF: encoded (RFC 2047), folded at 76, never over 998 octets (RFC 5322 2.1.1). */
export function textHeader(name: string, value: string): string {
	const clean = oneLine(value);
	return `${fold(`${name}: ${isPlain(clean) ? clean : encodeWords(clean)}`)}\r\n`;
}

/** A header whose value is made of tokens of ours and must stay as it is. */
export function plainHeader(name: string, value: string): string {
	return `${fold(`${name}: ${oneLine(value)}`)}\r\n`;
}

/** From, To, Cc, Reply-To. */
export function addressHeader(name: string, mailboxes: readonly Mailbox[]): string {
	return `${fold(`${name}: ${mailboxes.map(formatMailbox).join(', ')}`)}\r\n`;
}

/** `"Lovelace, Ada" <ada@example.com>`, the name quoted or encoded as it needs. */
export function formatMailbox({ name, address }: Mailbox): string {
	const phrase = formatPhrase(name);
	return phrase === '' ? address : `${phrase} <${address}>`;
}

/** Words before angle brackets, quoted or encoded as they need. */
export function formatPhrase(text: string): string {
	const clean = oneLine(text);
	if (clean === '') return '';
	return isPlain(clean) ? `"${clean.replace(/["\\]/g, '\\$&')}"` : encodeWords(clean);
}

/** In-Reply-To, References: each Message-ID on a line of its own, so that none is ever taken apart. */
export function messageIdHeader(name: string, messageIds: readonly string[]): string {
	return `${name}: ${messageIds.join('\r\n ')}\r\n`;
}

let lastDate = { second: NaN, header: '' };

/** RFC 5322 section 3.3. Mails of one second have the same, which costs as much to make as their subject. */
export function dateHeader(date: Date): string {
	const second = Math.floor(date.getTime() / 1_000);
	if (lastDate.second !== second)
		lastDate = { second, header: `Date: ${date.toUTCString().replace('GMT', '+0000')}\r\n` };
	return lastDate.header;
}

/** Line breaks and control characters would begin a header of somebody else's making. */
export function oneLine(text: string): string {
	return text
		.toWellFormed()
		.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
		.trim();
}

/** A word of more than this cannot be folded, and would make a line too long. */
const LONG_WORD = /[^ ]{401}/;

/** Whether readers get the text back from a header as it stands: ASCII, and nothing that folding changes. */
function isPlain(text: string): boolean {
	return (
		/^[\x20-\x7e]*$/.test(text) &&
		!text.includes('=?') &&
		!text.includes('  ') &&
		!(text.length > 400 && LONG_WORD.test(text))
	);
}

const LINE = 76;

/** Breaks a header line before its spaces, so that no line is longer than its longest word. */
function fold(line: string): string {
	if (line.length <= LINE) return line;
	const lines: string[] = [];
	let current = '';
	for (const word of line.split(' ')) {
		// Nothing is broken off before the value begins: some readers take an empty first line amiss.
		const full = current.length + word.length + 1 > LINE && !current.endsWith(':');
		if (full && current !== '') {
			lines.push(current);
			current = ` ${word}`;
		} else current = current === '' ? word : `${current} ${word}`;
	}
	return [...lines, current].join('\r\n');
}
