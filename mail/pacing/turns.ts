import type { PaceBook } from '../store/store';
import { Desk } from './desk';
import type { Slot } from './desk';
import { slotPageKey } from './page';
import type { Limit } from './window';

export interface TurnsOptions {
	book: Pick<PaceBook, 'revise'>;
	/** Whose limits these are; the same for everything that sends by one account. */
	account: string;
	limits: readonly Limit[];
	/** A clock that only goes forward, in ms. */
	monotonic?: () => number;
}

export type Turn =
	| { turn: 'come'; slot: Slot }
	/** Patience was over, or would be before there is room again: in `roomInMs`, where that is known. */
	| { turn: 'late'; roomInMs: number }
	| { turn: 'stopped' };

interface Waiter {
	until: number;
	tell: (turn: Turn) => void;
	fail: (error: unknown) => void;
}

/** The account as a whole, as in a pacer. */
const WHOLE_ACCOUNT = '*';
/** Nobody looks more often than this, in ms; what is given back is told at once. */
const SHORTEST_LOOK_MS = 5;

/**
 * The turns of single mails, that somebody waits for, within an account's limits: first come first
 * served over all processes, and before the mails of campaigns, which count in the same windows.
 * What replies do to the pace of campaigns, and their quiet hours, does not hold them up.
 */
export class Turns {
	readonly #desk: Desk;
	#waiting: Waiter[] = [];
	#timer: NodeJS.Timeout | undefined;

	constructor(private readonly options: TurnsOptions) {
		const { book, account, limits, monotonic } = options;
		const page = { key: slotPageKey(account, WHOLE_ACCOUNT), limits: () => limits };
		this.#desk = new Desk(book, [page], {
			monotonic,
			mailsInLine: () => this.#waiting.length,
			onChange: () => {
				this.#serve();
			},
			onError: (error) => {
				for (const { fail } of this.#waiting.splice(0)) fail(error);
			},
		});
	}

	/**
	 * Leave for one mail, once it is its turn.
	 *
	 * @param patienceMs how long it may wait; where there is surely no room for longer, it does not wait
	 * @throws what the store throws
	 */
	async wait({ patienceMs, signal }: { patienceMs: number; signal?: AbortSignal }): Promise<Turn> {
		if (signal?.aborted) return { turn: 'stopped' };
		let stop: (() => void) | undefined;
		const turn = new Promise<Turn>((tell, fail) => {
			const waiter = { until: this.#now() + patienceMs, tell, fail };
			this.#waiting.push(waiter);
			stop = () => {
				this.#leave(waiter, { turn: 'stopped' });
			};
			signal?.addEventListener('abort', stop, { once: true });
			this.#serve();
		});
		return await turn.finally(() => {
			if (stop) signal?.removeEventListener('abort', stop);
		});
	}

	/** Tells the book what became of the slots. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		for (const { tell } of this.#waiting.splice(0)) tell({ turn: 'stopped' });
		await this.#desk.close();
	}

	#serve(): void {
		clearTimeout(this.#timer);
		for (;;) {
			const [first] = this.#waiting;
			if (!first) return;
			const slot = this.#desk.take();
			if (!slot) break;
			this.#waiting.shift();
			first.tell({ turn: 'come', slot });
		}
		const now = this.#now();
		this.#sendLateAway(now);
		const [next] = this.#waiting;
		if (!next) return;
		const lookMs = Math.max(Math.min(this.#desk.waitMs, next.until - now), SHORTEST_LOOK_MS);
		this.#timer = setTimeout(() => {
			this.#serve();
		}, lookMs);
	}

	/** Nobody is late before the book has said that there is no room. */
	#sendLateAway(now: number): void {
		const { isAsking, roomInMs } = this.#desk;
		if (isAsking) return;
		for (const waiter of [...this.#waiting])
			if (waiter.until <= now + roomInMs) this.#leave(waiter, { turn: 'late', roomInMs });
	}

	#leave(waiter: Waiter, turn: Turn): void {
		if (!this.#waiting.includes(waiter)) return;
		this.#waiting = this.#waiting.filter((other) => other !== waiter);
		waiter.tell(turn);
		this.#desk.leaveLine();
	}

	#now(): number {
		return (this.options.monotonic ?? (() => performance.now()))();
	}
}
