const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * The line to the server, as the whole run sees it: a server that cannot be reached is asked again
 * after a pause that grows, not once for each recipient.
 */
export class Line {
	/** The server has said something in this run. */
	hasAnswered = false;
	#pausedUntil = 0;
	#pauses = 0;
	#troubledSince: number | undefined;

	/** Nothing is to be sent before this time. */
	get pausedUntil(): number {
		return this.#pausedUntil;
	}

	/** The server answered, and nothing has failed since. */
	get isWell(): boolean {
		return this.hasAnswered && this.#troubledSince === undefined;
	}

	/** The server answered, whatever it said. */
	answered(): void {
		this.hasAnswered = true;
		this.#pausedUntil = 0;
		this.#pauses = 0;
		this.#troubledSince = undefined;
	}

	/**
	 * A message could not be brought to the server. Several that fail together are one trouble.
	 *
	 * @returns for how long, in ms, the server has not answered
	 */
	failed(now: number): number {
		this.#troubledSince ??= now;
		if (now >= this.#pausedUntil) {
			this.#pausedUntil = now + pauseMs(this.#pauses);
			this.#pauses += 1;
		}
		return now - this.#troubledSince;
	}
}

/** 1 s, 2 s, 4 s, … 30 s. */
export function pauseMs(before: number): number {
	return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(before, 10), LONGEST_PAUSE_MS);
}
