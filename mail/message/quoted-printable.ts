/*
 * nodemailer's encoder works on strings, piece by piece; a campaign encodes every mail anew, so this
 * one goes over the bytes once.
 */
const HEX = Buffer.from('0123456789ABCDEF');
const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const EQUALS = 61;
/** RFC 2045 section 6.7 rule 5: 76 characters, the soft break's equals sign among them. */
const LINE = 75;

/**
 * A text as quoted-printable (RFC 2045 section 6.7), in UTF-8, with CRLF line ends, no line longer
 * than 76 characters.
 *
 * @returns the encoded bytes; ends with CRLF
 */
export function encodeQuotedPrintable(text: string): Buffer {
	const bytes = Buffer.from(text, 'utf8');
	// The worst case: each byte three characters, and a soft break every 25 of them.
	const out = Buffer.allocUnsafe(bytes.length * 3 + Math.ceil(bytes.length / 24) * 3 + 4);
	let at = 0;
	let column = 0;

	const breakLine = () => {
		out[at++] = CR;
		out[at++] = LF;
		column = 0;
	};
	const room = (width: number) => {
		if (column + width <= LINE) return;
		out[at++] = EQUALS;
		breakLine();
	};

	for (let index = 0; index < bytes.length; index++) {
		const byte = bytes[index] ?? 0;
		if (byte === CR || byte === LF) {
			if (byte === CR && bytes[index + 1] === LF) index++;
			breakLine();
			continue;
		}
		if (isLiteral(byte, bytes[index + 1])) {
			room(1);
			out[at++] = byte;
			column += 1;
			continue;
		}
		room(3);
		out[at++] = EQUALS;
		out[at++] = HEX[byte >> 4] ?? 0;
		out[at++] = HEX[byte & 15] ?? 0;
		column += 3;
	}
	if (column > 0 || at === 0) breakLine();
	return Buffer.from(out.subarray(0, at));
}

/** Printable ASCII; a space or tab only where no line end follows it (rule 3). */
function isLiteral(byte: number, next: number | undefined): boolean {
	if (byte === SPACE || byte === TAB) return next !== undefined && next !== CR && next !== LF;
	return byte > SPACE && byte < 127 && byte !== EQUALS;
}
