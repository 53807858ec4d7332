import { asText } from '../shared/as-text';

/** `a, b c` as its parts; commas, semicolons and blanks separate. */
export function listIn(text: unknown): string[] {
	return asText(text)
		.split(/[\s,;]+/)
		.filter((part) => part !== '');
}
