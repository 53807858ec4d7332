import type { Blame, Severity } from './blame';

/** What a message that came back says: DSN, complaint, auto-reply or something else. */
export interface MailReport {
	kind: ReportKind;
	/** One entry a recipient that the message reports about; empty for `other`. */
	recipients: ReportedRecipient[];
	/** What the returned copy (or the report's own fields) says of the mail that was sent. */
	original: OriginalMail;
	/** The report's own Message-ID, without angle brackets. */
	messageId?: string;
	/** The report's own subject, decoded. */
	subject?: string;
	/** The address that the report came from. */
	from?: string;
	/** Every address the report was delivered to: Delivered-To, X-Original-To, To (for VERP). */
	deliveredTo: string[];
	/**
	 * Every text in which a reference of ours may stand: the addresses that the report was delivered to,
	 * and Message-ID, return path and our headers of the returned mail.
	 */
	referenceSources: string[];
	/** The server that wrote the report (Reporting-MTA), if it names itself. */
	reportingMta?: string;
	/** When the report was written, ISO 8601, if its Date can be read. */
	date?: string;
}

export type ReportKind = 'bounce' | 'complaint' | 'delay' | 'delivered' | 'autoReply' | 'other';

export interface ReportedRecipient {
	/** The address that the report is about: where the mail ended up. Empty when it names none. */
	address: string;
	/**
	 * The address that was mailed, when the report tells: Original-Recipient (RFC 3464 section 2.3.1), or
	 * "generated from" in a server's words. Another one than `address` when the mail was forwarded.
	 */
	originalAddress?: string;
	action:
		'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded' | 'complained' | 'autoReplied';
	/** Enhanced status code such as `5.1.1` (RFC 3463); of a failure without one, what its reason implies. */
	status?: string;
	/** Three-digit reply code of the remote server, such as 550. */
	smtpCode?: number;
	severity: Severity;
	reason: BounceReason;
	blame?: Blame;
	advice: Advice;
	/** The server's words, decoded and on one line. */
	diagnostic: string;
	remoteMta?: string;
}

export type Advice = 'remove' | 'retryLater' | 'fixSender' | 'review' | 'unsubscribe' | 'none';

/** The taxonomy of reasons; each is explained in docs/bounce-reasons.md. */
export type BounceReason =
	| 'authfailure'
	| 'badreputation'
	| 'blocked'
	| 'contenterror'
	| 'delivered'
	| 'emailtoolarge'
	| 'expired'
	| 'failedstarttls'
	| 'feedback'
	| 'filtered'
	| 'hasmoved'
	| 'hostunknown'
	| 'mailboxfull'
	| 'mailererror'
	| 'networkerror'
	| 'norelaying'
	| 'notaccept'
	| 'notcompliantrfc'
	| 'onhold'
	| 'policyviolation'
	| 'ratelimited'
	| 'rejected'
	| 'requireptr'
	| 'securityerror'
	| 'spamdetected'
	| 'suspend'
	| 'syntaxerror'
	| 'systemerror'
	| 'systemfull'
	| 'undefined'
	| 'userunknown'
	| 'vacation'
	| 'virusdetected';

export interface OriginalMail {
	/** Without angle brackets. */
	messageId?: string;
	subject?: string;
	from?: string;
	to?: string;
	date?: string;
	/** ENVID (RFC 3461), as reported in Original-Envelope-Id. */
	envelopeId?: string;
	/** Our own reference header, when the returned copy carries it. */
	reference?: string;
	/** Our campaign header, when the returned copy carries it. Anybody can write one: show it, no more. */
	campaign?: string;
	listUnsubscribe?: string;
}
