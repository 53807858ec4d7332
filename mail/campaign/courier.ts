import type { Claim } from '../store/store';
import { readResult } from './delivery';
import type { Delivery } from './delivery';
import type { Line } from './line';
import type { Slot } from './pace';
import { Permits } from './permits';
import type { Permit } from './permits';
import { readPayload } from './recipient';
import type { CampaignSettings } from './settings';
import type { Owed } from './worklist';

/** One message on its way. */
export interface Underway {
	claim: Claim;
	owed: Owed;
	/** Leave of the pace. */
	slot: Slot;
	/** Had from the gate until its outcome is written down. */
	permit?: Permit;
	/** The ledger was asked to write down that the final dot is about to leave. */
	asked: boolean;
	/** It has written that down. */
	dispatched: boolean;
	/** The dot was let go. */
	granted: boolean;
	/** What it came to is being written down. */
	concluding: boolean;
	/** Given up: what still comes of it is not listened to. */
	abandoned: boolean;
}

export const STOPPED_REASON =
	'The run was stopped before this mail was sent. Run the campaign again to send it.';

/** Makes one message and brings it to the server, past the gate before the final dot. */
export class Courier {
	readonly #permits: Permits;
	readonly #cut = new AbortController();

	constructor(
		private readonly settings: CampaignSettings,
		private readonly line: Line,
		/** Told when the store failed: no more may leave then. */
		private readonly onBreakdown: (error: unknown) => void,
	) {
		this.#permits = new Permits(settings.concurrency);
	}

	/** Ends every connection with a message on it, and shuts the gate. */
	cut(): void {
		this.#cut.abort();
	}

	/** Whether its final dot may not leave any more, by our own decision. */
	isShut({ abandoned }: Underway): boolean {
		return this.#cut.signal.aborted || abandoned;
	}

	/** Never rejects. */
	async deliver(underway: Underway): Promise<Delivery> {
		try {
			return await this.#deliver(underway);
		} catch (error) {
			this.onBreakdown(error);
			const reason = 'The run broke down before the server answered.';
			return underway.granted ? { became: 'unknown', reason } : { became: 'withdrawn' };
		}
	}

	async #deliver(underway: Underway): Promise<Delivery> {
		const { claim } = underway;
		const { message, pool, identityOf } = this.settings;
		const content = readPayload(claim.payload);
		if ('problem' in content) return cannotBeMade(content.problem);
		const recipient = { ...content, address: claim.address };
		const rendered = await message.renderAside(recipient, identityOf(claim));
		if (!rendered.ok) return cannotBeMade(rendered.problem);
		const result = await pool.send(rendered.envelope, rendered.wire, {
			beforeFinalDot: () => this.#mayLeave(underway),
			signal: this.#cut.signal,
			mayFollow: true,
		});
		if (result.result === 'accepted' && result.isOut) rendered.giveBack();
		const { hasAnswered } = this.line;
		if (result.result === 'accepted' || result.result === 'refused') this.line.answered();
		return readResult(result, hasAnswered);
	}

	/** The ledger is told first, and only who holds the lease may pass. */
	async #mayLeave(underway: Underway): Promise<boolean> {
		underway.permit = await this.#permits.take();
		// It waited so long that its leave is for a time that is over.
		if (this.isShut(underway) || underway.slot.isOver) return false;
		try {
			underway.asked = true;
			const dispatched = await this.settings.store.ledger.dispatch([underway.claim]);
			underway.dispatched = dispatched.length > 0;
			// Given up while the ledger was told: nobody else would take it back.
			if (underway.abandoned) await this.takeBack(underway);
		} catch (error) {
			this.onBreakdown(error);
			return false;
		}
		underway.granted = underway.dispatched && !this.isShut(underway);
		return underway.granted;
	}

	/**
	 * No server has it, and this run will not send it: the next who claims it may. Where a dispatch was
	 * asked for, it may be written down although the ledger said no: the answer was late, and the lease
	 * over by then.
	 */
	async takeBack({ claim, asked, dispatched }: Underway): Promise<void> {
		const { store, identityOf, clock } = this.settings;
		if (!dispatched) await store.ledger.release([claim]);
		if (!asked) return;
		const { messageId } = identityOf(claim);
		await store.ledger.settle([
			{ claim, messageId, state: 'deferred', retryAt: clock(), reason: STOPPED_REASON },
		]);
	}
}

function cannotBeMade(problem: string): Delivery {
	return { became: 'failed', reason: problem, blame: 'content', addressIsBad: false };
}
