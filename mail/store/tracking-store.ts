import type { MachineSign, TrackingEventName } from '../model/tracking';

/**
 * What tracking keeps: where its links lead to, whose they are, and what was done with them.
 *
 * Besides each event itself, counters are kept by hour, so that a report over a million events reads a
 * few hundred rows.
 */
export interface TrackingStore {
	/** Notes the public address under which a trigger answers. The one noted last is used for new mails. */
	openSite(site: { id: string; url: string }): Promise<void>;
	/** The trigger answers no more. */
	closeSite(id: string): Promise<void>;
	/** Where new mails shall point to. */
	currentSite(): Promise<{ id: string; url: string } | undefined>;

	/** Keeps what the mails of a campaign promise their readers; a later call overwrites. */
	setCampaign(campaignId: string, settings: CampaignTracking): Promise<void>;
	getCampaign(campaignId: string): Promise<CampaignTracking | undefined>;

	/**
	 * Gives each target its number within the campaign, from 1: the same target always has the same.
	 *
	 * @returns the numbers, in the targets' order
	 */
	numberLinks(campaignId: string, targets: readonly string[]): Promise<number[]>;
	/** Where a link of the campaign leads to. */
	findTarget(campaignId: string, number: number): Promise<string | undefined>;
	/** Every link of the campaign, by number. */
	links(campaignId: string): Promise<{ number: number; target: string }[]>;

	/** Makes references known that no ledger row has: single mails, and mails counted without knowing who. */
	addMails(mails: readonly NewTrackedMail[]): Promise<void>;
	/** The mail that a reference stands for, out of the ledger or of `addMails`. */
	findMail(reference: string): Promise<TrackedMail | undefined>;

	/**
	 * Records events, in one transaction. Of one recipient and campaign at most `MAX_EVENTS` are kept;
	 * further ones change nothing and come back as `ignored`.
	 *
	 * @returns what became of each, in their order
	 */
	record(events: readonly NewTrackingEvent[]): Promise<RecordedEvent[]>;

	/** What was done with the campaign's mails, by hour; no order is promised. */
	counts(campaignId: string): Promise<EventCount[]>;
	/** What each of these recipients did. */
	activities(campaignId: string, references: readonly string[]): Promise<Activity[]>;
	/** Single events, newest first. */
	events(
		campaignId: string,
		options: { limit: number; offset?: number; reference?: string },
	): Promise<StoredTrackingEvent[]>;
}

/** How many events of one recipient and campaign are kept: more is a machine gone wild, or an attack. */
export const MAX_EVENTS = 200;

export interface CampaignTracking {
	/** The list of the suppression list that an unsubscribe is for; `''` is for everything. */
	list: string;
}

export interface NewTrackedMail {
	reference: string;
	campaignId: string;
	/** Left out where nobody shall know who. */
	recipient?: { key: string; address: string };
}

export interface TrackedMail extends NewTrackedMail {
	/** When the server took the mail, if that is known. */
	sentAt?: number;
}

export interface NewTrackingEvent {
	campaignId: string;
	reference: string;
	event: TrackingEventName;
	/** The link's number; `NO_LINK` for all but clicks. */
	link: number;
	/** Set when it is taken for a machine's. */
	machine?: MachineSign;
	at: number;
	/** Only where the user asked for it. */
	ip?: string;
	userAgent?: string;
	/** Counted without knowing who: no recipient, no single event, and so no limit, is kept. */
	anonymous?: true;
}

export type RecordedEvent =
	| { result: 'ignored' }
	| {
			result: 'recorded';
			/** The first of its name by a person (or, for a machine's, by a machine) for this recipient. */
			first: boolean;
	  };

export interface EventCount {
	/** The hour's beginning, ms since the epoch. */
	hour: number;
	event: TrackingEventName;
	/** `NO_LINK` for each event once; for clicks there is a row for each link besides. */
	link: number;
	machine: boolean;
	events: number;
	/** Recipients whose first such event, by a person or by a machine as `machine` says, fell into the hour. */
	recipients: number;
	/** Those of them for whom it was the first at all, whether by a person or by a machine. */
	newcomers: number;
}

export interface Activity {
	reference: string;
	event: TrackingEventName;
	link: number;
	machine: boolean;
	events: number;
	firstAt: number;
	lastAt: number;
}

export type StoredTrackingEvent = Omit<NewTrackingEvent, 'anonymous'>;
