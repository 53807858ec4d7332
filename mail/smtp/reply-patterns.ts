import type { Blame } from '../model/blame';

/**
 * What a refusal asks of our pace. `slower`: fewer mails for a while. The stops: no more to this
 * provider until somebody or time has mended it; a `maybe` is as likely about this one mail, and only
 * means it when it comes again and again.
 */
export type PaceSignal =
	'slower' | 'stopPolicy' | 'stopReputation' | 'maybeStopPolicy' | 'maybeStopReputation';

/** What a refusal is about; refusal.ts has the words for it that users read. */
export type ReplyMeaning =
	/** The domain of the sender does not vouch for the mail. */
	| 'unauthenticated'
	| 'untrusted'
	| 'blocklisted'
	| 'greylisted'
	| 'accountExhausted'
	| 'accountRefused'
	/** Not as the sender that the mail names. */
	| 'senderRefused'
	| 'relayDenied'
	| 'closedGroup'
	| 'noSuchMailbox'
	| 'mailboxFull'
	| 'mailboxBusy'
	| 'tooFast'
	| 'later'
	| 'content'
	| 'policy';

/** What words in a reply mean, where they say more than its codes do. The first that fits counts. */
export interface ReplyPattern {
	means: ReplyMeaning;
	words: RegExp;
	verdict: 'transient' | 'permanent' | 'byCode';
	blame: Blame;
	pace?: PaceSignal;
	/**
	 * It is about the account that we sent by, whoever the recipient is: `pace` is then the whole
	 * account's, and with `exhausted` it sends nothing more for now.
	 */
	account?: 'throttled' | 'exhausted' | 'refused';
	/** Come back soon, and it will be taken. */
	greylisted?: true;
	/** There is no such mailbox, whatever the code says. */
	addressIsBad?: true;
}

/*
 * Sources: the providers' own postmaster pages, and replies seen on the wire. Each expression is a
 * choice of plain words: linear in the length of the reply. A status code among them is no part of an IP
 * address. docs/replies.md shows what comes of them.
 */
