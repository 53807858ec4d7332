const SPAN_MS = 60_000;
const PARTS = 12;
const PART_MS = SPAN_MS / PARTS;

/** How many mails went in the last minute, counted in parts of five seconds. */
export class RecentRate {
	readonly #counts = new Array<number>(PARTS).fill(0);
	#newest = 0;

	count(now: number): void {
		this.#forward(now);
		const part = this.#newest % PARTS;
		this.#counts[part] = (this.#counts[part] ?? 0) + 1;
	}

	perMinute(now: number): number {
		this.#forward(now);
		return this.#counts.reduce((sum, one) => sum + one, 0);
	}

	#forward(now: number): void {
		const part = Math.floor(now / PART_MS);
		const from = Math.max(this.#newest + 1, part - PARTS + 1);
		for (let next = from; next <= part; next += 1) this.#counts[next % PARTS] = 0;
		this.#newest = Math.max(part, this.#newest);
	}
}
