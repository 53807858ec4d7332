import type { Blame } from '../model/blame';
import type { SuppressionReason } from '../model/event';
import type { LedgerState } from '../model/outcome';
import type { Feedback, LedgerEntry } from './ledger-entry';
import type { ReportStore } from './report-store';
import type { TrackingStore } from './tracking-store';

export type { Feedback, LedgerEntry } from './ledger-entry';

/**
 * What must outlive a run. One interface, and a backend for each kind of database behind it; test/
 * holds one contract that every backend passes.
 *
 * Addresses given to the store are recipient keys (`recipientKey` of model/address) wherever the
 * field is named `key`; everything else is stored as given. Times are ms since the epoch, by the
 * store's own clock unless a parameter says otherwise.
 */
export interface MailStore {
	/**
	 * The store's time. Whoever compares a time with one of the store's asks here: the machines that
	 * share a store may be minutes apart. An estimate, some ms off at most where the store is remote.
	 */
	readonly clock: () => number;
	readonly ledger: Ledger;
	readonly suppressions: SuppressionList;
	readonly signingKeys: SigningKeys;
	readonly mailboxMarks: MailboxMarks;
	readonly receipts: Receipts;
	readonly campaigns: Campaigns;
	readonly paceBook: PaceBook;
	readonly checkMemory: CheckMemory;
	readonly tracking: TrackingStore;
	readonly reports: ReportStore;
	close(): Promise<void>;
}

/** Campaign, recipient, state: who was served, who is owed a mail, who is being mailed now. */
export interface Ledger {
	/**
	 * Whether an outcome takes effect no later than the dispatches asked for after it, whatever ends the
	 * process in between.
	 */
	readonly inOrder: boolean;

	/**
	 * Takes recipients in as `queued`, in one transaction. A recipient that the campaign already
	 * knows is left as it is and its row comes back, so that a second run repeats nobody. A known
	 * `deferred` or `queued` recipient gets the new `payload` and becomes claimable at once; so does
	 * one that `failed` by no fault of its own (a template, a policy), for that can be mended.
	 *
	 * @returns one entry for each recipient, in their order
	 */
	enqueue(
		campaignId: string,
		recipients: readonly NewRecipient[],
		options?: EnqueueOptions,
	): Promise<LedgerEntry[]>;

	/**
	 * Claims up to `limit` recipients that are due (`queued`, or `deferred` with `retryAt` past),
	 * those first that have been due longest. A claim whose lease ran out before dispatch is claimable
	 * again. A campaign that is paused or cancelled gives none.
	 *
	 * @param only claim just these keys, when given
	 */
	claim(
		campaignId: string,
		options: { owner: string; limit: number; leaseMs: number; only?: readonly string[] },
	): Promise<Claim[]>;

	/**
	 * Records that the final dot of these messages is about to leave. Only after this returned may
	 * it leave. Counts a try. A claim whose lease is over is lost, even if nobody took it yet.
	 *
	 * @returns the claims still held; whoever is missing lost the lease and must not send
	 */
	dispatch(claims: readonly Claim[]): Promise<Claim[]>;

	/**
	 * Writes outcomes; those whose claim was lost to another owner are left alone and not returned.
	 *
	 * What the server said stands as long as nobody else has claimed the row, even if the lease is
	 * over, and even if the row was given up as `unknown` meanwhile: a `deferred` is owed again then,
	 * with the payload of its claim. An outcome without a dispatch (a refusal before the final dot)
	 * counts as a try too.
	 */
	settle(results: readonly Settlement[]): Promise<Claim[]>;

	/** Gives claims that were not dispatched back as `queued`, in their old place, no try counted. */
	release(claims: readonly Claim[]): Promise<void>;

	/** Prolongs the leases of `owner` that still run; one that is over stays over. */
	heartbeat(campaignId: string, owner: string, leaseMs: number): Promise<void>;

