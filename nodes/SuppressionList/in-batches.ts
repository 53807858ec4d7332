/** One transaction each; while it runs, other nodes and processes wait to write. */
const BATCH = 5_000;

export function* inBatches<T>(items: readonly T[]): Generator<T[]> {
	for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}
