import type { Blame } from './blame';

/**
 * What became of one recipient of a campaign. A run gives exactly one for each recipient taken in.
 *
 * `unknown` means that the connection died after the last byte of the message: the server may have
 * it or not. Nobody is guessed about.
 */
export type RecipientOutcome = RecipientRef &
	(
		| ({ outcome: 'sent'; reply: string } & Attempted)
		| ({
				outcome: 'deferred';
				retryAt: number;
				reply?: string;
				reason: string;
				blame?: Blame;
				waitsFor?: WaitsFor;
		  } & Attempted)
		| ({ outcome: 'failed'; reply?: string; reason: string; blame: Blame } & Attempted)
		| ({ outcome: 'unknown'; reason: string } & Attempted)
		| { outcome: 'skipped'; skipReason: SkipReason; reason: string }
	);

/**
 * What keeps a recipient waiting whom no server has answered: the `pace` (limits, quiet hours, a
 * provider that is slowed down or stopped), an `order` to stop or pause, or the `account` - its server is
 * out of reach, or lets it send nothing.
 */
export type WaitsFor = 'pace' | 'order' | 'account';

export interface RecipientRef {
	/** The caller's own index of the recipient, as given to the run (n8n: the item's index). */
	index: number;
	/** The address as mailed; for an invalid one, the text that was given. */
	recipient: string;
}

interface Attempted {
	messageId: string;
	/** Tries over all runs of the campaign, this one included; 0 when nothing was sent yet. */
	attempts: number;
	/** When the outcome was final, in ms since the epoch. */
	at: number;
}

/** Why a recipient was not mailed at all. */
export type SkipReason =
	| 'invalidAddress'
	| 'duplicate'
	| 'roleAddress'
	| 'suppressed'
	| 'alreadySent'
	| 'alreadyFailed'
	| 'outcomeUnknown'
	| 'beingSentElsewhere'
	| 'campaignCancelled';

/** The life of a recipient in the ledger. */
export type LedgerState =
	'queued' | 'claimed' | 'dispatched' | 'sent' | 'deferred' | 'failed' | 'unknown';
