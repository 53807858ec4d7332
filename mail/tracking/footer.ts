import { escapeMarkup } from '../model/markup';
import { findHtmlLinks, UNSUBSCRIBE_FIELD } from './find-links';
import type { TrackedParts } from './links';
import { findMustaches } from './mustaches';

/** Whether a template gives its reader the unsubscribe link, outside of its comments. */
export function namesUnsubscribe(source: string): boolean {
	return findMustaches(source).some(({ start, end }) => {
		const mustache = source.slice(start, end);
		return mustache.includes(UNSUBSCRIBE_FIELD) && !/^\{\{~?!/.test(mustache);
	});
}

/**
 * Puts a plain unsubscribe link at the end of each part that has none of its own.
 *
 * @param words what the link says; plain text
 */
export function withUnsubscribeLine(
	{ html, text }: TrackedParts,
	words: string,
): { html?: string; text?: string } {
	return {
		...(html === undefined ? {} : { html: withLine(html, words, 'html') }),
		...(text === undefined ? {} : { text: withLine(text, words, 'text') }),
	};
}

const LINK = `{{${UNSUBSCRIBE_FIELD}}}`;

function withLine(source: string, words: string, part: 'html' | 'text'): string {
	if (namesUnsubscribe(source)) return source;
	if (part === 'text') return `${source.trimEnd()}\n\n${plain(words)}: ${LINK}\n`;
	const { end } = findHtmlLinks(source);
	const line = `<p style="font-size:12px"><a href="${LINK}">${escapeMarkup(plain(words))}</a></p>`;
	return source.slice(0, end) + line + source.slice(end);
}

/** On one line, and no template. */
function plain(words: string): string {
	return words.replace(/\s+/g, ' ').replace(/\{\{+/g, '{');
}
