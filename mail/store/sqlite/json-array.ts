/** For json_each. Half a surrogate pair is bound as U+FFFD everywhere else, so it must be here. */
export function jsonArray(keys: readonly string[]): string {
	return JSON.stringify(keys.map((key) => key.replace(/\p{Surrogate}/gu, '\ufffd')));
}
