import { LANGUAGES } from './words';
import type { PageName } from './words';

/** How the user wants the pages to look and to speak. */
export interface PageLook {
	/** A language's code; left out, each reader's own. */
	language?: string;
	senderName?: string;
	/** An https address. */
	logoUrl?: string;
	/** `#rrggbb` */
	color?: string;
	/** Own words in place of ours, in whatever language the user writes. */
	words?: Partial<Record<'confirm' | 'done' | 'resubscribed', { title?: string; text?: string }>>;
}

export interface PageContent {
	page: PageName;
	language: string;
	/** Shown in part only: whoever has the link need not learn it. */
	address?: string;
	list?: string;
}

/** What a page's button asks for, in the form's field `action`. */
export const ACTIONS: Readonly<Partial<Record<PageName, 'unsubscribe' | 'resubscribe'>>> = {
	confirm: 'unsubscribe',
	done: 'resubscribe',
};

/**
 * A page for people: one heading, one sentence, at most one button, on any screen, without scripts. What
 * comes from mails, lists and settings is text in it and never HTML.
 */
export function renderPage(content: PageContent, look: PageLook): string {
	const { page, address = '', list = '' } = content;
	const code = look.language ?? content.language;
	const language = LANGUAGES[code] ?? LANGUAGES.en;
	if (!language) throw new Error('English is missing.');
	const own = page in (look.words ?? {}) ? look.words?.[page as 'confirm'] : undefined;
	const what = list === '' ? language.everything : language.list.replace('{list}', () => list);
	const fill = (text: string) =>
		escape(text)
			.replaceAll('{address}', () => `<strong>${escape(shorten(address))}</strong>`)
			.replaceAll('{what}', () => escape(what));
	const words = language.pages[page];
	const title = own?.title ?? words.title;
	const action = ACTIONS[page];
	const { senderName = '', logoUrl } = look;
	return `<!doctype html>
<html lang="${escape(code)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape([title, senderName].filter(Boolean).join(' – '))}</title>
<style>${styleFor(look.color)}</style>
</head>
<body>
<main>
${logoUrl ? `<img class="logo" src="${escape(logoUrl)}" alt="${escape(senderName)}">` : senderName ? `<p class="sender">${escape(senderName)}</p>` : ''}
<h1>${escape(title)}</h1>
<p>${fill(own?.text ?? words.text)}</p>
${action && words.button ? `<form method="post"><input type="hidden" name="action" value="${action}"><button type="submit"${page === 'done' ? ' class="quiet"' : ''}>${escape(words.button)}</button></form>` : ''}
</main>
</body>
</html>
`;
}

/** Nothing of another origin but the logo, no scripts, no frames, and no form that leads elsewhere. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
	'Content-Type': 'text/html; charset=utf-8',
	'Content-Security-Policy':
		"default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	'Cache-Control': 'no-store',
	'Referrer-Policy': 'no-referrer',
	'X-Content-Type-Options': 'nosniff',
	'X-Robots-Tag': 'noindex',
};

/** `ada.lovelace@example.com` as `a…@example.com`. */
function shorten(address: string): string {
	const at = address.lastIndexOf('@');
	return at < 1 ? '…' : `${Array.from(address)[0] ?? ''}…${address.slice(at)}`;
}

function escape(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const DEFAULT_COLOR = '#1a56db';

function styleFor(color = DEFAULT_COLOR): string {
	const accent = /^#[0-9a-f]{6}$/i.test(color) ? color : DEFAULT_COLOR;
	return `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;padding:16px;background:#f3f4f6;color:#1f2937;font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{width:100%;max-width:30rem;padding:2rem 1.75rem;background:#fff;border-radius:12px;box-shadow:0 1px 4px rgba(0,0,0,.12);overflow-wrap:anywhere}
.logo{display:block;max-width:200px;max-height:64px;margin:0 0 1.5rem}
.sender{margin:0 0 1.25rem;font-weight:600;color:#4b5563}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:0 0 1.5rem}
form{margin:0}
button{width:100%;min-height:48px;padding:.65rem 1rem;border:2px solid ${accent};border-radius:8px;background:${accent};color:${readableOn(accent)};font:inherit;font-weight:600;cursor:pointer}
button.quiet{background:#fff;color:#1f2937;border-color:#6b7280}
button:focus-visible{outline:3px solid #111827;outline-offset:3px}`;
}

/** Black or white, whichever contrasts more (WCAG 2.2, relative luminance). */
function readableOn(color: string): string {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
		return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
	});
	const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000' : '#fff';
}
