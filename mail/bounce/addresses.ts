/*
 * An address as servers write it: dot-atoms with any character that a server let through, a quoted
 * local part, letters of any script (RFC 6531). Each repetition is bounded, so a search is linear.
 */
const ADDRESS =
	/(?:"(?:[^"\\\n]|\\.){1,64}"|[^\s<>()[\],;:"@\\|`]{1,64})@(?:[\p{L}\p{N}](?:[\p{L}\p{N}_.-]{0,250}[\p{L}\p{N}])?|\[[\d.:a-fA-F]{3,45}\])/gu;

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
		// 'ada@example.org' and *ada@example.org* are written around an address, not in it.
		const lead = /^(?:dda:)?smtp=|^['*=_-]+(?=[^@])/i.exec(match[0])?.[0].length ?? 0;
		const isQuoted = match[0].startsWith("'") && text[match.index + match[0].length] === "'";
		const skip = isQuoted || /^(?:[*=-]|(?:dda:)?smtp=)/i.test(match[0]) ? lead : 0;
		const start = match.index + skip;
		const address = match[0].slice(skip);
		const isBracketed = text[start - 1] === '<';
		if (isAddress(address, isBracketed))
			found.push({ address, start, end: match.index + match[0].length });
	}
	return found;
}

function isAddress(address: string, isBracketed: boolean): boolean {
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