	/**
	 * Rows left `dispatched` by an owner whose lease ran out become `unknown`.
	 *
	 * @returns how many
	 */
	expireDispatched(campaignId: string): Promise<number>;

	get(campaignId: string, key: string): Promise<LedgerEntry | undefined>;
	getMany(campaignId: string, keys: readonly string[]): Promise<LedgerEntry[]>;
	/** Finds the recipient that a token of ours (message/identity) was made for. */
	findByReference(reference: string): Promise<LedgerEntry | undefined>;
	/** How many recipients of the campaign are in each state. */
	counts(campaignId: string): Promise<Record<LedgerState, number>>;
	/**
	 * Those who are still to be mailed and can be (their payload is there): `queued`, `deferred` and
	 * `claimed` ones, in the order in which they were taken in.
	 *
	 * @param after the last one of the page before
	 */
	owed(campaignId: string, page: { limit: number; after?: LedgerEntry }): Promise<LedgerEntry[]>;
	/**
	 * Records a bounce or complaint that came home for this recipient. The gravest stays: an
	 * out-of-office reply does not hide the bounce before it.
	 */
	recordFeedback(campaignId: string, key: string, feedback: Feedback): Promise<void>;
}

export interface EnqueueOptions {
	/** Take `unknown` recipients in again; they may then be mailed twice. */
	reopenUnknown?: boolean;
}

export interface NewRecipient {
	key: string;
	/** As mailed. */
	address: string;
	/** Unique over all campaigns; what the return path and the Message-ID carry. */
	reference: string;
	/** JSON: what is needed to mail the recipient without the source; deleted with the final outcome. */
	payload: string;
}

export interface Claim {
	campaignId: string;
	key: string;
	address: string;
	reference: string;
	payload: string;
	attempts: number;
	owner: string;
	/** Grows with each claim of the row: whoever holds a lower one has lost it (a fencing token). */
	fence: number;
}

export type Settlement = {
	claim: Claim;
	messageId: string;
} & (
	| { state: 'sent'; reply: string }
	| { state: 'deferred'; retryAt: number; reply?: string; reason: string; blame?: Blame }
	| { state: 'failed'; reply?: string; reason: string; blame: Blame }
	| { state: 'unknown'; reason: string }
);

/**
 * Who must not be mailed any more, and why. An entry holds for everything (list `''`), or for the mails
 * of one list only, such as a newsletter that somebody left while they read on in another.
 */
export interface SuppressionList {
	/**
	 * Adds or refreshes, in one transaction. Of two reasons for an address on a list the stronger stays
	 * (`REASON_STRENGTH`).
	 *
	 * @returns how many were not on their list before
	 */
	add(entries: readonly NewSuppression[]): Promise<number>;
	/**
	 * Takes addresses off one list, `''` unless another is named, or off all; their soft bounces are
	 * forgotten with it, or the next one would bring them back.
	 *
	 * @returns how many entries were removed
	 */
	remove(keys: readonly string[], from?: { list?: string } | { everywhere: true }): Promise<number>;
	/**
	 * The entries for those of `keys` that are suppressed now (expired ones are not).
	 *
	 * @param of.list the list that is about to be mailed: its own entries count beside those for
	 *   everything, and no other list's
	 * @returns one entry a key; where both hold, the one for everything
	 */
	check(keys: readonly string[], of?: { list?: string }): Promise<Map<string, Suppression>>;
	/** Every entry of one address, the one for everything first, then by the name of the list. */
	find(key: string): Promise<Suppression[]>;
	/**
	 * Newest first.
	 *
	 * @param options.list entries of this list only (`''`: those for everything); all when left out
	 * @param options.after goes on behind this entry, the last of the page before. The way through a
	 *   long list: `offset` counts from the start each time, and slips when entries come meanwhile
	 */
	list(options: {
		limit: number;
		offset?: number;
		after?: Pick<Suppression, 'key' | 'list' | 'createdAt'>;
		reason?: SuppressionReason;
		list?: string;
	}): Promise<Suppression[]>;
	count(options?: { reason?: SuppressionReason; list?: string }): Promise<number>;
	/**
	 * Remembers that a mail to this address bounced softly; a mail counts once, whatever reports of it
	 * come. What happened before `since` is forgotten.
	 *
	 * @param bounce.mail names the mail: its reference
	 * @returns how many mails to the address have bounced since then, this one included
	 */
	countSoftBounce(
		bounce: { key: string; mail: string; at: number },
		since: number,
	): Promise<number>;
}

