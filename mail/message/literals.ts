import { isRelaxed } from './dkim-body';
import { encodeQuotedPrintable } from './quoted-printable';
import type { EncodedLiteral, EncodedLiterals } from './quoted-printable';

/**
 * Stands in a rendered text for one of its literals, whose number is the character behind it. It is a
 * noncharacter, which no text means anything by (Unicode, section 23.7): templates and data are
 * cleared of it.
 */
export const LITERAL_MARK = '\ufdd0';
const MARK = LITERAL_MARK.charCodeAt(0);
const ANY_MARK = /\ufdd0([^])/g;

/** Numbers begin here, well away from what ends lines or is escaped. */
const FIRST_NUMBER = 0x100;
const LAST_NUMBER = 0xcfff;

/** Shorter ones are encoded anew as fast as they are looked up. */
const SHORTEST = 48;

interface Sums {
	rendered: string;
	/** More than the marks in their place. */
	characters: number;
	octets: number;
	areRelaxed: boolean;
}

/**
 * The parts of a template that are the same in every copy of a campaign's mail. They are encoded once:
 * what is rendered holds a mark in the place of each, and only what differs costs anything.
 */
export class Literals implements EncodedLiterals {
	readonly #known: EncodedLiteral[] = [];
	#lastSums: Sums = { rendered: '', characters: 0, octets: 0, areRelaxed: true };

	/**
	 * A piece of a template's text with marks in the place of what need not be seen.
	 *
	 * What stands at either end stays as it is, if it is blank or a line break: what becomes of a blank
	 * depends on what is next to it. So do the slots of personal links, which somebody will look for.
	 */
	mark(content: string): string {
		let marked = '';
		let at = 0;
		for (const slot of content.matchAll(SLOT)) {
			marked += this.#markOne(content.slice(at, slot.index)) + slot[0];
			at = slot.index + slot[0].length;
		}
		return marked + this.#markOne(content.slice(at));
	}

	/** The rendered text without marks. */
	restore(rendered: string): string {
		if (!rendered.includes(LITERAL_MARK)) return rendered;
		return rendered.replace(ANY_MARK, (_, number: string) => this.#at(number.charCodeAt(0)).text);
	}

	/** How many characters `restore` would give. */
	lengthOf(rendered: string): number {
		return rendered.length + this.#measured(rendered).characters;
	}

	octetsIn(rendered: string): number {
		return this.#measured(rendered).octets;
	}

	areRelaxedIn(rendered: string): boolean {
		// A literal begins and ends with no blank, and no encoded line ends with one.
		return this.#measured(rendered).areRelaxed && isRelaxed(rendered);
	}

	encodedAt(rendered: string, index: number): EncodedLiteral | undefined {
		return rendered.charCodeAt(index) === MARK
			? this.#at(rendered.charCodeAt(index + 1))
			: undefined;
	}

	/** What the literals of a rendered text add up to; it is asked for several times in a row. */
	#measured(rendered: string): Sums {
		if (this.#lastSums.rendered === rendered) return this.#lastSums;
		const sums = { rendered, characters: 0, octets: 0, areRelaxed: true };
		for (let at = rendered.indexOf(LITERAL_MARK); at >= 0;) {
			const { text, bytes, isRelaxed: isOneRelaxed } = this.#at(rendered.charCodeAt(at + 1));
			sums.characters += text.length - 2;
			sums.octets += bytes.length;
			sums.areRelaxed &&= isOneRelaxed;
			at = rendered.indexOf(LITERAL_MARK, at + 2);
		}
		this.#lastSums = sums;
		return sums;
	}

	#at(number: number): EncodedLiteral {
		return this.#known[number - FIRST_NUMBER] ?? NOTHING;
	}

	#markOne(content: string): string {
		const start = content.length - content.trimStart().length;
		const core = content.trim();
		if (core.length < SHORTEST) return content;
		const number = FIRST_NUMBER + this.#known.length;
		if (number > LAST_NUMBER) return content;
		this.#known.push(encode(core));
		const mark = LITERAL_MARK + String.fromCharCode(number);
		return content.slice(0, start) + mark + content.slice(start + core.length);
	}
}

/**
 * The slots of mail/tracking begin with U+E000 and end with U+E002 and a word. One whose link holds a
 * field reaches over several pieces of the template.
 */
const SLOT = /\ue000[^\ue002]*(?:\ue002[\w-]{0,12}|$)|^[^\ue000\ue002]*\ue002[\w-]{0,12}/g;

const NOTHING: EncodedLiteral = {
	text: '',
	bytes: Buffer.alloc(0),
	firstLine: 0,
	lastLine: 0,
	isRelaxed: true,
};

function encode(text: string): EncodedLiteral {
	const whole = encodeQuotedPrintable(text);
	// Without the line break that the encoder puts at the end of a text.
	const bytes = whole.subarray(0, -2);
	const firstBreak = bytes.indexOf('\r\n');
	const lastBreak = bytes.lastIndexOf('\r\n');
	return {
		text,
		bytes,
		firstLine: firstBreak < 0 ? bytes.length : firstBreak,
		lastLine: lastBreak < 0 ? bytes.length : bytes.length - lastBreak - 2,
		isRelaxed: isRelaxed(bytes.toString('latin1')),
	};
}
