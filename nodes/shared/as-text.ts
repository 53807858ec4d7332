/** A parameter or a field as text; what is neither text nor number is none. */
export function asText(value: unknown): string {
	return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