export interface NewSuppression {
	key: string;
	/** Left out or `''`: everything. */
	list?: string;
	address: string;
	reason: SuppressionReason;
	/** What led to it: a campaign, a status code, a person's note. */
	campaignId?: string;
	detail?: string;
	expiresAt?: number;
}

export interface Suppression extends NewSuppression {
	list: string;
	createdAt: number;
}

/** Keys that sign return paths and Message-IDs; kept sealed (AES-256-GCM) under the master key. */
export interface SigningKeys {
	/** The key to sign with; made on first use. */
	current(): Promise<SigningKey>;
	/** All keys that may verify, the current one among them. */
	all(): Promise<SigningKey[]>;
}

export interface SigningKey {
	/** One character of `a-z2-7`, first in every token made with the key. */
	id: string;
	/** 32 bytes. */
	secret: Buffer;
}

/** How far each mailbox was read, and which mails of it were handed on. */
export interface MailboxMarks {
	get(mailbox: string): Promise<MailboxMark | undefined>;
	/**
	 * Moves the mark and, in the same transaction, remembers mails as handed on. Those of long ago are
	 * forgotten.
	 *
	 * @param handedOn digests, which name a mail wherever it lies
	 */
	set(mailbox: string, mark: MailboxMark, handedOn?: readonly string[]): Promise<void>;
	/** What is known of these mails; those of which nothing is are missing. */
	lookUp(mailbox: string, digests: readonly string[]): Promise<Map<string, KnownMail>>;
	/**
	 * Names the batch that mails are about to be handed on in. One that has a batch already keeps it:
	 * whoever hands it on again, after a crash or in another process, does so under the same name.
	 *
	 * @returns all of them, and all others of their batches, as they stand now: a name stands for the
	 *   same mails wherever it is used
	 */
	take(mailbox: string, digests: readonly string[], batch: string): Promise<Map<string, KnownMail>>;
}

export interface KnownMail {
	/** Empty for a mail that came alone. */
	batch: string;
	/** Else it was about to be. */
	handedOn: boolean;
}

export interface MailboxMark {
	/** UIDVALIDITY (RFC 9051 section 2.3.1.1), as text since it may exceed what JSON keeps exactly. */
	uidValidity: string;
	lastUid: number;
	/** All that arrived until then (ms, by the mail server's clock) was looked at. */
	horizon?: number;
	/** Up to this UID only unread messages are handed on: a first start with "unread" is under way. */
	unreadUntil?: number;
}

/**
 * Which single mails were sent, so that work that is done once more does not mail again. A key stands
 * for one mail; what it is made of is the caller's choice.
 */
