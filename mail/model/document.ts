import { escapeMarkup } from './markup';

/** A web page, as far as its kinds have it in common. */
export interface WebDocument {
	/** A language's code. */
	language: string;
	/** Text. */
	title: string;
	/** CSS. */
	style: string;
	/** HTML. */
	main: string;
	/**
	 * The Content-Security-Policy of a page that travels as a file, and so without headers; it tells no
	 * address that it links to where it was read, either.
	 */
	policy?: string;
}

/** The HTML of a page for any screen, that no search engine keeps. */
export function renderDocument({ language, title, style, main, policy }: WebDocument): string {
	const own =
		policy === undefined
			? ''
			: `
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="${escapeMarkup(policy)}">`;
	return `<!doctype html>
<html lang="${escapeMarkup(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">${own}
<title>${escapeMarkup(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
}
