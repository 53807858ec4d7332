/** Bytes are carried as strings of the characters U+0000 to U+00FF here, as `latin1` reads them. */
type Octets = string;

const decoders = new Map<string, TextDecoder | undefined>();

/** ISO-2022-JP announces itself in the text, whatever the header calls it (RFC 1468). */

const JAPANESE_ESCAPE = /\x1b[$(][@BJI]/;

/**
 * Octets as text. What names no charset, or a wrong one, is taken as UTF-8 where it is valid UTF-8,
 * and as Windows-1252 otherwise. Never throws.
 */
export function decodeCharset(octets: Octets, charset = ''): string {
	if (/^[\x00-\x1a\x1c-\x7f]*$/.test(octets) && !/^utf-?(?:7|16)/i.test(charset)) return octets;
	const bytes = Buffer.from(octets, 'latin1');
	if (JAPANESE_ESCAPE.test(octets)) return decodeAs('iso-2022-jp', bytes) ?? octets;
	const named = charset.trim().toLowerCase();
	const isVague = named === '' || /^(?:us-)?ascii$|^unknown|^x-unknown|^(?:7|8)bit$/.test(named);
	return (
		(isVague ? undefined : decodeAs(named, bytes)) ??
		decodeAs('utf-8', bytes) ??
		decodeCut(octets) ??
		decodeAs('windows-1252', bytes, false) ??
		octets
	);
}

/** The first bytes of a character in UTF-8 whose last are missing. */
const CUT_CHARACTER = /(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})$/;

/** Servers quote the beginning of a mail, and end it where it is long enough, be it within a character. */
function decodeCut(octets: Octets): string | undefined {
	const whole = octets.replace(CUT_CHARACTER, '');
	// Without another character of more than one byte it is more likely an accent of an older charset.
	if (whole === octets || !/[\x80-\xff]/.test(whole)) return undefined;
	return decodeAs('utf-8', Buffer.from(whole, 'latin1'));
}

/** @returns undefined when the charset is not known, or the bytes are not of it */
function decodeAs(charset: string, bytes: Buffer, strict = true): string | undefined {
	const decoder = decoderFor(charset, strict);
	try {
		return decoder?.decode(bytes);
	} catch {
		// One wrong byte in a text of another charset than UTF-8 does not make the rest wrong.
		return strict && !/^utf-?8$/.test(charset) ? decodeAs(charset, bytes, false) : undefined;
	}
}

function decoderFor(charset: string, fatal: boolean): TextDecoder | undefined {
	const key = `${charset.slice(0, 40)}${fatal ? '!' : ''}`;
	if (decoders.has(key)) return decoders.get(key);
	let decoder: TextDecoder | undefined;
	try {
		decoder = new TextDecoder(charset, { fatal });
	} catch {
		decoder = undefined;
	}
	// The names come from mail: a bound on how many are remembered.
	if (decoders.size < 200) decoders.set(key, decoder);
	return decoder;
}

/** RFC 2045 section 6.7; what is no code stays as it is. */
export function fromQuotedPrintable(text: Octets): Octets {
	return text
		.replace(/=[ \t]{0,20}\n/g, '')
		.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
			String.fromCharCode(Number.parseInt(hex, 16)),
		);
}

export function fromBase64(text: Octets): Octets {
	return Buffer.from(text, 'base64').toString('latin1');
}

const ENCODED_WORD = /=\?([^?\s]{1,60})\?([bq])\?([^?\n]{0,2000})\?=([ \t\n]{1,20}(?==\?))?/gi;

/**
 * A header value with its encoded words read (RFC 2047). A character may be split over two words, so
 * the octets of words that follow each other are joined before they are decoded.
 */
export function decodeWords(value: Octets): string {
	if (!value.includes('=?')) return decodeCharset(value);
	let text = '';
	let end = 0;
	let pending = { charset: '', octets: '' };
	const flush = () => {
		if (pending.octets) text += decodeCharset(pending.octets, pending.charset);
		pending = { charset: '', octets: '' };
	};
	for (const word of value.matchAll(ENCODED_WORD)) {
		const [whole, charsetAndLanguage = '', encoding = '', content = ''] = word;
		const charset = charsetAndLanguage.replace(/\*.*$/, '').toLowerCase();
		if (word.index > end || charset !== pending.charset) flush();
		text += decodeCharset(value.slice(end, word.index));
		const octets =
			encoding.toLowerCase() === 'b'
				? fromBase64(content)
				: fromQuotedPrintable(content.replaceAll('_', ' '));
		pending = { charset, octets: pending.octets + octets };
		end = word.index + whole.length;
	}
	flush();
	return text + decodeCharset(value.slice(end));
}
