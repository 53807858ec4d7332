import type { RecipientOutcome } from '../model/outcome';
import { retryAt } from '../smtp/retry';
import type { SmtpProblem } from '../smtp/send-result';
import { Bell } from './bell';
import { Claims } from './claims';
import type { Ready } from './claims';
import { Courier, STOPPED_REASON } from './courier';
import type { Underway } from './courier';
import { wordsOf } from './delivery';
import type { Delivery } from './delivery';
import { Line } from './line';
import { waitsForPace } from './pace';
import type { CampaignSettings } from './settings';
import { deferredOutcome, outcomeOf, settlementOf } from './settlement';
import type { ConclusiveDelivery } from './settlement';
import { skippedAsCancelled } from './skip';
import type { Deferral, Owed, Worklist } from './worklist';

/** More outcomes than this are not kept for a caller who does not fetch them: sending waits. */
const OUTBOX_LIMIT = 1_000;
/** How long a message may take to end after its connection was cut, in ms. */
const CUT_MS = 500;
/** How long what is on the wire may take when the account's own failure ends the run, in ms. */
const PATIENT_GRACE_MS = 60_000;

/** The run is stopped from outside: by the caller, or with the process. */
export const STOPPED = { reason: STOPPED_REASON, waitsFor: 'order', graceMs: 2_000 } as const;

/** Why a run ends before its list does. */
export interface StopReason extends Deferral {
	/** How long what is on the wire may take to be finished, in ms. */
	graceMs: number;
	/** The campaign was ended for good: whoever is left is not mailed at all. */
	cancelledAt?: number;
}

/** Messages at work for each connection: one on the wire, one whose envelope rides behind it. */
const AHEAD = 2;

/**
 * Sends what a worklist owes over as many connections as the run may have, each outcome written down
 * before it is told.
 */
export class Sending {
	/** Messages begun whose connection is not free again. */
	#atWork = 0;
	readonly #underway = new Set<Underway>();
	readonly #claims: Claims;
	readonly #courier: Courier;
	readonly #line = new Line();
	/** Rung when the next step may be taken. */
	readonly #bell = new Bell();
	/** Rung when there is something to tell. */
	readonly #news = new Bell();
	#outbox: RecipientOutcome[] = [];
	#stopped: { reason: StopReason; deadline: number } | undefined;
	#broken: { error: unknown } | undefined;
	#ended = false;

