/**
 * A message as it goes over the wire (RFC 5321 section 4.5.2): lines end with CRLF and with nothing
 * else, a dot at the start of a line is doubled, and the last line has its end.
 */
export interface WireMessage {
	/** In pieces, so that what many messages share is not copied for each. */
	readonly pieces: readonly Buffer[];
	/** Of all pieces, in bytes. */
	readonly size: number;
}

const CRLF = Buffer.from('\r\n');

/** A line end that is not CRLF (the way to smuggle a second mail into one), or a dot at a line's start. */
const NEEDS_WORK = /(?<!\r)\n|\r(?!\n)|^\.|\n\./;

/** Any message, made fit for the wire. */
export function asWireMessage(raw: Buffer): WireMessage {
	const text = raw.toString('latin1');
	const whole = NEEDS_WORK.test(text) ? Buffer.from(repair(text), 'latin1') : raw;
	const pieces = whole.length >= 2 && whole.subarray(-2).equals(CRLF) ? [whole] : [whole, CRLF];
	return { pieces, size: pieces.reduce((size, piece) => size + piece.length, 0) };
}

function repair(text: string): string {
	return text.replace(/\r\n|\r|\n/g, '\r\n').replace(/(^|\n)\./g, '$1..');
}
