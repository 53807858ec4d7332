import { renderDocument } from '../../model/document';

/** What every page for people has in common. */
export interface PageShell {
	/** A language's code. */
	language: string;
	title: string;
	/** HTML: one heading and what stands under it. */
	body: string;
	/** `#rrggbb`; a blue of ours without. */
	color?: string;
	/** CSS after our own. */
	moreStyle?: string;
}

/** A whole page, for any screen, without scripts. */
export function renderShell({ language, title, body, color, moreStyle = '' }: PageShell): string {
	return renderDocument({ language, title, style: styleFor(color) + moreStyle, main: body });
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
p strong{display:inline-block}
main>:last-child{margin-bottom:0}
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
