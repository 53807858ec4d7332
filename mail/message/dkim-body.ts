import { createHash } from 'node:crypto';

const BLANKS = /\t[ \t]*| [ \t]+/g;

/**
 * The hash of a message's body for its DKIM signature, taken piece by piece: relaxed (RFC 6376 section
 * 3.4.4), SHA-256. Lines end with CRLF.
 */
export class DkimBodyHash {
	readonly #hash = createHash('sha256');
	/** Blanks and line breaks that count only once something stands behind them. */
	#held = '';
	/** Something of the body went into the hash. */
	#begun = false;

	update(piece: Buffer): this {
		const text = piece.toString('latin1');
		const end = withoutHeld(text);
		if (end === 0) {
			this.#held += text;
			return this;
		}
		if (this.#held === '' && isRelaxed(text)) this.#take(piece.subarray(0, end));
		else this.#take(canonical(this.#held + text.slice(0, end)));
		this.#held = text.slice(end);
		return this;
	}

	/**
	 * The same for whole lines that are relaxed as they stand, such as those of base64: nobody has to look
	 * for blanks in them, and they are hashed at the speed of the machine.
	 */
	updateRelaxed(lines: Buffer): this {
		const end = withoutBreaks(lines);
		if (end > 0) {
			if (this.#held !== '') this.#take(canonical(this.#held));
			this.#take(lines.subarray(0, end));
			this.#held = '';
		}
		this.#held += lines.toString('latin1', end);
		return this;
	}

	/** `bh=`, base64; the hash takes no more pieces after that. */
	digest(): string {
		const rest = withoutEnd(canonical(this.#held));
		if (rest !== '') this.#take(rest);
		// A body that has a line ends with exactly one line break; an empty one has none.
		if (this.#begun) this.#take('\r\n');
		return this.#hash.digest('base64');
	}

	#take(bytes: Buffer | string): void {
		if (typeof bytes === 'string') this.#hash.update(bytes, 'latin1');
		else this.#hash.update(bytes);
		this.#begun = true;
	}
}

/** @returns `bh=` of a body that is there as a whole */
export function hashBody(body: Buffer): string {
	return new DkimBodyHash().update(body).digest();
}

/** Blanks become one space, and none where a line ends. */
function canonical(text: string): string {
	return isRelaxed(text) ? text : text.replace(BLANKS, ' ').replaceAll(' \r\n', '\r\n');
}

/** Most texts are; these searches are faster than one for all three. */
export function isRelaxed(text: string): boolean {
	return !text.includes('  ') && !text.includes(' \r') && !text.includes('\t');
}

/** @returns where the blanks and line breaks at the end of a text begin */
function withoutHeld(text: string): number {
	let end = text.length;
	while (end > 0 && ' \t\r\n'.includes(text.charAt(end - 1))) end -= 1;
	return end;
}

/** @returns where the line breaks at the end of whole lines begin */
function withoutBreaks(lines: Buffer): number {
	let end = lines.length;
	while (end >= 2 && lines[end - 1] === LF && lines[end - 2] === CR) end -= 2;
	return end;
}

const CR = 13;
const LF = 10;

/** A canonical text without the empty lines, and the blank of an unfinished one, that are its end. */
function withoutEnd(text: string): string {
	let end = text.length;
	for (;;)
		if (text.charAt(end - 1) === ' ') end -= 1;
		else if (text.startsWith('\r\n', end - 2) && end >= 2) end -= 2;
		else return text.slice(0, end);
}
