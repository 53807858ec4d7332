/*
 * nodemailer's encoder works on strings, piece by piece; a campaign encodes every mail anew, so this
 * one goes over the bytes once.
 */
const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const EQUALS = 61;
/** RFC 2045 section 6.7 rule 5: 76 characters, the soft break's equals sign among them. */
const LINE = 75;

const HEX = Buffer.from('0123456789ABCDEF');
/** A byte stands for itself, is encoded, is a space or tab (which its place decides on), or ends a line. */
const LITERAL = 0;
const ENCODED = 1;
const BLANK = 2;
const BREAK = 3;
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => kindOf(byte));

function kindOf(byte: number): number {
	if (byte === CR || byte === LF) return BREAK;
	if (byte === SPACE || byte === TAB) return BLANK;
	return byte > SPACE && byte < 127 && byte !== EQUALS ? LITERAL : ENCODED;
}

/** Kept from mail to mail: large buffers cost more to make than to fill. */
let scratch = Buffer.allocUnsafeSlow(0);
const SCRATCH_KEPT = 1024 * 1024;

/**
 * A text as quoted-printable (RFC 2045 section 6.7), in UTF-8, with CRLF line ends, no line longer
 * than 76 characters.
 *
 * @returns the encoded bytes; ends with CRLF
 */
export function encodeQuotedPrintable(text: string): Buffer {
	const bytes = Buffer.from(text, 'utf8');
	const out = scratchFor(bytes.length);
	const { length } = bytes;
	let at = 0;
	let column = 0;
	for (let index = 0; index < length; index++) {
		const byte = bytes[index] ?? 0;
		let kind = KIND[byte];
		if (kind === BREAK) {
			if (byte === CR && bytes[index + 1] === LF) index++;
			out[at++] = CR;
			out[at++] = LF;
			column = 0;
			continue;
		}
		// A space or tab at the end of a line would be lost on the way (rule 3).
		if (kind === BLANK) kind = endsLine(bytes, index + 1) ? ENCODED : LITERAL;
		const width = kind === LITERAL ? 1 : 3;
		if (column + width > LINE) {
			out[at++] = EQUALS;
			out[at++] = CR;
			out[at++] = LF;
			column = 0;
		}
		column += width;
		if (kind === LITERAL) {
			out[at++] = byte;
			continue;
		}
		out[at++] = EQUALS;
		out[at++] = HEX[byte >> 4] ?? 0;
		out[at++] = HEX[byte & 15] ?? 0;
	}
	if (column > 0 || at === 0) {
		out[at++] = CR;
		out[at++] = LF;
	}
	return Buffer.from(out.subarray(0, at));
}

function endsLine(bytes: Buffer, index: number): boolean {
	return index >= bytes.length || KIND[bytes[index] ?? 0] === BREAK;
}

/** Room for the worst case: each byte three characters, and a soft break after every 25 of them. */
function scratchFor(bytes: number): Buffer {
	const needed = bytes * 3 + Math.ceil(bytes / 24) * 3 + 4;
	if (needed <= scratch.length) return scratch;
	const made = Buffer.allocUnsafeSlow(needed);
	if (needed <= SCRATCH_KEPT) scratch = made;
	return made;
}
