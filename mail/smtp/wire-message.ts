/**
 * A message as it goes over the wire (RFC 5321 section 4.5.2): lines end with CRLF and with nothing
 * else, a dot at the start of a line is doubled, and the last line has its end.
 */
export interface WireMessage {
	/** In pieces, so that what many messages share is not copied for each. */
	readonly pieces: readonly Buffer[];
	/** Of all pieces, in bytes. */
	readonly size: number;
	/** How many of these bytes are dots that the receiver takes out again; none when it is not said. */
	readonly doubledDots?: number;
}

const LF = 10;
/** So much of a message is looked at as text at a time: the whole would be in memory once more. */
const LOOK = 64 * 1024;
const CRLF = Buffer.from('\r\n');

/** A line end that is not CRLF (the way to smuggle a second mail into one), or a dot at a line's start. */
const NEEDS_WORK = /(?<!\r)\n|\r(?!\n)|^\.|\n\./;

/** Any message, made fit for the wire; one that is fit already is not copied. */
export function asWireMessage(raw: Buffer): WireMessage {
	const { bytes, doubledDots } = isFit(raw) ? { bytes: raw, doubledDots: 0 } : repair(raw);
	const hasEnd = bytes.length >= 2 && bytes.subarray(-2).equals(CRLF);
	const pieces = hasEnd ? [bytes] : [bytes, CRLF];
	return { pieces, size: pieces.reduce((size, piece) => size + piece.length, 0), doubledDots };
}

/**
 * The size that servers are told and that their limits are about: without the dots that are doubled,
 * and without the final one (RFC 1870 section 3).
 */
export function declaredSize({ size, doubledDots = 0 }: WireMessage): number {
	return size - doubledDots;
}

function isFit(raw: Buffer): boolean {
	for (let from = 0; from < raw.length;) {
		// Cut after a line's end, so that what is looked for is on neither side of the cut.
		const lineEnd = raw.indexOf(LF, from + LOOK);
		const to = lineEnd < 0 ? raw.length : lineEnd + 1;
		if (NEEDS_WORK.test(raw.toString('latin1', from, to))) return false;
		from = to;
	}
	return true;
}

function repair(raw: Buffer): { bytes: Buffer; doubledDots: number } {
	let doubledDots = 0;
	const text = raw
		.toString('latin1')
		.replace(/\r\n|\r|\n/g, '\r\n')
		.replace(/(^|\n)\./g, (_, lineStart: string) => {
			doubledDots += 1;
			return `${lineStart}..`;
		});
	return { bytes: Buffer.from(text, 'latin1'), doubledDots };
}
