/** RFC 2045 section 6.8: 76 characters a line, which hold 57 bytes. */
const LINE = 76;
const BYTES_A_LINE = 57;
/** A multiple of a line's bytes, so that pieces can be encoded one after the other. */
const CHUNK = BYTES_A_LINE * 1024;

/** Octets that `bytes` become as lines of base64, the CRLF of each among them. */
export function base64Length(bytes: number): number {
	return Math.ceil(bytes / 3) * 4 + Math.ceil(bytes / BYTES_A_LINE) * 2;
}

/** All of a file as lines of base64, each with its CRLF. */
export function encodeBase64(bytes: Buffer): Buffer {
	const out = Buffer.allocUnsafe(base64Length(bytes.length));
	const encoder = new Base64Encoder(out, 0);
	encoder.write(bytes);
	encoder.end();
	return out;
}

/** Writes a file that comes in pieces as lines of base64 into a buffer that has room for it. */
export class Base64Encoder {
	#rest = Buffer.alloc(0);

	/** @param at where in `out` the first line goes */
	constructor(
		private readonly out: Buffer,
		private at: number,
	) {}

	write(piece: Buffer): void {
		let bytes = piece;
		if (this.#rest.length > 0) {
			const missing = BYTES_A_LINE - this.#rest.length;
			this.#rest = Buffer.concat([this.#rest, piece.subarray(0, missing)]);
			if (this.#rest.length < BYTES_A_LINE) return;
			this.#lines(this.#rest);
			bytes = piece.subarray(missing);
		}
		const whole = bytes.length - (bytes.length % BYTES_A_LINE);
		for (let from = 0; from < whole; from += CHUNK)
			this.#lines(bytes.subarray(from, Math.min(from + CHUNK, whole)));
		// A copy: the stream may use the piece's memory again.
		this.#rest = Buffer.from(bytes.subarray(whole));
	}

	/** @returns where the next thing goes */
	end(): number {
		if (this.#rest.length > 0) this.#lines(this.#rest);
		this.#rest = Buffer.alloc(0);
		return this.at;
	}

	#lines(bytes: Buffer): void {
		const encoded = bytes.toString('base64');
		for (let from = 0; from < encoded.length; from += LINE) {
			this.at += this.out.write(encoded.slice(from, from + LINE), this.at, 'latin1');
			this.out[this.at++] = 13;
			this.out[this.at++] = 10;
		}
	}
}
