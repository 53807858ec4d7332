const MINUTE = 60_000;

/** RFC 5321 section 4.5.4.1: half an hour at first, longer later. */
const STEPS = [5 * MINUTE, 30 * MINUTE, 60 * MINUTE, 120 * MINUTE, 240 * MINUTE];

/** Most greylists open after one to five minutes (RFC 6647 section 5), and so does a throttle. */
const SOON_STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE];

/**
 * When to try a deferred recipient again.
 *
 * @param attempts tries so far, this one included
 * @param now ms since the epoch
 * @param options.askedMs the delay that the server asked for, which counts before ours
 * @param options.soon what stands in the way is known to pass in minutes
 */
export function retryAt(
	attempts: number,
	now: number,
	{ askedMs, soon }: { askedMs?: number; soon?: boolean } = {},
): number {
	const steps = soon ? SOON_STEPS : STEPS;
	const step = steps[Math.min(Math.max(attempts, 1), steps.length) - 1] ?? MINUTE;
	return now + (askedMs ?? step);
}