export const REPLY_PATTERNS: readonly ReplyPattern[] = [
	// Google, Yahoo and Microsoft demand authentication of the sender, and a name of its address
	// (support.google.com/a/answer/3726730; Exchange Online's 5.7.509 and 5.7.515). Google says 4.7.x for
	// the same while it only slows down.
	{
		means: 'unauthenticated',
		words: /(?<![\d.])5\.7\.(?:509|515|2[35679])(?!\.?\d)|unauthenticated (?:email|mail|sender)/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'stopPolicy',
	},
	{
		means: 'unauthenticated',
		words: /(?<![\d.])4\.7\.(?:2[35679]|3[0-2])(?!\.?\d)/,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'slower',
	},
	// Yahoo: deferred because of complaints or volume (senders.yahooinc.com, smtp-error-codes).
	{
		means: 'untrusted',
		words: /\[?TS(?:S0|03)|\[?TS0[1-4]\]/,
		verdict: 'transient',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Greylisting: RFC 6647.
	{
		means: 'greylisted',
		words: /gr[ae]y-?list/i,
		verdict: 'transient',
		blame: 'capacity',
		greylisted: true,
	},
	// The sending account's own quota: Gmail 550 5.4.5, Microsoft 365 5.1.90, SES 454, cPanel, IONOS, Zoho.
	{
		means: 'accountExhausted',
		words:
			/daily (?:user )?(?:sending|smtp relay|message) (?:quota|limit)|5\.1\.90|sending (?:quota|limit)|(?:mail )?send limit exceeded|exceeded (?:the|your) (?:maximum )?(?:sending|hourly|daily)|exceeded the max emails per hour|maximum credits exceeded|SubmissionQuotaExceeded|unusual sending activity/i,
		verdict: 'transient',
		blame: 'senderPolicy',
		account: 'exhausted',
	},
	// The account's own rate: SES 454, Microsoft 365 432 4.3.2 and 4.7.
	{
		means: 'tooFast',
		words:
			/maximum sending rate exceeded|sender thread limit exceeded|concurrent connections? limit|submission rate limit/i,
		verdict: 'transient',
		blame: 'capacity',
		pace: 'slower',
		account: 'throttled',
	},
	// May not send as this sender: Exchange 5.2.252 and 5.7.60, SMTP AUTH switched off 5.7.139, SendGrid.
	// May not send at all: Microsoft 365 locks accounts (5.1.8, 5.7.501 to 503) and tenants (5.7.705, 5.7.750).
	{
		means: 'senderRefused',
		words: /SendAsDenied|permissions? to send as this sender|verified sender identity/i,
		verdict: 'permanent',
		blame: 'senderPolicy',
		account: 'refused',
	},
	{
		means: 'accountRefused',
		words: /bad outbound sender|(?<![\d.])5\.7\.(?:139|57|50[1-3]|705|750)(?!\.?\d)/i,
		verdict: 'permanent',
		blame: 'senderPolicy',
		account: 'refused',
	},
	// A group that takes mail from some senders only: Exchange 5.7.124 to 5.7.136.
	{
		means: 'closedGroup',
		words: /RESOLVER\.RST\.|(?<![\d.])5\.7\.1(?:2[4-9]|3[0-6])(?!\.?\d)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	// Nobody of that name: Exchange Online's edge knows the directory; Yahoo.
	{
		means: 'noSuchMailbox',
		words:
			/5\.4\.1 recipient address rejected: access denied|user doesn't have an? [\w.-]{1,60} account/i,
		verdict: 'byCode',
		blame: 'recipient',
		addressIsBad: true,
	},
	{
		means: 'mailboxFull',
		words: /mailbox (?:is )?full|over ?quota|quota exceeded|exceeded storage allocation/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	// Google: this one mailbox gets more than it may; nothing is wrong with our pace.
	{
		means: 'mailboxBusy',
		words: /is receiving (?:mail|email) at a rate/i,
		verdict: 'transient',
		blame: 'recipient',
	},
	// Google, once it has lost patience.
	{
		means: 'untrusted',
		words: /mail sent from your (?:ip address|domain|network) has been blocked/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Google 4.7.28, Microsoft RP-001 to RP-003 and 4.7.650: too much for what they think of us.
	{
		means: 'tooFast',
		words:
			/unusual rate|(?<![\d.])[45]\.7\.28(?!\.?\d)|rate limited due to ip reputation|4\.7\.650|\bRP-00[123]\b/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'slower',
	},
	{
		means: 'tooFast',
		words:
			/too many (?:concurrent )?(?:smtp )?(?:connections|messages|recipients|errors)|excessive volume|rate.?limit|throttl|server busy|4\.7\.500/i,
		verdict: 'byCode',
		blame: 'capacity',
		pace: 'slower',
	},
	{ means: 'later', words: /try again later/i, verdict: 'byCode', blame: 'capacity' },
	{
		means: 'blocklisted',
		words:
			/spamhaus|blacklist|black list|blocklist|block list|blocked using|poor reputation|\brbl\b|dnsbl|\bS31[45]0\b|\[BL2[1-3]\]|banned send|(?<![\d.])5\.7\.(?:511|6(?:0[6-9]|[1-4]\d)|708)(?!\.?\d)|ipcheck\.proofpoint|csi\.cloudmark/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Google: this mail looks like spam, because of what it is or of who we are.
	{
		means: 'untrusted',
		words: /likely unsolicited mail|likely suspicious/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'maybeStopReputation',
	},
	{
		means: 'content',
		words:
			/\bspam\b|virus|malware|message content|content rejected|its content presents|\[PH\d\d\]/i,
		verdict: 'byCode',
		blame: 'content',
	},
	{
		means: 'senderRefused',
		words:
			/not (?:allowed|authorized|authorised|permitted) to send|sender (?:address )?rejected|email address is not verified/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'relayDenied',
		words: /relay(?:ing)? (?:access )?denied|unable to relay/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'unauthenticated',
		words: /\bspf\b|dkim|dmarc/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'policy',
		words: /policy (?:restrictions|reasons|violation)|(?:local|security) polic/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'noSuchMailbox',
		words:
			/(?:user|mailbox|recipient|account|address)(?: address)?(?: rejected)?:? (?:is )?(?:unknown|not found|does not exist|doesn't exist|unavailable|disabled)|(?:unknown|no such|invalid) (?:user|recipient|mailbox|local part)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
];

/**
 * A delay that the server asks for: "try again in 300 seconds", "retry after 5 minutes", "greylisted for
 * 60 s".
 */
export const DELAY =
	/(?:again|retry|wait|back|listed for)[^\d\r\n]{0,30}(\d{1,5}) ?(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b/i;

/** The same as milters write it, in hours, minutes and seconds: "please come back in 00:05:00". */
export const CLOCK_DELAY = /(?:again|retry|wait|back)[^\d\r\n]{0,30}(\d\d):(\d\d):(\d\d)\b/i;
