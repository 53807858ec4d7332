/** One `tag=value` of a record. */
export interface Tag {
	name: string;
	value: string;
}

export interface TagList {
	/** In the order in which they stand; the first of a name counts. */
	tags: Tag[];
	/** Parts that are no `tag=value`. */
	mistakes: string[];
	get(name: string): string | undefined;
}

const MAX_TEXT = 16_384;

/** A tag list of DKIM and DMARC (RFC 6376 section 3.2): parts between semicolons, blanks ignored. */
export function readTagList(text: string): TagList {
	const tags: Tag[] = [];
	const mistakes: string[] = [];
	for (const part of text.slice(0, MAX_TEXT).split(';')) {
		const trimmed = part.trim();
		if (trimmed === '') continue;
		const equals = trimmed.indexOf('=');
		const name = trimmed.slice(0, Math.max(equals, 0)).trim();
		if (/^[a-z][a-z0-9_]*$/i.test(name))
			tags.push({ name, value: trimmed.slice(equals + 1).trim() });
		else mistakes.push(trimmed);
	}
	return {
		tags,
		mistakes,
		get: (name) => tags.find((tag) => tag.name.toLowerCase() === name)?.value,
	};
}
