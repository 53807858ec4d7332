/** What a recipient did, as far as a mail can tell. */
export type TrackingEventName = 'opened' | 'clicked' | 'unsubscribed' | 'resubscribed';

/** Why an event is taken for a machine's and not for a person's; `docs/tracking-and-privacy.md` explains each. */
export type MachineSign =
	/** A program that names itself, or names nothing. */
	| 'userAgent'
	/** Apple's or Google's servers, which load pictures before anybody has looked. */
	| 'prefetch'
	/** HEAD asks whether something is there; people never do. */
	| 'headRequest'
	/** Sooner after sending than anybody reads. */
	| 'tooSoon'
	/** Several links within a moment, as link scanners do. */
	| 'burst';

/** Links are counted under their number; 0 stands for no link, or for all of them together. */
export const NO_LINK = 0;
