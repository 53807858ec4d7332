import type { Blame } from '../model/blame';
import type { LedgerState } from '../model/outcome';

/** One recipient of one campaign, as the ledger knows them. */
export interface LedgerEntry {
	campaignId: string;
	key: string;
	address: string;
	reference: string;
	state: LedgerState;
	attempts: number;
	/** true on the entries of `enqueue` that were taken in by this very call */
	isNew: boolean;
	retryAt?: number;
	/** Until when a `claimed` or `dispatched` row belongs to its owner. */
	leaseUntil?: number;
	reply?: string;
	reason?: string;
	blame?: Blame;
	messageId?: string;
	/** When the campaign first took them in. */
	queuedAt: number;
	updatedAt: number;
	feedback?: Feedback;
}

/** What came home about a mail that was sent. */
export interface Feedback {
	event: 'hardBounce' | 'softBounce' | 'complained' | 'delayed' | 'autoReplied';
	reason?: string;
	status?: string;
	diagnostic?: string;
	at: number;
}
