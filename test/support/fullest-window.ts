/** The most events in any closed window of this length, and where it begins. */
export function fullestWindow(
	times: readonly number[],
	perMs: number,
): { count: number; at: number } {
	const sorted = times.toSorted((a, b) => a - b);
	let fullest = { count: 0, at: 0 };
	let first = 0;
	for (const [index, time] of sorted.entries()) {
		while (time - (sorted[first] ?? time) > perMs) first += 1;
		const count = index - first + 1;
		if (count > fullest.count) fullest = { count, at: sorted[first] ?? time };
	}
	return fullest;
}