export interface Receipts {
	/**
	 * Asks to send the mail of this key. Of several who ask at once, one sends. A claim whose lease ran
	 * out before dispatch can be had by another; after dispatch the mail is `unknown`.
	 *
	 * @param options.resendUnknown what is unknown may be sent again, and then arrive twice
	 * @param options.countsForMs how long a key stands for its mail; after that, for another. For ever without
	 * @param options.digest of what is sent, for `inherit`
	 */
	claim(
		key: string,
		options: {
			owner: string;
			leaseMs: number;
			resendUnknown?: boolean;
			countsForMs?: number;
			digest?: string;
		},
	): Promise<ReceiptAnswer>;
	/** Keeps a claim for so long from now. @returns false when its lease has run out, or another has it */
	renew(claim: ReceiptClaim, leaseMs: number): Promise<boolean>;
	/**
	 * Records that the final dot is about to leave. Only on `true` may it leave; `false` means that the
	 * lease was lost.
	 *
	 * @param options.onDisk answers only when it outlives a power cut too, and not just the process; by
	 *   default that is so some milliseconds later, and at the latest when the run is closed
	 */
	dispatch(claim: ReceiptClaim, options?: { onDisk?: boolean }): Promise<boolean>;
	/** Keeps the receipt. @returns false when the claim was lost to another owner */
	settle(
		claim: ReceiptClaim,
		outcome: { state: 'sent' | 'unknown'; receipt: string },
	): Promise<boolean>;
	/** No server has the mail: whoever asks next may send it. */
	release(claim: ReceiptClaim): Promise<void>;
	/** A run is under way, and counts as one that did not end well until it is closed. */
	openRun(run: ReceiptRun): Promise<void>;
	/** A run has ended well, and those that it inherited from are done with. Opening it again opens them. */
	closeRun(id: string): Promise<void>;
	/**
	 * The receipt of an equal mail at the same place of another try: a run of this node that did not end
	 * well, or any of the same execution where that is known. That run is closed together with this one.
	 *
	 * @param mail.digest of what is sent: one that was claimed with another is no match
	 * @returns its key, to be claimed instead of an own one; undefined when there is none
	 */
	inherit(run: ReceiptRun, mail: { place: string; digest: string }): Promise<string | undefined>;
	/** Drops receipts and runs that have not changed since `before`. @returns how many receipts */
	forget(before: number): Promise<number>;
}

/** What a node does in one execution. The key of its receipts is `<id>:<place>`. */
export interface ReceiptRun {
	id: string;
	/** The same in all executions that may be tries of the same work. */
	node: string;
	/**
	 * All runs of that name are tries of one execution. A run that ended well is then one of them too: the
	 * execution may have died after it.
	 */
	sameExecution?: boolean;
}

export type ReceiptAnswer =
	| { answer: 'send'; claim: ReceiptClaim }
	/** An earlier try sent it; its receipt. */
	| { answer: 'sent'; receipt: string; at: number }
	/** An earlier try ended between the final dot and the reply; its receipt, if it lived to write one. */
	| { answer: 'unknown'; receipt?: string; at: number }
	/** Another try is at it, and has until then. */
	| { answer: 'busy'; until: number };

export interface ReceiptClaim {
	key: string;
	owner: string;
	/** Grows with each claim of the key: whoever holds a lower one has lost it. */
	fence: number;
}

/** What each campaign is, apart from its recipients, and whether it may go on. */
export interface Campaigns {
	/**
	 * Keeps what is needed to finish the campaign without the workflow that began it. A known one gets
	 * the new name and definition, and is open again; its state stays.
	 */
	define(campaign: NewCampaign): Promise<CampaignRecord>;
	get(id: string): Promise<CampaignRecord | undefined>;
	/** What `define` was given last; undefined when it never was. */
	definition(id: string): Promise<string | undefined>;
	/**
	 * Lets it go on, halts it, or ends it for good: whoever asks for claims of a campaign that is not
	 * `running` gets none. With `cancelled` the payloads of all who are not mailed yet are deleted, so
	 * that they cannot be any more; a cancelled one stays cancelled.
	 *
	 * @returns the record as it is now; undefined when there is no such campaign
	 */
	setState(id: string, state: CampaignState): Promise<CampaignRecord | undefined>;
	/**
	 * Writes down that nobody is owed a mail any more, if that is so. Whoever is suppressed for the list
	 * that is mailed, and in nobody's hands, is owed none.
	 *
	 * @returns whether it is so
	 */
	finish(id: string, mailed?: { list?: string }): Promise<boolean>;
	/** Running ones that still owe somebody a mail and can be finished (they are defined), oldest first. */
	owing(): Promise<OwingCampaign[]>;
	/** Newest first. */
	list(page: { limit: number; offset?: number }): Promise<CampaignRecord[]>;
	/**
	 * Those of which `forget` would delete something, oldest first: finished or cancelled before then, or
	 * with single mails from before then.
	 */
	aged(before: number): Promise<string[]>;
	/**
	 * Deletes what is kept of a campaign that was finished or cancelled before then: recipients, what came
	 * home of them, links and events. Of one that is in use it deletes the single mails from before then,
	 * with their events. Suppressions stay. In small steps: one that is cut short is gone on with the next
	 * time, and a campaign that is begun anew meanwhile keeps what is left.
	 */
	forget(id: string, before: number): Promise<Forgotten>;
}

