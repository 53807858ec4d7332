import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Claim, Ledger } from '../store/store';

/** How long a message may wait for others, in ms. */
const LONGEST_WAIT_MS = 4;

interface Asking {
	claim: Claim;
	answer: (held: boolean) => void;
	fail: (error: unknown) => void;
}

/**
 * The ledger is told of a dispatch before the final dot leaves, and waits for the disk each time. So
 * messages that come to this point shortly after one another are told of together: for as long as each
 * turn of the event loop brings another, and no longer than a few ms.
 */
export class Gate {
	#asking: Asking[] = [];

	constructor(private readonly ledger: Pick<Ledger, 'dispatch'>) {}

	/** @returns whether the claim is still held, and written down as dispatched */
	dispatch(claim: Claim): Promise<boolean> {
		return new Promise((answer, fail) => {
			this.#asking.push({ claim, answer, fail });
			if (this.#asking.length === 1) void this.#gather();
		});
	}

	async #gather(): Promise<void> {
		const until = performance.now() + LONGEST_WAIT_MS;
		for (let seen = 0; seen < this.#asking.length && performance.now() < until;) {
			seen = this.#asking.length;
			await nextTurn();
		}
		const asking = this.#asking;
		this.#asking = [];
		try {
			const held = await this.ledger.dispatch(asking.map(({ claim }) => claim));
			const keys = new Set(held.map(({ key }) => key));
			for (const { claim, answer } of asking) answer(keys.has(claim.key));
		} catch (error) {
			for (const { fail } of asking) fail(error);
		}
	}
}
