import type { RecipientOutcome } from '../model/outcome';
import { retryAt } from '../smtp/retry';
import type { Claim, Settlement } from '../store/store';
import type { Delivery } from './delivery';
import { pauseMs } from './line';
import type { Deferral, Owed } from './worklist';

/** A try that says something about the recipient, and so is written into their row. */
export type ConclusiveDelivery = Extract<
	Delivery,
	{ became: 'sent' | 'deferred' | 'failed' | 'unknown' | 'cutOff' }
>;

/**
 * What the ledger is told of a try.
 *
 * @param options.cutOff how often this run's connection ended within a message to this recipient
 */
export function settlementOf(
	delivery: ConclusiveDelivery,
	claim: Claim,
	{ messageId, now, cutOff }: { messageId: string; now: number; cutOff: number },
): Settlement {
	switch (delivery.became) {
		case 'sent':
			return { claim, messageId, state: 'sent', reply: delivery.reply };
		case 'unknown':
			return { claim, messageId, state: 'unknown', reason: delivery.reason };
		case 'failed': {
			const { reply, reason, blame } = delivery;
			return { claim, messageId, state: 'failed', reply, reason, blame };
		}
		case 'deferred': {
			const { reply, reason, blame, retryAfterMs: askedMs, greylisted } = delivery;
			const at = retryAt(claim.attempts + 1, now, { askedMs, greylisted });
			return { claim, messageId, state: 'deferred', retryAt: at, reply, reason, blame };
		}
		case 'cutOff': {
			const reason = delivery.problem.message;
			return { claim, messageId, state: 'deferred', retryAt: now + pauseMs(cutOff - 1), reason };
		}
	}
}

/** The same, as the caller is told it. */
export function outcomeOf(
	settlement: Exclude<Settlement, { state: 'deferred' }>,
	{ index, recipient, attempts }: Owed,
	at: number,
): RecipientOutcome {
	const tried = { index, recipient, messageId: settlement.messageId, attempts, at };
	switch (settlement.state) {
		case 'sent':
			return { ...tried, outcome: 'sent', reply: settlement.reply };
		case 'unknown':
			return { ...tried, outcome: 'unknown', reason: settlement.reason };
		case 'failed': {
			const { reply, reason, blame } = settlement;
			return { ...tried, outcome: 'failed', ...(reply ? { reply } : {}), reason, blame };
		}
	}
}

/** For whoever is to be tried again after this run. */
export function deferredOutcome(
	{ index, recipient, attempts }: Owed,
	{ retryAt, reason, reply, blame }: Deferral,
	{ messageId, at }: { messageId: string; at: number },
): RecipientOutcome {
	return {
		index,
		recipient,
		outcome: 'deferred',
		retryAt,
		...(reply ? { reply } : {}),
		reason,
		...(blame ? { blame } : {}),
		messageId,
		attempts,
		at,
	};
}
