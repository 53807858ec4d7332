/** Sizes are rounded up to this, so that mails of about one size can use each other's buffers, in bytes. */
const STEP = 4 * 1024;
/** Larger ones, and more than these of one size, are left to the garbage collector. */
const LARGEST = 256 * 1024;
const KEPT = 64;

const free = new Map<number, Buffer[]>();

/**
 * A buffer to write a mail into, of at least this size. Those that come back are used again: each mail of
 * a campaign needs one, and what the garbage collector frees of them it frees late, after tens of
 * thousands.
 */
export function takeBuffer(size: number): Buffer {
	const whole = Math.ceil(size / STEP) * STEP;
	return free.get(whole)?.pop() ?? Buffer.allocUnsafeSlow(whole);
}

/** Nobody may read it any more, not even the socket. */
export function giveBackBuffer(buffer: Buffer): void {
	const { length } = buffer;
	if (length > LARGEST || length % STEP !== 0) return;
	const kept = free.get(length);
	if (!kept) free.set(length, [buffer]);
	else if (kept.length < KEPT) kept.push(buffer);
}
