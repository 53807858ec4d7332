import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Claim } from '../store';

interface Call {
	claims: readonly Claim[];
	answer: (dispatched: Claim[]) => void;
	fail: (error: unknown) => void;
}

/**
 * A dispatch is on the disk before its final dot leaves. Those that are asked for while the disk is at
 * work share the next trip, and with it one commit.
 */
export class Dispatches {
	#calls: Call[] = [];
	#busy = false;

	/** @param write gives back those that are on the disk now */
	constructor(private readonly write: (claims: readonly Claim[]) => Promise<Claim[]>) {}

	/** @returns those of the claims that were still held, and are written down as dispatched */
	ask(claims: readonly Claim[]): Promise<Claim[]> {
		return new Promise((answer, fail) => {
			this.#calls.push({ claims, answer, fail });
			if (!this.#busy) void this.#serve();
		});
	}

	async #serve(): Promise<void> {
		this.#busy = true;
		while (this.#calls.length > 0) {
			// Whoever else comes in this turn of the event loop.
			await nextTurn();
			const group = this.#calls;
			this.#calls = [];
			await this.#dispatchAll(group);
		}
		this.#busy = false;
	}

	async #dispatchAll(group: readonly Call[]): Promise<void> {
		try {
			const dispatched = new Set(await this.write(group.flatMap(({ claims }) => claims)));
			for (const { claims, answer } of group)
				answer(claims.filter((claim) => dispatched.has(claim)));
		} catch (error) {
			for (const { fail } of group) fail(error);
		}
	}
}
