/** Registered tags are far shorter; what is longer is the wrong field. */
const LONGEST = 35;

/**
 * A language as mail names it (RFC 3282 section 2; BCP 47): `de`, `pt-BR`. Half the world's lists write
 * `pt_br`, which is taken for the same.
 *
 * @returns the tag in its usual letters; undefined for what is none
 */
export function readLanguage(text: string): string | undefined {
	const tag = text.trim().replaceAll('_', '-');
	if (tag === '' || tag.length > LONGEST) return undefined;
	try {
		return Intl.getCanonicalLocales(tag)[0];
	} catch {
		return undefined;
	}
}
