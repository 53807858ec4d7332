/**
 * Leave to be on the wire with an outcome that is not written down yet, for so many messages at once.
 * When the process dies, no more than these are `unknown`.
 */
export class Permits {
	#free: number;
	readonly #waiting: ((permit: Permit) => void)[] = [];

	constructor(count: number) {
		this.#free = count;
	}

	/** Resolves in the order of asking, as others give theirs back. */
	take(): Promise<Permit> {
		if (this.#free === 0)
			return new Promise((resolve) => {
				this.#waiting.push(resolve);
			});
		this.#free -= 1;
		return Promise.resolve(this.#permit());
	}

	#permit(): Permit {
		let held = true;
		return {
			giveBack: () => {
				if (!held) return;
				held = false;
				const next = this.#waiting.shift();
				if (next) next(this.#permit());
				else this.#free += 1;
			},
		};
	}
}

export interface Permit {
	/** May be called again. */
	giveBack(): void;
}