	constructor(
		private readonly settings: CampaignSettings,
		private readonly worklist: Worklist,
	) {
		const { concurrency } = settings;
		this.#courier = new Courier(settings, this.#line, this.#breakDown);
		this.#claims = new Claims(worklist, {
			...settings,
			blockSize: Math.min(Math.max(concurrency * 5, 20), 200),
			finish: (owed, outcome) => {
				this.#finish(owed, outcome);
			},
			wake: () => {
				this.#bell.ring();
			},
			putOff: (owed) => {
				this.#putOff(owed);
			},
		});
	}

	/**
	 * One outcome for each recipient of the worklist, as they become final.
	 *
	 * @throws what the store threw, after what became of the messages on the wire has been told
	 */
	async *outcomes(): AsyncGenerator<RecipientOutcome, void> {
		const sending = this.#send();
		const unlisten = this.settings.pace.listen(() => {
			this.#bell.ring();
		});
		try {
			while (!this.#ended || this.#outbox.length > 0) {
				const batch = this.#outbox;
				this.#outbox = [];
				this.#bell.ring();
				for (const outcome of batch) yield outcome;
				if (!this.#ended && this.#outbox.length === 0) await this.#news.heard();
			}
			if (this.#broken) throw this.#broken.error;
			for (const owed of this.worklist.rest()) yield this.#left(owed);
		} finally {
			this.stop({ ...STOPPED, retryAt: this.settings.clock() });
			await sending;
			unlisten();
		}
	}

	/** Ends early: nothing new is begun, and what is on the wire is finished within its grace. */
	stop(reason: StopReason): void {
		const deadline = this.settings.clock() + reason.graceMs;
		if (!this.#stopped) this.#stopped = { reason, deadline };
		else if (deadline < this.#stopped.deadline) this.#stopped.deadline = deadline;
		this.#bell.ring();
	}

	async #send(): Promise<void> {
		while (!this.#stopped && this.worklist.size > 0) {
			const wait = this.#step();
			if (wait) await wait;
		}
		try {
			await this.#windUp();
		} catch (error) {
			this.#breakDown(error);
		}
		this.#ended = true;
		this.#news.ring();
	}

	/** Begins the next message. @returns what is to be waited for until that may be tried again */
	#step(): Promise<void> | undefined {
		const now = this.settings.clock();
		if (this.#atWork >= this.#mayBeAtWork || this.#outbox.length >= OUTBOX_LIMIT)
			return this.#bell.heard();
		if (this.#line.pausedUntil > now) return this.#bell.heard(this.#line.pausedUntil - now);
		const ready = this.#claims.take(this.#breakDown);
		if (ready) {
			this.#begin(ready);
			return undefined;
		}
		if (this.#claims.fetching) return this.#claims.fetching;
		if (this.#leaveShutLanes()) return undefined;
		const { nextAt = Infinity } = this.worklist;
		const waitMs = Math.min(nextAt - now, this.#claims.waitMs);
		return this.#bell.heard(Number.isFinite(waitMs) ? Math.max(waitMs, 1) : undefined);
	}

	/** Nothing rides behind while the server does not answer: one knock a connection is enough. */
	get #mayBeAtWork(): number {
		return this.settings.concurrency * (this.#line.isWell ? AHEAD : 1);
	}

	/** Whom the pace lets wait longer than this run does. @returns whether there were any */
	#leaveShutLanes(): boolean {
		const { pace, longestWaitMs, clock } = this.settings;
		let left = false;
		for (const lane of [...this.worklist.lanes]) {
			const shut = pace.isShut(lane);
			if (!shut || shut.waitMs <= longestWaitMs) continue;
			const why = waitsForPace(shut, lane, clock());
			for (const owed of this.worklist.takeLane(lane)) {
				owed.deferral = { ...why, reply: owed.deferral?.reply ?? why.reply };
				this.#finish(owed, this.#deferred(owed));
				left = true;
			}
		}
		return left;
	}

	#begin({ claim, slot }: Ready): void {
		const owed = this.worklist.get(claim.key);
		if (!owed) {
			slot.giveBack();
			return;
		}
		this.#atWork += 1;
		owed.firstTryAt ??= this.settings.clock();
		owed.elsewhereSince = undefined;
		owed.attempts = claim.attempts;
		const underway: Underway = {
			claim,
			owed,
			slot,
			asked: false,
			dispatched: false,
			granted: false,
			concluding: false,
			abandoned: false,
		};
		this.#underway.add(underway);
		void this.#serve(underway);
	}

	async #serve(underway: Underway): Promise<void> {
		const delivery = await this.#courier.deliver(underway);
		this.#tellPace(underway, delivery);
		if (underway.abandoned) {
			underway.permit?.giveBack();
			return;
		}
		// Its connection is free: the next may begin while this one is written down.
		this.#atWork -= 1;
		this.#bell.ring();
		try {
			await this.#conclude(underway, delivery);
		} catch (error) {
			this.#breakDown(error);
		}
		underway.permit?.giveBack();
		this.#underway.delete(underway);
		this.#bell.ring();
	}

	/** A slot is used as soon as a server can have seen the mail. */
	#tellPace({ slot, granted, owed: { lane } }: Underway, delivery: Delivery): void {
		const { pace } = this.settings;
		switch (delivery.became) {
			case 'sent':
				pace.accepted(lane);
				slot.finish();
				return;
			case 'deferred':
				pace.refused(lane, delivery, delivery);
				slot.finish();
				return;
			case 'failed':
				if (delivery.reply === undefined) slot.giveBack();
				else {
					pace.refused(lane, delivery, { reply: delivery.reply });
					slot.finish();
				}
				return;
			default:
				if (granted) slot.finish();
				else slot.giveBack();
		}
	}

	/** Writes down what a try came to, and sees to what is next for the recipient. */
	async #conclude(underway: Underway, delivery: Delivery): Promise<void> {
		underway.concluding = true;
		const { claim, owed } = underway;
		switch (delivery.became) {
			case 'sent':
			case 'deferred':
			case 'failed':
			case 'unknown':
				await this.#settle(underway, delivery);
				return;
			case 'cutOff':
				if (this.#courier.isShut(underway)) {
					await this.#courier.takeBack(underway);
					return;
				}
				owed.cutOff = (owed.cutOff ?? 0) + 1;
				this.#notReached(delivery.problem);
				await this.#settle(underway, delivery);
				return;
			case 'unreached':
				this.#notReached(delivery.problem);
				await this.#courier.takeBack(underway);
				this.worklist.putBack(claim.key, this.#line.pausedUntil);
				return;
			case 'accountRefused':
				this.stop(this.#endsBecause(delivery.reason, delivery.retryAfterMs));
				await this.#courier.takeBack(underway);
				return;
			case 'withdrawn':
				// The lease was lost, and the recipient with it: the ledger knows to whom. Or its leave was
				// for a time that is over: then it asks again.
				await this.#courier.takeBack(underway);
				if (!this.#broken && !this.#courier.isShut(underway))
					this.worklist.putBack(claim.key, this.settings.clock());
		}
	}

	async #settle({ claim, owed, permit }: Underway, delivery: ConclusiveDelivery): Promise<void> {
		const { store, campaignId, clock, identityOf, suppressRefused, giveUpAfterMs } = this.settings;
		const now = clock();
		const { messageId } = identityOf(claim);
		const settlement = settlementOf(delivery, claim, {
			messageId,
			now,
			cutOff: owed.cutOff ?? 0,
			opensAt: now + (this.settings.pace.isShut(owed.lane)?.waitMs ?? 0),
			giveUpAt: owed.queuedAt + giveUpAfterMs,
		});
		let isOurs = true;
		try {
			if (delivery.became === 'failed' && delivery.addressIsBad && suppressRefused)
				await store.suppressions.add([
					{
						key: claim.key,
						address: claim.address,
						reason: 'hardBounce',
						campaignId,
						detail: delivery.reply?.slice(0, 500),
					},
				]);
			const written = store.ledger.settle([settlement]);
			// Where the ledger keeps to the order of what it is told, whoever gets the permit now is
			// dispatched after this is written down, and with one commit.
			if (store.ledger.inOrder) permit?.giveBack();
			isOurs = (await written).length > 0;
		} catch (error) {
			// It cannot be written down, but it can be told.
			this.#breakDown(error);
		}
		const wasTried = delivery.became !== 'failed' || delivery.reply !== undefined;
		owed.attempts = claim.attempts + (wasTried ? 1 : 0);
		if (settlement.state === 'deferred') owed.deferral = settlement;
		if (!isOurs && settlement.state !== 'sent' && settlement.state !== 'unknown')
			this.worklist.putBack(claim.key, now);
		else if (settlement.state === 'deferred') this.#putOff(owed);
		else this.#finish(owed, outcomeOf(settlement, owed, now));
	}

	/** Tries again within this run where patience allows, else leaves that to the next. */
	#putOff(owed: Owed): void {
		const { patienceMs, clock } = this.settings;
		const { deferral, firstTryAt = clock() } = owed;
		if (deferral && !this.#stopped && deferral.retryAt - firstTryAt <= patienceMs)
			this.worklist.putBack(owed.key, deferral.retryAt);
		else this.#finish(owed, this.#deferred(owed));
	}

	/** The server could not be reached; when that lasts, the run ends. */
	#notReached(problem: SmtpProblem): void {
		const troubledFor = this.#line.failed(this.settings.clock());
		if (troubledFor >= this.settings.patienceMs) this.stop(this.#endsBecause(wordsOf(problem)));
	}

	#endsBecause(reason: string, askedMs?: number): StopReason {
		const at = retryAt(1, this.settings.clock(), { askedMs });
		return { reason, retryAt: at, waitsFor: 'account', graceMs: PATIENT_GRACE_MS };
	}

	readonly #breakDown = (error: unknown): void => {
		this.#broken ??= { error };
		this.stop(this.#endsBecause('The mail store failed.'));
	};

	#finish(owed: Owed, outcome: RecipientOutcome): void {
		this.worklist.remove(owed.key);
		this.#outbox.push(outcome);
		this.#news.ring();
	}

	/** Whoever the end of the run found waiting. */
	#left(owed: Owed): RecipientOutcome {
		const { cancelledAt } = this.#stopped?.reason ?? {};
		return cancelledAt === undefined ? this.#deferred(owed) : skippedAsCancelled(owed, cancelledAt);
	}

	#deferred(owed: Owed): RecipientOutcome {
		const at = this.settings.clock();
		const { messageId } = this.settings.identityOf(owed);
		const why = owed.deferral ?? this.#stopped?.reason ?? { ...STOPPED, retryAt: at };
		return deferredOutcome(owed, why, { messageId, at });
	}

	/** Lets what is on the wire end, cuts off what does not, and gives back what was not begun. */
	async #windUp(): Promise<void> {
		await this.#wireIsQuiet(() => this.#stopped?.deadline ?? Infinity);
		if (this.#underway.size > 0) {
			this.#courier.cut();
			const until = this.settings.clock() + CUT_MS;
			await this.#wireIsQuiet(() => until);
			for (const underway of [...this.#underway]) await this.#abandon(underway);
			await this.#wireIsQuiet(() => Infinity);
		}
		await this.#claims.giveBack();
	}

	async #wireIsQuiet(deadline: () => number): Promise<void> {
		for (;;) {
			const leftMs = deadline() - this.settings.clock();
			if (this.#underway.size === 0 || leftMs <= 0) return;
			await this.#bell.heard(Number.isFinite(leftMs) ? leftMs : undefined);
		}
	}

	/** A message whose connection does not even end when it is cut. */
	async #abandon(underway: Underway): Promise<void> {
		if (underway.concluding) return;
		underway.abandoned = true;
		this.#underway.delete(underway);
		const reason = 'The run was stopped before the server answered.';
		if (underway.granted) await this.#settle(underway, { became: 'unknown', reason });
		else await this.#courier.takeBack(underway);
		underway.permit?.giveBack();
	}
}
