import { parseMailbox } from '../model/address';

/** How a recipient gets off a list: RFC 2369 (web page, mail), RFC 8058 (one click). */
export interface Unsubscribe {
	/** http or https. */
	url?: string;
	/** An address, or a whole `mailto:` link. */
	mailto?: string;
	/** The URL takes the POST of RFC 8058 and unsubscribes at once, without a page. */
	oneClick?: boolean;
}

export type UnsubscribeHeaders = { ok: true; lines: string } | { ok: false; problem: string };

/** RFC 5322 section 2.1.1, without the CRLF. */
const MAX_LINE = 998;

/**
 * List-Unsubscribe, and List-Unsubscribe-Post for one click.
 *
 * The header is one line, however long: folded ones make signatures fail at some receivers, and some
 * readers miss the link in them.
 *
 * @returns the header lines, each with its CRLF; empty when there is nothing to say
 */
export function unsubscribeHeaders({ url, mailto, oneClick }: Unsubscribe): UnsubscribeHeaders {
	const refuse = (problem: string): UnsubscribeHeaders => ({
		ok: false,
		problem: `List-Unsubscribe: ${problem}`,
	});
	const links: string[] = [];
	if (mailto?.trim()) {
		const link = mailtoLink(mailto.trim());
		if (link === undefined) return refuse(`"${mailto.trim().slice(0, 80)}" is no email address.`);
		links.push(link);
	}
	if (url?.trim()) {
		const link = webLink(url.trim());
		if (link === undefined)
			return refuse('the URL is none. It begins with https:// and names your unsubscribe page.');
		if (oneClick && !link.startsWith('https:'))
			return refuse('one click needs a URL that begins with https:// (RFC 8058).');
		links.push(link);
	} else if (oneClick) return refuse('one click needs a URL that begins with https:// (RFC 8058).');
	if (links.length === 0) return { ok: true, lines: '' };
	const line = `List-Unsubscribe: ${links.map((link) => `<${link}>`).join(', ')}`;
	if (line.length > MAX_LINE)
		return refuse(`the links are longer than ${MAX_LINE} characters together. Shorten the URL.`);
	const post = oneClick ? 'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n' : '';
	return { ok: true, lines: `${line}\r\n${post}` };
}

/** ASCII only, and nothing that would end the angle brackets: the URL parser encodes both. */
function webLink(text: string): string | undefined {
	if (!URL.canParse(text)) return undefined;
	const { protocol, href } = new URL(text);
	return protocol === 'https:' || protocol === 'http:' ? bracketSafe(href) : undefined;
}

function mailtoLink(text: string): string | undefined {
	if (/^mailto:/i.test(text))
		return URL.canParse(text) && text.includes('@') ? bracketSafe(new URL(text).href) : undefined;
	const parsed = parseMailbox(text);
	if (!parsed.ok) return undefined;
	const { address } = parsed.mailbox;
	const at = address.lastIndexOf('@');
	const local = encodeURIComponent(address.slice(0, at));
	return `mailto:${local}@${address.slice(at + 1)}?subject=unsubscribe`;
}

function bracketSafe(link: string): string {
	return link.replace(/[<>\s\\"]/g, (character) => encodeURIComponent(character));
}
