import type { RecipientOutcome } from '../model/outcome';
import type { Claim, LedgerEntry, MailStore } from '../store/store';
import { isSlot } from './pace';
import type { Pace, Slot } from './pace';
import { skipped, skippedAsServed, skippedAsSuppressed } from './skip';
import type { Owed, Worklist } from './worklist';

export interface ClaimsOptions {
	store: Pick<MailStore, 'ledger' | 'suppressions'>;
	campaignId: string;
	list: string;
	owner: string;
	leaseMs: number;
	patienceMs: number;
	clock: () => number;
	blockSize: number;
	pace: Pace;
	/** Told of recipients who need no mail of this run. */
	finish: (owed: Owed, outcome: RecipientOutcome) => void;
	/** Told of recipients whom another run tried, and whom the server put off. */
	putOff: (owed: Owed) => void;
	/** Called when somebody may be taken who could not before. */
	wake: () => void;
}

/** How often a recipient who is in another run's hands is looked at again, in ms. */
const LOOK_AGAIN_MS = 1_000;
/** How many recipients one look at the ledger is about, at the most. */
const WIDEST = 1_000;

/** Claims of a lane that is shut for longer than this are given back: others may be faster, in ms. */
const KEEP_SHUT_MS = 10_000;

/** A recipient in this run's hands, and leave to mail them. */
export interface Ready {
	claim: Claim;
	slot: Slot;
}

/**
 * Recipients claimed in the ledger for this run, in small blocks: what a run that dies had claimed
 * waits for the end of its lease, and what one run has claimed no other can help with.
 */
export class Claims {
	/**
	 * A block is claimed from so many of the next recipients. All runs of a campaign go through it in one
	 * order: the more of them there are, the further on is somebody whom no other has.
	 */
	#width: number;
	/** By lane; the lane whose turn it is first. */
	readonly #claimed = new Map<string, Claim[]>();
	#fetching: Promise<void> | undefined;
	#releasing: Promise<void> = Promise.resolve();

	constructor(
		private readonly worklist: Worklist,
		private readonly options: ClaimsOptions,
	) {
		this.#width = options.blockSize;
	}

