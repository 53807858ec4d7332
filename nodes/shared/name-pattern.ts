/**
 * Whether a name fits a pattern in which `*` stands for any letters. Case does not matter. Linear: what
 * stands between two stars is looked for once, from left to right.
 */
export function matchesPattern(name: string, pattern: string): boolean {
	const text = name.toLowerCase();
	const [start = '', ...rest] = pattern.toLowerCase().split('*');
	if (rest.length === 0) return text === start;
	const end = rest.pop() ?? '';
	if (text.length < start.length + end.length) return false;
	if (!text.startsWith(start) || !text.endsWith(end)) return false;
	const last = text.length - end.length;
	let at = start.length;
	for (const piece of rest) {
		const found = text.indexOf(piece, at);
		if (found < 0 || found + piece.length > last) return false;
		at = found + piece.length;
	}
	return true;
}
