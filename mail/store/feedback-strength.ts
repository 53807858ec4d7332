import type { Feedback } from './ledger-entry';

/**
 * Which of two reports about one mail stays on its entry. An out-of-office reply that comes after
 * the bounce must not hide it, and a delay is no news once the mail has bounced.
 */
const STRENGTH: Readonly<Record<Feedback['event'], number>> = {
	complained: 5,
	hardBounce: 4,
	softBounce: 3,
	delayed: 2,
	autoReplied: 1,
};

/** The stronger one; the newer one when they are as strong. */
export function keepFeedback(known: Feedback | undefined, added: Feedback): Feedback {
	return known && STRENGTH[known.event] > STRENGTH[added.event] ? known : added;
}
