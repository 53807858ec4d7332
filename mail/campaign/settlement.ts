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
 * What the ledger is told of a try. What would be tried again after the time for it is over, has failed.
 */
export function settlementOf(
	delivery: ConclusiveDelivery,
	claim: Claim,
	{ giveUpAt, ...context }: TryContext,
): Settlement {
	const { messageId } = context;
	const settlement = readDelivery(delivery, claim, context);
	if (settlement.state !== 'deferred' || settlement.retryAt <= giveUpAt) return settlement;
	const { reply, reason, blame = 'capacity' } = settlement;
	const givenUp = `Given up after ${claim.attempts + 1} tries, for the time to try is over. ${reason}`;
	return { claim, messageId, state: 'failed', reply, reason: givenUp, blame };
}

interface TryContext {
	messageId: string;
	now: number;
	/** How often this run's connection ended within a message to this recipient. */
	cutOff: number;
	/** When the pace lets mail to this provider through again: a reply may have stopped it. */
	opensAt: number;
	/** No try is made after this time. */
	giveUpAt: number;
}

function readDelivery(
	delivery: ConclusiveDelivery,
	claim: Claim,
	{ messageId, now, cutOff, opensAt }: Omit<TryContext, 'giveUpAt'>,
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
			const { reply, reason, blame, retryAfterMs: askedMs, greylisted, pace } = delivery;
			const soon = greylisted === true || pace === 'slower';
			const at = Math.max(retryAt(claim.attempts + 1, now, { askedMs, soon }), opensAt);
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
	{ retryAt, reason, reply, blame, waitsFor }: Deferral,
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
		...(waitsFor ? { waitsFor } : {}),
		messageId,
		attempts,
		at,
	};
}
