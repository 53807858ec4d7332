/*
 * nodemailer's encoder works on strings, piece by piece; a campaign encodes every mail anew, so this
 * one goes over the characters once, and not at all over what is the same in every copy.
 */
const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const DOT = 46;
const EQUALS = 61;
/** RFC 2045 section 6.7 rule 5: 76 characters, the soft break's equals sign among them. */
const LINE = 75;

const HEX = Buffer.from('0123456789ABCDEF');
/** A character stands for itself, is encoded, is a space or tab (which its place decides on), or ends a line. */
const LITERAL = 0;
const ENCODED = 1;
const BLANK = 2;
const BREAK = 3;
const KIND = Uint8Array.from({ length: 128 }, (_, code) => kindOf(code));

function kindOf(code: number): number {
	if (code === CR || code === LF) return BREAK;
	if (code === SPACE || code === TAB) return BLANK;
	return code > SPACE && code < 127 && code !== EQUALS ? LITERAL : ENCODED;
}

/** A piece of text in quoted-printable, as it stands at the start of a line. */
export interface EncodedLiteral {
	text: string;
	bytes: Buffer;
	/** Characters up to its first line break, or all. */
	firstLine: number;
	/** Characters after its last line break, or all. */
	lastLine: number;
	/** No two blanks in a row: as DKIM's relaxed form has it (RFC 6376 section 3.4.4). */
	isRelaxed: boolean;
}

/** What a text may hold marks of, in place of pieces that were encoded before. */
export interface EncodedLiterals {
	/** The piece that a mark at this place stands for, if there is a mark; it has two characters. */
	encodedAt(text: string, index: number): EncodedLiteral | undefined;
	/** Bytes of all pieces that the text holds marks of. */
	octetsIn(text: string): number;
	/** Whether the text's encoded form has no blanks that DKIM's relaxed form would take out. */
	areRelaxedIn(text: string): boolean;
}

/**
 * A text as quoted-printable (RFC 2045 section 6.7), in UTF-8, with CRLF line ends, no line longer
 * than 76 characters. No line begins with a dot, so that nothing on the way has to double one (RFC
 * 5321 section 4.5.2).
 *
 * @returns the encoded bytes; ends with CRLF
 */
export function encodeQuotedPrintable(text: string): Buffer {
	const room = roomFor(text);
	if (room > scratch.length && room <= SCRATCH_MOST) scratch = Buffer.allocUnsafeSlow(room);
	const out = room <= scratch.length ? scratch : Buffer.allocUnsafeSlow(room);
	return Buffer.from(out.subarray(0, writeQuotedPrintable(text, out, 0)));
}

/** Most of the room is never needed, and large buffers cost more to make than to fill: one serves all. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);
const SCRATCH_MOST = 1024 * 1024;

/** Bytes that `writeQuotedPrintable` may need: nine for each character, and soft breaks. */
export function roomFor(text: string, literals?: EncodedLiterals): number {
	const own = text.length * 9 + Math.ceil((text.length * 9) / 66) * 3 + 8;
	// A mark is two characters, so the soft break before its piece has its room already.
	return own + (literals?.octetsIn(text) ?? 0);
}

/**
 * Writes what `encodeQuotedPrintable` returns into a buffer with enough room.
 *
 * @param literals those that the text holds marks of
 * @returns where the next thing goes
 */
export function writeQuotedPrintable(
	text: string,
	out: Buffer,
	start: number,
	literals?: EncodedLiterals,
): number {
	const { length } = text;
	let at = start;
	let column = 0;
	for (let index = 0; index < length; index++) {
		const code = text.charCodeAt(index);
		if (code >= 128) {
			const literal = literals?.encodedAt(text, index);
			if (literal) {
				index++;
				if (column > 0 && column + literal.firstLine > LINE) {
					at = softBreak(out, at);
					column = 0;
				}
				at += literal.bytes.copy(out, at);
				const isOneLine = literal.firstLine === literal.bytes.length;
				column = (isOneLine ? column : 0) + literal.lastLine;
				continue;
			}
			const point = text.codePointAt(index) ?? 0;
			if (point > 0xffff) index++;
			// All bytes of a character in one line: some readers decode line by line.
			const width = point < 0x800 ? 6 : point > 0xffff ? 12 : 9;
			if (column + width > LINE) {
				at = softBreak(out, at);
				column = 0;
			}
			column += width;
			at = writeCharacter(point, out, at);
			continue;
		}
		let kind = KIND[code];
		if (kind === LITERAL && column < LINE && (column > 0 || code !== DOT)) {
			out[at++] = code;
			column++;
			continue;
		}
		if (kind === BREAK) {
			if (code === CR && text.charCodeAt(index + 1) === LF) index++;
			out[at++] = CR;
			out[at++] = LF;
			column = 0;
			continue;
		}
		// A space or tab at the end of a line would be lost on the way (rule 3).
		if (kind === BLANK) kind = endsLine(text, index + 1) ? ENCODED : LITERAL;
		if (column + (kind === LITERAL ? 1 : 3) > LINE) {
			at = softBreak(out, at);
			column = 0;
		}
		if (kind === LITERAL && (column > 0 || code !== DOT)) {
			out[at++] = code;
			column++;
			continue;
		}
		at = writeByte(code, out, at);
		column += 3;
	}
	if (column > 0 || at === start) {
		out[at++] = CR;
		out[at++] = LF;
	}
	return at;
}

function endsLine(text: string, index: number): boolean {
	return index >= text.length || KIND[text.charCodeAt(index)] === BREAK;
}

function softBreak(out: Buffer, at: number): number {
	out[at] = EQUALS;
	out[at + 1] = CR;
	out[at + 2] = LF;
	return at + 3;
}

function writeByte(byte: number, out: Buffer, at: number): number {
	out[at] = EQUALS;
	out[at + 1] = HEX[byte >> 4] ?? 0;
	out[at + 2] = HEX[byte & 15] ?? 0;
	return at + 3;
}

/** In UTF-8; half a surrogate pair is no character, and becomes U+FFFD. */
function writeCharacter(point: number, out: Buffer, at: number): number {
	if (point < 0x800)
		return writeByte(0x80 | (point & 63), out, writeByte(0xc0 | (point >> 6), out, at));
	if (point >= 0xd800 && point <= 0xdfff) return writeCharacter(0xfffd, out, at);
	let next = at;
	if (point > 0xffff) {
		next = writeByte(0xf0 | (point >> 18), out, next);
		next = writeByte(0x80 | ((point >> 12) & 63), out, next);
	} else next = writeByte(0xe0 | (point >> 12), out, next);
	next = writeByte(0x80 | ((point >> 6) & 63), out, next);
	return writeByte(0x80 | (point & 63), out, next);
}
