import type { Database } from './database';
import { CLOCK, NOW, statement } from './statement';

/** Between two readings the machine's own clock goes on by itself for so long, in ms. */
const TRUSTED_MS = 30_000;

const READ = statement<{ now: number }>(`WITH ${CLOCK} SELECT ${NOW} AS now`);

/**
 * The server's clock, as this machine knows it: how far the two are apart, read anew now and then.
 * Runs over the machine's monotonic time, so that a correction of its own clock moves nothing.
 */
export class ServerClock {
	/** The server's time less ours by `performance.now`. */
	#offset = Date.now() - performance.now();
	#readAt = -Infinity;

	constructor(private readonly database: Database) {}

	now(): number {
		return Math.round(performance.now() + this.#offset);
	}

	/** Reads it where the last reading is old. */
	async keep(): Promise<void> {
		if (performance.now() - this.#readAt > TRUSTED_MS) await this.read();
	}

	async read(): Promise<void> {
		const asked = performance.now();
		const row = await this.database.get(READ);
		const answered = performance.now();
		if (!row) return;
		// The server read its clock somewhere in between.
		this.#offset = row.now - (asked + answered) / 2;
		this.#readAt = answered;
	}
}
