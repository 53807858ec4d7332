import type { PartOutline } from '../model/message-parts';
import type { KnownMail, MailboxMark } from '../store/store';
import type { MailboxMessage } from './message';
import type { MailboxProblem } from './problem';
import type { ConnectionTiming } from './sign-in';

/**
 * What is fetched of one message at most, from its start, where nobody says which parts are needed. A
 * delivery report has all it says, and the
 * header of the returned mail, long before; what follows is the returned mail itself, which may be
 * 30 MB and is not wanted.
 */
export const DEFAULT_MESSAGE_BYTES = 256 * 1024;

export interface WatchOptions {
	/** The folder, as the user names it. */
	mailbox: string;
	/** What to hand on of the mail that is there when there is no mark yet. */
	startWith: 'new' | 'unread' | 'all';
	/**
	 * Takes mail. The mark moves on only after this is done, so a batch may come a second time when the
	 * process died in between: its `id` tells.
	 *
	 * When it throws, it is asked again, a few times with growing pauses, and then for each message
	 * alone; one that still cannot be handled is reported by `onProblem`, left as it is, and passed
	 * over, so that it cannot hold up all others.
	 *
	 * @param signal aborted when the watch is stopped
	 * @returns what to do with each of the messages in the mailbox, in their order
	 */
	onMail(batch: MailBatch, signal: AbortSignal): Promise<readonly Verdict[]>;
	/**
	 * How many messages may be in hand at a time, if so many are there; one when left out. They come in
	 * one batch where there is a `take`, else each as a batch of its own.
	 */
	together?: number;
	/**
	 * Which sections of a message are needed: of a large one, those are fetched instead of its start.
	 * A section that is not there is passed over.
	 */
	neededParts?: (
		structure: PartOutline,
	) => readonly (PartOutline & { part: string; maxBytes: number })[];
	loadMark(): Promise<MailboxMark | undefined>;
	/**
	 * While it throws, no further message is handed on.
	 *
	 * @param handedOn digests, to be known by `lookUp` from then on
	 */
	saveMark(mark: MailboxMark, handedOn: readonly string[]): Promise<void>;
	/** Which of these mails were handed on, as `saveMark` was told. */
	lookUp(digests: readonly string[]): Promise<ReadonlyMap<string, KnownMail>>;
	/** For messages that shall come in one batch; `MailboxMarks.take`, with all that it returns. */
	take?: (digests: readonly string[], batch: string) => Promise<ReadonlyMap<string, KnownMail>>;
	onState?(change: WatchChange): void;
	/** Something about one message that a person should know; the watch goes on. */
	onProblem?(problem: MessageProblem): void;
	/** Opens the folder by EXAMINE: nothing in it is changed, whatever the verdicts say. */
	readOnly?: boolean;
	/** At least 16 KB. */
	maxMessageBytes?: number;
	timing?: Partial<WatchTiming>;
	/** ms since the epoch. */
	clock?: () => number;
	/** 0 to 1, for the jitter of pauses. */
	random?: () => number;
}

/** What is handed on at once. */
export interface MailBatch {
	/** The same whenever these messages are handed on again. */
	id: string;
	/** In the order of arrival; at least one. */
	messages: readonly MailboxMessage[];
	/** Fetches all of a message, up to 50 MB. */
	whole: (message: MailboxMessage) => Promise<Buffer>;
}

export type Verdict =
	| { action: 'leave' }
	| { action: 'markRead' }
	| { action: 'move'; folder: string }
	| { action: 'delete' };

/**
 * `connected` once, after the first time that the folder was opened. `lost` once for each lasting
 * failure: at once when only a person can mend it (a wrong password, a missing folder), else after
 * `patienceMs`. `recovered` when the folder is open again after a `lost`.
 */
export type WatchChange =
	| { state: 'connected' }
	| { state: 'lost'; problem: MailboxProblem; since: number }
	| { state: 'recovered'; since: number };

/** A message that was passed over (`handlerFailed`, `unreadable`), or left where it is (`actionFailed`). */
export interface MessageProblem {
	code: 'handlerFailed' | 'unreadable' | 'actionFailed';
	/** One plain sentence: what happened to which message. */
	message: string;
	advice: string;
	uid: number;
	uidValidity: string;
	digest?: string;
	messageId?: string;
	/** What was thrown. */
	cause: unknown;
}

export interface WatchTiming extends ConnectionTiming {
	/** Longest quiet time in IDLE before the server is asked something. */
	heartbeatMs: number;
	/** How long it may take to answer that. */
	answerMs: number;
	/** How often to ask where IDLE is not offered. */
	pollMs: number;
	/** How often to see whether the folder is still the same one (UIDVALIDITY). */
	recheckMs: number;
	/** Pause before the first new try, and the longest one; it doubles in between. */
	backoffMs: readonly [first: number, longest: number];
	/** The same while nobody listens, or no name server knows the host: that costs the server nothing. */
	absentBackoffMs: readonly [first: number, longest: number];
	/** The same after a refused password: servers lock accounts that try too often. */
	signInBackoffMs: readonly [first: number, longest: number];
	/** A connection that held so long lets the pauses start again from the first. */
	stableMs: number;
	/** A failure that lasts longer is reported as `lost`. */
	patienceMs: number;
	handlerTries: number;
	/** Pause before the handler's second try; it doubles. */
	handlerBackoffMs: number;
	/** A handler that has not finished by then has failed; it is not asked again. */
	handlerMs: number;
	/** How long `stop` waits for a message that is being handled. */
	stopGraceMs: number;
}

/**
 * A dead connection is found after `heartbeatMs` + `answerMs` in IDLE, and after `silenceMs` within a
 * command: 65 s at most, whatever the network does.
 */
export const WATCH_TIMING: WatchTiming = {
	connectMs: 30_000,
	silenceMs: 60_000,
	heartbeatMs: 45_000,
	answerMs: 20_000,
	pollMs: 30_000,
	recheckMs: 40_000,
	backoffMs: [1_000, 30_000],
	absentBackoffMs: [1_000, 10_000],
	signInBackoffMs: [30_000, 300_000],
	stableMs: 60_000,
	patienceMs: 120_000,
	handlerTries: 5,
	handlerBackoffMs: 1_000,
	handlerMs: 600_000,
	stopGraceMs: 5_000,
};
