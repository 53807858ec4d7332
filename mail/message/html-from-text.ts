/** The HTML version of a mail that is text, which shows it as it stands: lines, spaces and marks. */
export function htmlFromText(text: string): string {
	const shown = text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
	return `<!doctype html>\n<html><head><meta charset="utf-8"></head><body><div style="white-space:pre-wrap">${shown}</div></body></html>\n`;
}
