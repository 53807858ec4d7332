import { Parser, QuoteType } from 'htmlparser2';

import { isWhole, maskMustaches } from './mustaches';

/** A link in the source of a template, by the place of its target's text. */
export interface FoundLink {
	start: number;
	end: number;
	/** The target as a reader's program would follow it; with its `{{…}}` where `isOwn`. */
	target: string;
	/** The target differs from recipient to recipient. */
	isOwn: boolean;
}

export interface FoundLinks {
	links: FoundLink[];
	/** Targets of links that are marked as not to be tracked. */
	marked: Set<string>;
	/** Where the body ends. */
	end: number;
}

/** `<a href="…" data-no-track>` is left as it is. */
export const MARK = 'data-no-track';
/** The field that gives a recipient's own unsubscribe link; it is never led through another link. */
export const UNSUBSCRIBE_FIELD = 'unsubscribeUrl';

/** Stands for a mustache while the HTML around it is read; means nothing to HTML, nor in a URL. */
const FILLER = '\ue003';
const FILLERS = /\ue003+/g;

/**
 * The links of an HTML template that lead to a web page: `href` of `a` and `area`, as a tokenizer of HTML
 * finds them. Others (mailto, tel, anchors, relative ones), marked ones, and whatever stands in
 * comments, scripts and styles are left out.
 */
export function findHtmlLinks(source: string): FoundLinks {
	const masked = maskMustaches(source, () => FILLER);
	const reader = new LinkReader(source, masked);
	reader.write(masked);
	reader.end();
	return { links: reader.links, marked: reader.marked, end: reader.bodyEnds };
}

/** Reads HTML as a browser would, and notes where in it the targets of its links stand. */
class LinkReader extends Parser {
	readonly links: FoundLink[] = [];
	readonly marked = new Set<string>();
	bodyEnds: number;
	readonly #source: string;
	readonly #masked: string;
	#tag = '';
	#attribute = '';
	#value: { start: number; end: number } | undefined;
	#hrefs: { start: number; end: number }[] = [];
	#isMarked = false;

	constructor(source: string, masked: string) {
		super(null, { decodeEntities: false });
		this.#source = source;
		this.#masked = masked;
		this.bodyEnds = source.length;
	}

	override onopentagname(start: number, end: number): void {
		super.onopentagname(start, end);
		this.#tag = this.#name(start, end);
		this.#hrefs = [];
		this.#isMarked = false;
	}

	override onattribname(start: number, end: number): void {
		super.onattribname(start, end);
		this.#attribute = this.#name(start, end).replace(FILLERS, '');
		this.#value = undefined;
		if (this.#attribute === MARK) this.#isMarked = true;
	}

	override onattribdata(start: number, end: number): void {
		super.onattribdata(start, end);
		this.#value = { start: this.#value?.start ?? start, end };
	}

	override onattribend(quote: QuoteType, end: number): void {
		super.onattribend(quote, end);
		if (!this.#value || this.#attribute !== 'href') return;
		if (this.#tag !== 'a' && this.#tag !== 'area') return;
		const hasFields = this.#source.slice(this.#value.start, this.#value.end).includes('{{');
		// What stands without quotes may end anywhere once its fields are filled in.
		if (quote !== QuoteType.Unquoted || !hasFields) this.#hrefs.push(this.#value);
	}

	override onopentagend(end: number): void {
		super.onopentagend(end);
		this.#tagEnds();
	}

	override onselfclosingtag(end: number): void {
		super.onselfclosingtag(end);
		this.#tagEnds();
	}

	override onclosetag(start: number, end: number): void {
		super.onclosetag(start, end);
		const name = this.#name(start, end);
		// Of </body> and </html> whichever comes first, without the "</" before it.
		if (name === 'body' || name === 'html') this.bodyEnds = Math.min(this.bodyEnds, start - 2);
	}

	#tagEnds(): void {
		for (const { start, end } of this.#hrefs) {
			const link = readTarget(this.#source, start, end);
			if (!link) continue;
			if (this.#isMarked) this.marked.add(link.target);
			else this.links.push(link);
		}
		this.#hrefs = [];
	}

	#name(start: number, end: number): string {
		return this.#masked.slice(start, end).toLowerCase();
	}
}

/** Blocks end a link in a text: nobody can tell which side of `{{/if}}` belongs to it. */
const IN_TEXT = /https?:\/\/[^\s<>"`\\^{|}]+/gi;
const TRAILING = /[.,;:!?'*_~\]]+$/;

/** The links of a text template: whatever begins with http:// or https://, without the punctuation behind it. */
export function findTextLinks(source: string): FoundLink[] {
	const masked = maskMustaches(source, ({ isBlock }) => (isBlock ? ' ' : FILLER));
	const links: FoundLink[] = [];
	for (const { 0: match, index } of masked.matchAll(IN_TEXT)) {
		const link = readTarget(source, index, index + withoutTrailing(match).length, 'text');
		if (link) links.push(link);
	}
	return links;
}

/** A closing parenthesis belongs to a URL only if the URL has its opening one. */
function withoutTrailing(match: string): string {
	let text = match.replace(TRAILING, '');
	while (text.endsWith(')') && count(text, '(') < count(text, ')'))
		text = text.slice(0, -1).replace(TRAILING, '');
	return text;
}

function count(text: string, character: string): number {
	return text.split(character).length - 1;
}

function readTarget(
	source: string,
	start: number,
	end: number,
	part: 'html' | 'text' = 'html',
): FoundLink | undefined {
	const raw = source.slice(start, end);
	if (raw.includes('{{')) {
		const isOurs = raw.includes(UNSUBSCRIBE_FIELD);
		if (isOurs || !mayBeWeb(raw) || !isWhole(raw)) return undefined;
		return { start, end, target: raw.trim(), isOwn: true };
	}
	const target = webTarget(part === 'html' ? decodeAttribute(raw) : raw);
	return target === undefined ? undefined : { start, end, target, isOwn: false };
}

/** Whether a target that begins like this can still turn out to be a web page. */
function mayBeWeb(raw: string): boolean {
	const fixed = raw.slice(0, raw.indexOf('{{')).trimStart().toLowerCase();
	return fixed === '' || /^https?:\/\//.test(fixed);
}

/** @returns the target as it may stand in a Location header; undefined when it is no web page */
export function webTarget(text: string): string | undefined {
	const trimmed = text.trim();
	if (!/^https?:\/\//i.test(trimmed) || !URL.canParse(trimmed)) return undefined;
	return new URL(trimmed).href;
}

/** What a browser makes of an attribute's text: character references replaced. */
export function decodeAttribute(raw: string): string {
	if (!raw.includes('&')) return raw;
	let decoded = raw;
	const parser = new Parser({
		onattribute: (_, value) => {
			decoded = value;
		},
	});
	parser.end(`<a href="${raw.replaceAll('"', '&quot;')}">`);
	return decoded;
}
