/**
 * Links that are each recipient's own, such as tracked ones: what a compiled message asks of whoever
 * makes them. In the template's source they become slots once, and in each copy the slots are filled.
 */
export interface PersonalLinks {
	/** The source of a part with slots where its links are. Only the links differ. */
	prepare(source: string, part: 'html' | 'text'): string;
	/** The links of one recipient's copy. Synchronous and cheap; never throws. */
	of(reference: string): RecipientLinks;
}

export interface RecipientLinks {
	/** Fields that templates may name as if the recipient's data had them. */
	fields: Readonly<Record<string, string>>;
	/** Header lines with their CRLF, each on one line however long: folded ones break at some verifiers. */
	headers: string;
	/** A rendered part with its slots filled; a text part may have been made from the HTML part. */
	fill(rendered: string, part: 'html' | 'text'): string;
}
