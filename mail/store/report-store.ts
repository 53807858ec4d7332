import type { LedgerState } from '../model/outcome';
import type { TrackingEventName } from '../model/tracking';
import type { Feedback, LedgerEntry } from './ledger-entry';

/** What a report asks of the ledger beyond single recipients. Reads only. */
export interface ReportStore {
	/** How many recipients came to each kind of feedback; the gravest of each recipient counts. */
	feedbackCounts(campaignId: string): Promise<Record<Feedback['event'], number>>;
	/** When the recipients of the campaign came to their present state, by hour. */
	outcomesByHour(campaignId: string): Promise<OutcomeCount[]>;
	/** Recipients of the campaign in the order they were taken in. */
	recipients(
		campaignId: string,
		options: { filter?: RecipientFilter; limit: number; offset?: number },
	): Promise<LedgerEntry[]>;
	/** Single mails of the campaign, in the order they were sent. */
	singleMails(
		campaignId: string,
		options: { filter?: { did: TrackingEventName }; limit: number; offset?: number },
	): Promise<SingleMail[]>;
	countSingleMails(campaignId: string): Promise<number>;
}

export interface OutcomeCount {
	/** The hour's beginning, ms since the epoch. */
	hour: number;
	state: LedgerState;
	recipients: number;
}

export type RecipientFilter =
	| { state: LedgerState }
	| { feedback: Feedback['event'] }
	/** Did this, as a person. */
	| { did: TrackingEventName }
	/** Refused by the server, or reported on by a bounce, delay or complaint. */
	| { setback: true };

export interface SingleMail {
	reference: string;
	address: string;
	sentAt: number;
}
