/** RFC 5322 section 3.6.4, taken widely: anything printable with one @ between angle brackets. */
const MESSAGE_ID = /^<[!-;=?A-~]{1,300}@[!-;=?A-~]{1,300}>$/;

/** @returns the Message-ID in its brackets, also where they were left out; undefined when it is none */
export function readMessageId(text: string): string | undefined {
	const bare = text.trim();
	const bracketed = bare.startsWith('<') ? bare : `<${bare}>`;
	return MESSAGE_ID.test(bracketed) ? bracketed : undefined;
}

/** All Message-IDs of a References or In-Reply-To header, in their order, each once. */
export function readMessageIds(text: string): string[] {
	const found = new Set<string>();
	for (const word of text.slice(0, 100_000).split(/[\s,]+/)) {
		const id = word.startsWith('<') ? readMessageId(word) : undefined;
		if (id) found.add(id);
	}
	return [...found];
}
