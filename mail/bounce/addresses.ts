/*
 * An address as servers write it: dot-atoms with any character that a server let through, a quoted
 * local part, letters of any script (RFC 6531). Each repetition is bounded, so a search is linear.
 */
const ADDRESS =
	/(?:"(?:[^"\\\n]|\\.){1,64}"|[^\s<>()[\],;:"@\\|`]{1,64})@(?:[\p{L}\p{N}](?:[\p{L}\p{N}_.-]{0,250}[\p{L}\p{N}])?|\[[\d.:a-fA-F]{3,45}\])/gu;

/*
 * Scripts that put no space between words run into an address: "収件人：ada@example.org様". A local part or a
 * domain of Latin letters does not begin or end in another script.
 */
const UNSPACED =
	'\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}[\\p{P}--[\\x00-\\x7f]]';
const BEFORE_LATIN = new RegExp(`^[^@]{0,63}[${UNSPACED}](?=[!-?A-~]{1,63}@)`, 'v');
const AFTER_LATIN = new RegExp(`(@[\\x2d\\x2e\\w]{1,200}\\.[a-z]{2,20})[${UNSPACED}].*$`, 'iv');

export interface FoundAddress {
	address: string;
	/** Where it begins and ends in the text. */
	start: number;
	end: number;
}

/** Every address in a text; in running words a domain has a dot, in angle brackets it need not. */
export function addressesIn(text: string): FoundAddress[] {
	if (!text.includes('@')) return [];
	const found: FoundAddress[] = [];
	for (const match of text.matchAll(ADDRESS)) {
		// 'ada@example.org', *ada@example.org* and 550-ada@example.org have what is written around an address.
		const lead = /^(?:dda:)?smtp=|^[45]\d\d-|^['*=_-]+(?=[^@])/i.exec(match[0])?.[0].length ?? 0;
		// 'ada@example.org' may end after more words: only an address in brackets begins with one.
		const isQuoted = match[0].startsWith("'") && text[match.index - 1] !== '<';
		const marks = isQuoted || /^(?:[*=-]|[45]\d\d-|(?:dda:)?smtp=)/i.test(match[0]) ? lead : 0;
		const skip = marks + (BEFORE_LATIN.exec(match[0])?.[0].length ?? 0);
		const address = match[0].slice(skip).replace(AFTER_LATIN, '$1');
		const start = match.index + skip;
		const isBracketed = text[start - 1] === '<';
		if (isAddress(address, isBracketed))
			found.push({ address, start, end: start + address.length });
	}
	return found;
}

/** An encoded word (RFC 2047) that nobody decoded, whole or in part. */
const ENCODED = /^=?\?[\w-]{1,40}\?[bq]\?/i;

function isAddress(address: string, isBracketed: boolean): boolean {
	if (ENCODED.test(address)) return false;
	const domain = address.slice(address.lastIndexOf('@') + 1);
	return isBracketed || domain.includes('.') || domain.startsWith('[');
}

/** The first address of a header field or of a report's field, without brackets; '' if there is none. */
export function addressOf(field: string): string {
	const bracketed = /<([^<>\n]{1,320})>/.exec(field)?.[1];
	const inBrackets = bracketed === undefined ? [] : addressesIn(`<${bracketed}>`);
	return (inBrackets[0] ?? addressesIn(field)[0])?.address ?? '';
}

/** Servers change the case of addresses; two that differ in it are one. */
export function sameAddress(a: string, b: string): boolean {
	return a.toLowerCase() === b.toLowerCase();
}
