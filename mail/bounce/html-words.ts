const ENTITIES: Readonly<Record<string, string>> = {
	amp: '&',
	apos: "'",
	commat: '@',
	gt: '>',
	lt: '<',
	nbsp: ' ',
	period: '.',
	quot: '"',
};

/** Elements that end a line on a screen. */
const BREAKS = /^\/?(?:p|br|div|tr|td|th|li|ul|ol|h[1-6]|table|pre|blockquote|hr|title|body)\b/i;

const MAILTO = /^a\s[^>]{0,500}?href\s?=\s?["']?mailto:([^\s"'<>?&;]{1,64}@[^\s"'<>?&;]{1,200})/i;

/** The words of an HTML text as lines. Linear: each character is passed once. */
export function htmlWords(html: string): string {
	let words = '';
	let lower: string | undefined;
	/** An open link to a mailbox whose words have named no address yet. */
	let link = '';
	let at = 0;
	while (at < html.length) {
		const open = html.indexOf('<', at);
		if (open < 0) break;
		const text = html.slice(at, open);
		words += text.replace(/\s+/g, ' ');
		if (link !== '' && text.includes('@')) link = '';
		const close = html.indexOf('>', open);
		if (close < 0) {
			at = html.length;
			break;
		}
		const tag = html.slice(open + 1, close);
		at = close + 1;
		// <ada@example.org> that somebody forgot to encode is an address.
		if (/^[^\s@/]{1,64}@[^\s@]{1,200}$/.test(tag)) words += `<${tag}>`;
		else if (BREAKS.test(tag)) words += '\n';
		// A link to a mailbox under its owner's name: <a href="mailto:ada@example.org">Ada</a>.
		const address = MAILTO.exec(tag)?.[1];
		if (address) link = address;
		else if (link !== '' && /^\/a\b/i.test(tag)) {
			words += ` <${link}>`;
			link = '';
		}
		const hidden = /^(script|style|head)\b/i.exec(tag)?.[1];
		if (hidden) {
			lower ??= html.toLowerCase();
			const end = lower.indexOf(`</${hidden.toLowerCase()}`, at);
			// Whatever it hides, it hides to the end.
			at = end < 0 ? html.length : end;
		}
	}
	words += html.slice(at).replace(/\s+/g, ' ');
	return words.replace(
		/&(#x?[\da-f]{1,6}|[a-z]{2,8});/gi,
		(whole, name: string) => decodeEntity(name) ?? whole,
	);
}

function decodeEntity(name: string): string | undefined {
	if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()];
	const code = /^#x/i.test(name)
		? Number.parseInt(name.slice(2), 16)
		: Number.parseInt(name.slice(1), 10);
	return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
