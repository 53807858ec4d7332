/*
 * Control characters that XML 1.0 forbids (section 2.2), and halves of surrogate pairs: one of them in a
 * stored text would make the whole picture unreadable.
 */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Any text as text of HTML or SVG, within an element or a quoted attribute. */
export function escapeMarkup(text: string): string {
	return text
		.toWellFormed()
		.replace(FORBIDDEN, '\ufffd')
		.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** At most so many characters, an ellipsis standing for the rest. */
export function shorten(text: string, length: number): string {
	const characters = Array.from(text.slice(0, length * 4));
	return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : text;
}

/** A link as people say it. */
export function shortLink(target: string): string {
	return target.replace(/^https?:\/\/(?:www\.)?/, '');
}

/** `12,345` */
export function number(value: number): string {
	return value.toLocaleString('en-US');
}

/** `12.5%`, or a dash for no rate. */
export function rate(value: number | null): string {
	return value === null ? '–' : `${value.toLocaleString('en-US')}%`;
}
