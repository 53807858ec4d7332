interface Appointment {
	at: number;
	key: string;
}

/** Keys and when their time comes, the earliest first (a binary heap). */
export class TimeQueue {
	readonly #heap: Appointment[] = [];

	get size(): number {
		return this.#heap.length;
	}

	/** The time of the earliest; undefined when nobody waits. */
	get nextAt(): number | undefined {
		return this.#heap[0]?.at;
	}

	add(key: string, at: number): void {
		const heap = this.#heap;
		const added = { at, key };
		let position = heap.push(added) - 1;
		while (position > 0) {
			const parentPosition = (position - 1) >> 1;
			const parent = heap[parentPosition];
			if (!parent || parent.at <= at) break;
			heap[position] = parent;
			position = parentPosition;
		}
		heap[position] = added;
	}

	/** Takes out the earliest key whose time has come. */
	takeDue(now: number): string | undefined {
		const first = this.#heap[0];
		if (!first || first.at > now) return undefined;
		const last = this.#heap.pop();
		if (last && last !== first) this.#sink(last);
		return first.key;
	}

	/** Puts `sinking` at the top, and lets it down to where it belongs. */
	#sink(sinking: Appointment): void {
		const heap = this.#heap;
		let position = 0;
		for (;;) {
			const left = heap[2 * position + 1];
			const right = heap[2 * position + 2];
			const earlier = right && left && right.at < left.at ? right : left;
			if (!earlier || earlier.at >= sinking.at) break;
			heap[position] = earlier;
			position = 2 * position + (earlier === left ? 1 : 2);
		}
		heap[position] = sinking;
	}
}
