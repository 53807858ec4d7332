import Handlebars from 'handlebars';

/** Where a template's `{{…}}` stand; `isBlock` for those that open, part or close a block. */
export interface Mustache {
	start: number;
	end: number;
	isBlock: boolean;
}

/** All `{{…}}` of a source, in order. Quoted texts within may hold braces of their own. */
export function findMustaches(source: string): Mustache[] {
	const found: Mustache[] = [];
	for (let at = source.indexOf('{{'); at >= 0;) {
		const end = endOf(source, at);
		if (end < 0) break;
		found.push({
			start: at,
			end,
			isBlock: /^\{\{~?\s*(?:[#/^]|else\b)/.test(source.slice(at, at + 40)),
		});
		at = source.indexOf('{{', end);
	}
	return found;
}

/** The source with each mustache replaced by as many fillers, so that every place stays where it is. */
export function maskMustaches(source: string, filler: (mustache: Mustache) => string): string {
	let masked = '';
	let at = 0;
	for (const mustache of findMustaches(source)) {
		masked += source.slice(at, mustache.start);
		masked += filler(mustache).repeat(mustache.end - mustache.start);
		at = mustache.end;
	}
	return masked + source.slice(at);
}

/** Whether a piece of a template is whole: every block that begins in it ends in it. */
export function isWhole(piece: string): boolean {
	try {
		Handlebars.parse(piece);
		return true;
	} catch {
		return false;
	}
}

function endOf(source: string, start: number): number {
	const comment = source.startsWith('{{!--', start) || source.startsWith('{{~!--', start);
	const close = comment ? '--' : source.startsWith('{{{', start) ? '}}}' : '}}';
	for (let at = start + 2; at < source.length; at += 1) {
		const character = source.charAt(at);
		if (!comment && (character === '"' || character === "'")) {
			const quoteEnds = source.indexOf(character, at + 1);
			// An apostrophe within a comment, or a quote that is not closed: no text to step over.
			if (quoteEnds >= 0 && !source.startsWith('{{!', start)) at = quoteEnds;
			continue;
		}
		if (!source.startsWith(close, at)) continue;
		if (!comment) return at + close.length;
		const end = source.indexOf('}}', at);
		return end < 0 ? -1 : end + 2;
	}
	return -1;
}
