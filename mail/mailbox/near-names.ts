/** Names beyond these are not looked at: a person has fewer folders. */
const MAX_NAMES = 2_000;
const MAX_LENGTH = 64;

/** Folder names that a user may have meant by `wanted`, best first, at most `limit`. */
export function nearNames(wanted: string, names: readonly string[], limit = 3): string[] {
	const target = wanted.slice(0, MAX_LENGTH).toLowerCase();
	const tolerance = Math.max(2, target.length / 3);
	return names
		.slice(0, MAX_NAMES)
		.map((name) => ({ name, distance: distanceTo(target, name.toLowerCase(), tolerance) }))
		.filter(({ distance }) => distance <= tolerance)
		.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length)
		.slice(0, limit)
		.map(({ name }) => name);
}

/** 0: the same but for upper case; then the same last part, a part of the name, and typing errors. */
function distanceTo(target: string, name: string, tolerance: number): number {
	if (name === target) return 0;
	const last = name.split(/[/.]/).at(-1) ?? name;
	if (last === target) return 0.5;
	if (last !== '' && target !== '' && (last.includes(target) || target.includes(last))) return 1;
	return Math.abs(last.length - target.length) > tolerance ? Infinity : typingErrors(target, last);
}

/** Levenshtein distance of short strings. */
function typingErrors(one: string, other: string): number {
	let row = Array.from({ length: other.length + 1 }, (_, index) => index);
	for (let i = 1; i <= one.length; i += 1) {
		const next = [i];
		for (let j = 1; j <= other.length; j += 1) {
			const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
			next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
		}
		row = next;
	}
	return row.at(-1) ?? 0;
}
