/** A text that is larger is not kept in memory for the sake of the next mail. */
const LARGEST = 256 * 1024;

/**
 * Makes something of a text, and remembers it until another text comes: the mails of one run often have
 * the same HTML. What is made must not be changed by whoever gets it.
 */
export function rememberLast<T>(make: (text: string) => T): (text: string) => T {
	let last: { text: string; made: T } | undefined;
	return (text) => {
		if (last?.text === text) return last.made;
		const made = make(text);
		last = text.length <= LARGEST ? { text, made } : undefined;
		return made;
	};
}
