import type { Blame } from '../model/blame';
import type { WaitsFor } from '../model/outcome';
import type { TakenIn } from './intake';
import { TimeQueue } from './time-queue';

/** A recipient without an outcome yet, and what this run has learnt of them. */
export interface Owed extends TakenIn {
	/** When this run first tried to send to them. */
	firstTryAt?: number;
	/** Tries of this run that the connection ended before the server could answer. */
	cutOff?: number;
	/** Since when another run has them in its hands. */
	elsewhereSince?: number;
	/** When they are then to be looked at again, if nobody else's turn it is. */
	lookAgainAt?: number;
	/** Why they are tried again, if a try of this run was put off. */
	deferral?: Deferral;
}

export interface Deferral {
	retryAt: number;
	reason: string;
	reply?: string;
	blame?: Blame;
	/** Left out where a server's answer to this mail is what it waits for. */
	waitsFor?: WaitsFor;
}

/** Those of one provider, who keep pace together. */
interface Lane {
	name: string;
	/** Whose time has come again: they go before those never tried. */
	again: string[];
	ready: string[];
	position: number;
}

const ALWAYS = () => true;

/**
 * Whom a run still owes an outcome, and when each is next to be looked at. It knows no payloads: its
 * size is that of the addresses.
 */
export class Worklist {
	readonly #owed = new Map<string, Owed>();
	/** Only those that somebody is ready in; whose turn it is first. */
	readonly #lanes = new Map<string, Lane>();
	readonly #later = new TimeQueue();

	/** Those with a deferral are looked at when that is over. */
	add(recipients: readonly Owed[]): void {
		for (const recipient of recipients) {
			this.#owed.set(recipient.key, recipient);
			const { key, lane, deferral } = recipient;
			if (deferral) this.#later.add(key, deferral.retryAt);
			else this.#lane(lane).ready.push(key);
		}
	}

	/** How many still have no outcome, those in hand among them. */
	get size(): number {
		return this.#owed.size;
	}

	get(key: string): Owed | undefined {
		return this.#owed.get(key);
	}

	/** Takes up to `limit` keys whose turn it is, from each open lane in turn. */
	takeDue(now: number, limit: number, isOpen: (lane: string) => boolean = ALWAYS): string[] {
		this.#wake(now);
		const due: string[] = [];
		for (let open = true; open && due.length < limit;) {
			open = false;
			// A lane alone is read in one go; of several each gives one.
			const share = this.#lanes.size === 1 ? limit : 1;
			for (const lane of [...this.#lanes.values()]) {
				if (due.length >= limit) break;
				if (!isOpen(lane.name)) continue;
				open = true;
				this.#takeFrom(lane, Math.min(share, limit - due.length), due);
			}
		}
		return due;
	}

	/** Whether `takeDue` would find somebody. */
	hasDue(now: number, isOpen: (lane: string) => boolean = ALWAYS): boolean {
		this.#wake(now);
		for (const name of this.#lanes.keys()) if (isOpen(name)) return true;
		return false;
	}

	/** When the next of those who wait is due; undefined when nobody waits. */
	get nextAt(): number | undefined {
		return this.#later.nextAt;
	}

	/** Lanes in which somebody is ready. */
	get lanes(): IterableIterator<string> {
		return this.#lanes.keys();
	}

	/** Their turn comes again at `at`. */
	putBack(key: string, at: number): void {
		this.#later.add(key, at);
	}

	/** They were taken and not needed: it is their turn still, in the order given. */
	putFirst(keys: readonly string[]): void {
		const byLane = new Map<string, string[]>();
		for (const key of keys) {
			const lane = this.#owed.get(key)?.lane;
			if (lane === undefined) continue;
			const first = byLane.get(lane);
			if (first) first.push(key);
			else byLane.set(lane, [key]);
		}
		for (const [lane, first] of byLane) this.#lane(lane).again.unshift(...first);
	}

	/** Everyone who is ready in this lane; they are not any more. */
	takeLane(name: string): Owed[] {
		const lane = this.#lanes.get(name);
		if (!lane) return [];
		this.#lanes.delete(name);
		const keys = [...lane.again, ...lane.ready.slice(lane.position)];
		return keys.map((key) => this.#owed.get(key)).filter((owed) => owed !== undefined);
	}

	/** The outcome is final: forgets the recipient. */
	remove(key: string): void {
		this.#owed.delete(key);
	}

	/** Everyone who has no outcome yet. */
	rest(): Owed[] {
		return [...this.#owed.values()];
	}

	#wake(now: number): void {
		for (let key = this.#later.takeDue(now); key !== undefined; key = this.#later.takeDue(now)) {
			const owed = this.#owed.get(key);
			if (!owed) continue;
			const { again, ready } = this.#lane(owed.lane);
			// Who is in another run's hands comes last: most are served by it meanwhile.
			(owed.elsewhereSince === undefined ? again : ready).push(key);
		}
	}

	#lane(name: string): Lane {
		let lane = this.#lanes.get(name);
		if (!lane) {
			lane = { name, again: [], ready: [], position: 0 };
			this.#lanes.set(name, lane);
		}
		return lane;
	}

	/** What is taken from leaves the head of the queue, so that the next begins with another. */
	#takeFrom(lane: Lane, count: number, into: string[]): void {
		const again = lane.again.splice(0, count);
		into.push(...again);
		const until = Math.min(lane.position + count - again.length, lane.ready.length);
		for (; lane.position < until; lane.position += 1) {
			const key = lane.ready[lane.position];
			if (key !== undefined) into.push(key);
		}
		this.#lanes.delete(lane.name);
		if (lane.again.length > 0 || lane.position < lane.ready.length)
			this.#lanes.set(lane.name, lane);
	}
}
