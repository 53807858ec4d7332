import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreError } from '../store-error';

interface Call<I> {
	items: readonly I[];
	resolve: (done: I[]) => void;
	reject: (error: unknown) => void;
}

/** More items than this do not go to the server in one statement. */
const MOST = 1_000;
const AT_ONCE = 2;

/**
 * Many calls, one statement: what is asked for while a statement is under way goes with the next.
 * So there is one round trip for all, however far away the database is, and nobody waits for a timer.
 *
 * Two statements may be under way: while the server works on one, we read the answer of the other.
 */
export class Batch<I> {
	readonly #calls: Call<I>[] = [];
	#draining = false;
	#underWay = 0;
	/** Told when a statement has its answer. */
	#answered: () => void = () => undefined;

	/**
	 * @param nameOf two items of one name never go in one statement, for which of them counts would be
	 *   left to the server
	 * @param write writes all, or throws and has written nothing; gives back those that changed
	 */
	constructor(
		private readonly nameOf: (item: I) => string,
		private readonly write: (items: readonly I[]) => Promise<ReadonlySet<I>>,
	) {}

	/** @returns those of `items` that were changed, in their order */
	ask(items: readonly I[]): Promise<I[]> {
		if (items.length === 0) return Promise.resolve([]);
		return new Promise((resolve, reject) => {
			this.#calls.push({ items, resolve, reject });
			if (!this.#draining) void this.#drain();
		});
	}

	async #drain(): Promise<void> {
		this.#draining = true;
		// Waiting for the next turn is what lets the calls of this one come together.
		await nextTurn();
		while (this.#calls.length > 0) {
			if (this.#underWay === AT_ONCE)
				await new Promise<void>((resolve) => (this.#answered = resolve));
			else {
				void this.#send(this.#next());
				await nextTurn();
			}
		}
		this.#draining = false;
	}

	async #send(calls: readonly Call<I>[]): Promise<void> {
		this.#underWay += 1;
		await this.#perform(calls);
		this.#underWay -= 1;
		this.#answered();
	}

	/** As many calls as fit, at least one. */
	#next(): Call<I>[] {
		const names = new Set<string>();
		let end = 0;
		for (const { items } of this.#calls) {
			const own = items.map(this.nameOf);
			if (end > 0 && (names.size + own.length > MOST || own.some((name) => names.has(name)))) break;
			for (const name of own) names.add(name);
			end += 1;
		}
		return this.#calls.splice(0, end);
	}

	async #perform(calls: readonly Call<I>[]): Promise<void> {
		try {
			const done = await this.write(calls.flatMap(({ items }) => items));
			for (const { items, resolve } of calls) resolve(items.filter((item) => done.has(item)));
		} catch (error) {
			// One of them may be what cannot be written; it is to take no other with it.
			if (calls.length > 1 && isAboutValues(error))
				for (const call of calls) await this.#perform([call]);
			else for (const { reject } of calls) reject(error);
		}
	}
}

/** Anything else is wrong with the server, and would be met by each call alone. */
function isAboutValues(error: unknown): boolean {
	if (!(error instanceof StoreError)) return true;
	return ['failed', 'duplicate', 'tooLong'].includes(error.problem);
}
