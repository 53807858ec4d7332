import { randomBytes } from 'node:crypto';

/*
 * A slot is a mark in a template's source, and in what is rendered from it, around the text of a link:
 * which link it is can then be found without reading the HTML again. Its marks are private characters of
 * Unicode and a random word, so that no recipient's data can make one.
 */
export class Slots {
	readonly #open: string;
	readonly #close: string;

	constructor(word: string = randomBytes(9).toString('base64url')) {
		this.#open = `\ue000${word}`;
		this.#close = `\ue002${word}`;
	}

	make(name: string, original: string): string {
		return `${this.#open}${name}\ue001${original}${this.#close}`;
	}

	/** @param fill what comes in place of a slot; `before` is the text up to it */
	fill(
		rendered: string,
		fill: (slot: { name: string; original: string; before: string; after: string }) => Filling,
	): string {
		let out = '';
		let at = 0;
		for (;;) {
			const start = rendered.indexOf(this.#open, at);
			if (start < 0) break;
			const named = rendered.indexOf('\ue001', start);
			const end = rendered.indexOf(this.#close, start);
			if (named < 0 || end < named) break;
			out += rendered.slice(at, start);
			const next = end + this.#close.length;
			const {
				text,
				without = 0,
				skip = 0,
			} = fill({
				name: rendered.slice(start + this.#open.length, named),
				original: rendered.slice(named + 1, end),
				before: out,
				after: rendered.charAt(next),
			});
			out = (without > 0 ? out.slice(0, -without) : out) + text;
			at = next + skip;
		}
		return out + rendered.slice(at);
	}
}

export interface Filling {
	text: string;
	/** How many characters before the slot go with it. */
	without?: number;
	/** How many characters behind the slot go with it. */
	skip?: number;
}
