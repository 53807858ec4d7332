import type { Blame } from '../model/blame';
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
	/** Why they are tried again, if a try of this run was put off. */
	deferral?: Deferral;
}

export interface Deferral {
	retryAt: number;
	reason: string;
	reply?: string;
	blame?: Blame;
}

/**
 * Whom a run still owes an outcome, and when each is next to be looked at. It knows no payloads: its
 * size is that of the addresses.
 */
export class Worklist {
	readonly #owed = new Map<string, Owed>();
	#ready: string[] = [];
	#position = 0;
	readonly #later = new TimeQueue();

	add(recipients: readonly TakenIn[]): void {
		for (const recipient of recipients) {
			this.#owed.set(recipient.key, recipient);
			this.#ready.push(recipient.key);
		}
	}

	/** How many still have no outcome, those in hand among them. */
	get size(): number {
		return this.#owed.size;
	}

	get(key: string): Owed | undefined {
		return this.#owed.get(key);
	}

	/** Takes up to `limit` keys whose turn it is: those whose time has come before those never tried. */
	takeDue(now: number, limit: number): string[] {
		const due: string[] = [];
		while (due.length < limit) {
			const key = this.#later.takeDue(now) ?? this.#ready[this.#position++];
			if (key === undefined) break;
			due.push(key);
		}
		if (this.#position >= this.#ready.length) {
			this.#ready = [];
			this.#position = 0;
		}
		return due;
	}

	/** Whether `takeDue` would find somebody. */
	hasDue(now: number): boolean {
		return this.#position < this.#ready.length || (this.#later.nextAt ?? Infinity) <= now;
	}

	/** When the next of those who wait is due; undefined when nobody waits. */
	get nextAt(): number | undefined {
		return this.#later.nextAt;
	}

	/** Their turn comes again at `at`. */
	putBack(key: string, at: number): void {
		this.#later.add(key, at);
	}

	/** The outcome is final: forgets the recipient. */
	remove(key: string): void {
		this.#owed.delete(key);
	}

	/** Everyone who has no outcome yet. */
	rest(): Owed[] {
		return [...this.#owed.values()];
	}
}
