/** Folder names that a user may have meant by `wanted`, best first, at most `limit`. */
export function nearNames(wanted: string, names: readonly string[], limit = 3): string[] {
	const target = wanted.toLowerCase();
	return names
		.map((name) => ({
			name,
			distance: distanceTo(target, name.toLowerCase()),
			errors: typingErrors(target, name.toLowerCase()),
		}))
		.filter(({ distance }) => distance <= Math.max(2, target.length / 3))
		.sort((a, b) => a.distance - b.distance || a.errors - b.errors)
		.slice(0, limit)
		.map(({ name }) => name);
}

/** 0: the same but for upper case; then the same last part, a part of the name, and typing errors. */
function distanceTo(target: string, name: string): number {
	if (name === target) return 0;
	const last = name.split(/[/.]/).at(-1) ?? name;
	if (last === target) return 0.5;
	if (last.includes(target) || target.includes(last)) return 1;
	return Math.min(typingErrors(target, last), typingErrors(target, name));
}

/** Levenshtein distance; names are short, and what is longer is cut. */
function typingErrors(one: string, other: string): number {
	const [a, b] = [Array.from(one.slice(0, 64)), Array.from(other.slice(0, 64))];
	let row = Array.from({ length: b.length + 1 }, (_, index) => index);
	for (const [i, letter] of a.entries()) {
		const next = [i + 1];
		for (const [j, candidate] of b.entries())
			next.push(
				Math.min(
					(row[j] ?? 0) + (letter === candidate ? 0 : 1),
					(row[j + 1] ?? 0) + 1,
					(next[j] ?? 0) + 1,
				),
			);
		row = next;
	}
	return row.at(-1) ?? 0;
}