/** How much was deleted of a campaign. */
export interface Forgotten {
	recipients: number;
	/** Single mails. */
	mails: number;
	events: number;
	/** Nothing of it is left. */
	entirely: boolean;
}

export type CampaignState = 'running' | 'paused' | 'cancelled';

export interface NewCampaign {
	id: string;
	name: string;
	/** The account it is sent by, as a person knows it; never a secret. */
	account: string;
	/** JSON, without secrets: templates, sender, options, attachments. */
	definition: string;
}

export interface CampaignRecord {
	id: string;
	name: string;
	account: string;
	state: CampaignState;
	createdAt: number;
	/** When `state` was last set. */
	stateSince: number;
	/** When nobody was owed a mail any more; undefined while somebody is. */
	finishedAt?: number;
}

export interface OwingCampaign {
	id: string;
	account: string;
	/** Recipients without an outcome: who can still be mailed, and who is on the wire. */
	owed: number;
	/**
	 * When the first of them is due, or the lease of whoever sends it is over; in the past when there
	 * is something to do now.
	 */
	dueAt: number;
}

/**
 * Pages that several processes write in: how much of each limit is used, and how fast each provider
 * takes mail now. What stands on a page is mail/pacing's; here it is text.
 */
export interface PaceBook {
	/**
	 * Reads the pages of these keys, lets `revise` write them anew, and keeps what it wrote, in one
	 * transaction: what two processes write at once comes one after the other, and neither is lost.
	 *
	 * @param revise synchronous; may be called more than once, when the transaction has to be repeated.
	 *   It gets each page (undefined: never written) in the order of `keys`, and the store's own time,
	 *   which is one clock for all processes. A page that it gives back as undefined stays as it is.
	 */
	revise<T>(keys: readonly string[], revise: Revision<T>): Promise<T>;
	/** The pages of these keys, as far as they were written. */
	read(keys: readonly string[]): Promise<Map<string, string>>;
	/** Drops pages that were not written since `before`. @returns how many */
	forget(before: number): Promise<number>;
}

/** What a check that is done again and again found the last time. */
export interface CheckMemory {
	/**
	 * Reads what an earlier run kept under this key, and keeps what `revise` gives in its place, in one
	 * transaction. A run that is done once more (n8n tries a node again) sees what its first try saw,
	 * not what that one kept: else a change would be told to nobody.
	 *
	 * @param run names the run: the same for all its tries
	 * @param revise synchronous; may be called more than once. It gets what was kept (undefined: nothing
	 *   yet). Without `content` all stays as it is
	 * @param isOver whether an earlier run came to its end. What one kept that did not is passed over for
	 *   what it saw itself, so that the next run tells its changes once more. All are over by default
	 */
	revise<T>(
		key: string,
		run: string,
		revise: CheckRevision<T>,
		isOver?: (run: string) => boolean,
	): Promise<T>;
	/** Drops what was not kept anew since `before`. @returns how many keys */
	forget(before: number): Promise<number>;
}

export interface RememberedCheck {
	content: string;
	at: number;
}

export type CheckRevision<T> = (last: RememberedCheck | undefined) => {
	content?: string;
	result: T;
};

export type Revision<T> = (
	pages: readonly (string | undefined)[],
	now: number,
) => { pages: readonly (string | undefined)[]; result: T };