	/**
	 * The next one whose lane is open, if there is one. Sees to it that more are fetched before the last
	 * is taken.
	 */
	take(onError: (error: unknown) => void): Ready | undefined {
		const { blockSize, clock, pace } = this.options;
		if (
			!this.#fetching &&
			this.#atHand < blockSize / 2 &&
			this.worklist.hasDue(clock(), this.#isOpen)
		)
			this.#fetching = this.#fetch()
				.catch(onError)
				.finally(() => {
					this.#fetching = undefined;
				});
		for (const [lane, claims] of [...this.#claimed]) {
			const answer = pace.ask(lane);
			if (isSlot(answer)) return this.#takeFrom(lane, claims, answer);
			if (answer.waitMs > KEEP_SHUT_MS) this.#letGo(lane, onError);
		}
		return undefined;
	}

	/** For how long at least nobody can be taken, in ms, if it is for their lanes alone. */
	get waitMs(): number {
		let waitMs = Infinity;
		for (const lane of [...this.#claimed.keys(), ...this.worklist.lanes])
			waitMs = Math.min(waitMs, this.options.pace.isShut(lane)?.waitMs ?? 0);
		return waitMs;
	}

	/** What is being fetched now; undefined when nobody is due. */
	get fetching(): Promise<void> | undefined {
		return this.#fetching;
	}

	/** Gives back what was claimed and not taken. */
	async giveBack(): Promise<void> {
		await this.#fetching;
		await this.#releasing;
		const claims = [...this.#claimed.values()].flat();
		this.#claimed.clear();
		if (claims.length > 0) await this.options.store.ledger.release(claims);
	}

	readonly #isOpen = (lane: string) => this.options.pace.isShut(lane) === undefined;

	/** Claims that could be taken now: those of shut lanes keep nobody from being fetched. */
	get #atHand(): number {
		let count = 0;
		for (const [lane, claims] of this.#claimed) if (this.#isOpen(lane)) count += claims.length;
		return count;
	}

	#takeFrom(lane: string, claims: Claim[], slot: Slot): Ready | undefined {
		const claim = claims.shift();
		this.#claimed.delete(lane);
		if (claims.length > 0) this.#claimed.set(lane, claims);
		if (claim) return { claim, slot };
		slot.giveBack();
		return undefined;
	}

	#keep(lane: string, claim: Claim): void {
		const claims = this.#claimed.get(lane);
		if (claims) claims.push(claim);
		else this.#claimed.set(lane, [claim]);
	}

	/** Gives a lane's claims back to the ledger, and their recipients to the worklist. */
	#letGo(lane: string, onError: (error: unknown) => void): void {
		const claims = this.#claimed.get(lane) ?? [];
		this.#claimed.delete(lane);
		this.#releasing = this.#releasing
			.then(() => this.options.store.ledger.release(claims))
			.then(() => {
				for (const { key } of claims) this.worklist.putBack(key, this.options.clock());
				this.options.wake();
			})
			.catch(onError);
	}

	/** Claims whose turn it is; who was suppressed since the intake leaves now. */
	async #fetch(): Promise<void> {
		const { store, campaignId, list, owner, leaseMs, clock, blockSize, finish } = this.options;
		const keys = this.worklist.takeDue(clock(), this.#width, this.#isOpen);
		const claims = await store.ledger.claim(campaignId, {
			owner,
			leaseMs,
			limit: blockSize,
			only: keys,
		});
		const claimed = new Set(claims.map(({ key }) => key));
		const suppressed = await store.suppressions.check([...claimed], { list });
		const unwanted: Claim[] = [];
		for (const claim of claims) {
			const owed = this.worklist.get(claim.key);
			const entry = suppressed.get(claim.key);
			if (owed) owed.elsewhereSince = undefined;
			if (owed && !entry) this.#keep(owed.lane, claim);
			else unwanted.push(claim);
			if (owed && entry) finish(owed, skippedAsSuppressed(owed, entry));
		}
		if (unwanted.length > 0) await store.ledger.release(unwanted);
		const rest = keys.filter((key) => !claimed.has(key));
		if (claims.length === blockSize) {
			this.#width = Math.max(this.#width >> 1, blockSize);
			this.worklist.putFirst(rest);
		} else if (rest.length > 0) {
			this.#width = Math.max(Math.min(this.#width * 4, WIDEST), blockSize);
			await this.#lookAfter(rest);
		}
	}

	/** Recipients who could not be claimed: served meanwhile, put off, or in another run's hands. */
	async #lookAfter(keys: readonly string[]): Promise<void> {
		const { store, campaignId, finish } = this.options;
		const entries = await store.ledger.getMany(campaignId, keys);
		const byKey = new Map(entries.map((entry) => [entry.key, entry]));
		for (const key of keys) {
			const owed = this.worklist.get(key);
			const entry = byKey.get(key);
			if (!owed) continue;
			const served = entry && skippedAsServed(owed, entry);
			if (served) finish(owed, served);
			else if (entry?.retryAt !== undefined) this.#adopt(owed, entry, entry.retryAt);
			else this.#lookAgain(owed);
		}
	}

	#adopt(owed: Owed, entry: LedgerEntry, retryAt: number): void {
		const { reply, blame, attempts, reason = 'The server asked to try again later.' } = entry;
		owed.elsewhereSince = undefined;
		owed.firstTryAt ??= this.options.clock();
		owed.attempts = attempts;
		owed.deferral = { retryAt, reason, reply, blame };
		this.options.putOff(owed);
	}

	/**
	 * Waits for the other run's outcome, or for the end of its lease if it is gone, whichever comes;
	 * but not for ever: two runs that wait for each other's retries would.
	 */
	#lookAgain(owed: Owed): void {
		const { clock, patienceMs, leaseMs, finish } = this.options;
		const now = clock();
		// It was others' turn for long: in whose hands they were before is no matter any more.
		if (now > (owed.lookAgainAt ?? now) + leaseMs) owed.elsewhereSince = now;
		owed.elsewhereSince ??= now;
		if (now - owed.elsewhereSince < Math.max(patienceMs, 2 * leaseMs)) {
			owed.lookAgainAt = now + Math.min(LOOK_AGAIN_MS, leaseMs);
			this.worklist.putBack(owed.key, owed.lookAgainAt);
			return;
		}
		const reason = `Another execution is sending this campaign to ${owed.recipient} at this time.`;
		finish(owed, skipped(owed, 'beingSentElsewhere', reason));
	}
}
