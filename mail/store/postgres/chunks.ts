/** Many items in groups that a statement takes: small enough that neither side has to hold its breath. */
export function* chunksOf<T>(items: readonly T[], size = 2_000): Generator<T[]> {
	for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
