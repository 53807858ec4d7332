import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Claim, Ledger } from '../store/store';

interface Asking {
	claim: Claim;
	answer: (held: boolean) => void;
	fail: (error: unknown) => void;
}

/**
 * The ledger is told of a dispatch before the final dot leaves, and that takes a trip to the disk. So
 * messages that come to this point while one trip is under way share the next.
 */
export class Gate {
	#asking: Asking[] = [];
	#busy = false;

	constructor(private readonly ledger: Pick<Ledger, 'dispatch'>) {}

	/** @returns whether the claim is still held, and written down as dispatched */
	dispatch(claim: Claim): Promise<boolean> {
		return new Promise((answer, fail) => {
			this.#asking.push({ claim, answer, fail });
			if (!this.#busy) void this.#serve();
		});
	}

	async #serve(): Promise<void> {
		this.#busy = true;
		while (this.#asking.length > 0) {
			// Whoever else comes in this turn of the event loop.
			await nextTurn();
			const group = this.#asking;
			this.#asking = [];
			await this.#dispatchAll(group);
		}
		this.#busy = false;
	}

	async #dispatchAll(group: readonly Asking[]): Promise<void> {
		try {
			const held = await this.ledger.dispatch(group.map(({ claim }) => claim));
			const keys = new Set(held.map(({ key }) => key));
			for (const { claim, answer } of group) answer(keys.has(claim.key));
		} catch (error) {
			for (const { fail } of group) fail(error);
		}
	}
}
