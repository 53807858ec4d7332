import type { Limit } from '../../../mail/pacing/window';

/**
 * How much of a limit was used, 0 to 1: each mail of the first window is followed by as many in each
 * of the next `windows` as the limit grants, or later.
 */
export function usedShare(arrived: readonly number[], limit: Limit, windows: number): number {
	const times = arrived.toSorted((a, b) => a - b);
	const spans = times
		.slice(0, limit.count)
		.map((at, index) => (times[index + limit.count * windows] ?? Infinity) - at);
	const meanMs = spans.reduce((sum, span) => sum + span, 0) / spans.length;
	return (windows * limit.perMs) / meanMs;
}
