/** Longer ones are no mail, and the work grows with elements times rules. */
const MAX_HTML = 1_000_000;

/**
 * The rules of `<style>` written into the elements they apply to. Those that cannot be (media queries,
 * fonts, `:hover`) stay in a `<style>`. Opens no file and no address: the library's part that does is
 * not in our bundle.
 *
 * @throws Error in the user's words when the HTML or its styles cannot be read
 */
export async function inlineCss(html: string): Promise<string> {
	if (html.length > MAX_HTML)
		throw new Error(
			'The HTML is longer than 1,000,000 characters; styles are not moved into its elements then. Shorten it, or switch Inline CSS off.',
		);
	// Large, and most mails do without it: loaded by the first that asks.
	const { default: juice } = await import('juice/client');
	try {
		return juice(html, {
			removeStyleTags: true,
			preserveMediaQueries: true,
			preserveFontFaces: true,
			preserveKeyFrames: true,
			preservePseudos: true,
			applyWidthAttributes: true,
		});
	} catch (error) {
		throw new Error(
			`The styles of the HTML could not be moved into its elements: ${(error as Error).message}. Mend the CSS, or switch Inline CSS off.`,
		);
	}
}
