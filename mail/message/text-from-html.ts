import { compile } from 'html-to-text';

const convert = compile({
	wordwrap: false,
	selectors: [
		{ selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false } },
		{ selector: 'img', format: 'skip' },
		...(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'] as const).map((selector) => ({
			selector,
			options: { uppercase: false },
		})),
	],
	limits: { maxInputLength: 2_000_000, maxDepth: 200, maxChildNodes: 100_000 },
});

/** The text alternative of an HTML mail, for readers that show none; links keep their targets. */
export function textFromHtml(html: string): string {
	return convert(html);
}
