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
		words: /\bTSS\d\d\b|\bTS0[1-4]\b/,
		verdict: 'transient',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Greylisting: RFC 6647; Yahoo's name for it is GL01.
	{
		means: 'greylisted',
		words: /gr[ae]y-?list|\[GL\d\d\]/i,
		verdict: 'transient',
		blame: 'capacity',
		greylisted: true,
	},
	// The sending account's own quota: Gmail 550 5.4.5, Microsoft 365 5.1.90 and 5.7.232 to 236, SES 454,
	// cPanel, IONOS, Zoho.
	{
		means: 'accountExhausted',
		words:
			/daily (?:user )?(?:sending|smtp relay|message) (?:quota|limit)|5\.1\.90|sending (?:quota|limit)|(?:mail )?send limit exceeded|exceeded (?:the|your) (?:maximum )?(?:sending|hourly|daily)|exceeded the max (?:emails|defers and failures) per hour|(?<![\d.])5\.7\.23[236](?!\.?\d)|maximum credits exceeded|SubmissionQuotaExceeded|unusual sending activity/i,
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
	// May not send as this sender: Exchange 5.2.252 and 5.7.60, SendGrid, Postfix's reject_sender_login_mismatch.
	// May not send at all: Microsoft 365 locks accounts (5.1.8, 5.7.501 to 503) and tenants (5.7.705, 5.7.750)
	// and switches SMTP AUTH off (5.7.139, 5.7.30), Workspace's relay, SES, cPanel, Mailgun.
	{
		means: 'senderRefused',
		words:
			/SendAsDenied|permissions? to send as this sender|verified sender identity|not (?:owned by (?:auth )?user|logged in)/i,
		verdict: 'permanent',
		blame: 'senderPolicy',
		account: 'refused',
	},
	{
		means: 'accountRefused',
		words:
			/bad outbound sender|(?<![\d.])5\.7\.(?:139|57|50[1-3]|705|750)(?!\.?\d)|basic authentication is not supported|invalid credentials for relay|sending paused for this account|outgoing mail from .{1,80} has been suspended|free accounts are for test/i,
		verdict: 'permanent',
		blame: 'senderPolicy',
		account: 'refused',
	},
	// A group that takes mail from some senders only: Exchange 5.7.124 to 5.7.136. A recipient whom the
	// sender's own organisation blocks: 5.7.703.
	{
		means: 'closedGroup',
		words: /RESOLVER\.RST\.|(?<![\d.])5\.7\.(?:1(?:2[4-9]|3[0-6])|703)(?!\.?\d)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	// Exim looks whether the sender exists, and repeats what the sender's server said of it.
	{
		means: 'senderRefused',
		words: /sender verif(?:y|ication)|verification failed for </i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
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
	// cPanel, of a recipient that it cannot route to; one of the guesses is a blocklist.
	{
		means: 'noSuchMailbox',
		words: /account or domain may not exist/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	{
		means: 'mailboxFull',
		words: /mailbox (?:is )?full|over ?quota|quota exceeded|exceeded storage allocation/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	// Google, and Exchange Online's 5.2.121 and 5.2.122: this one mailbox gets more than it may; nothing is
	// wrong with our pace.
	{
		means: 'mailboxBusy',
		words: /is receiving (?:mail|email) (?:at a rate|too quickly)|(?<![\d.])5\.2\.12[12](?!\.?\d)/i,
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
	// Google: this mail looks like spam, because of what it is or of who we are.
	{
		means: 'untrusted',
		words: /likely unsolicited mail|likely suspicious|low reputation/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'maybeStopReputation',
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
	// It passes, even where it comes with a 5xx (QQ, hosts that count mails an hour).
	{
		means: 'tooFast',
		words:
			/too many (?:[a-z]{1,20} ){0,2}(?:connections|sessions|messages|e?mails|recipients|errors)|too much mail|excessive volume|rate.?limit|frequency limited|throttl|slow down|server busy|4\.7\.500/i,
		verdict: 'transient',
		blame: 'capacity',
		pace: 'slower',
	},
	{
		means: 'blocklisted',
		words:
			/spamhaus|blacklist|black list|blocklist|block list|blocked using|blocked for spam|poor reputation|barracuda ?(?:reputation|central)|\b(?:SC|DY|OU)-00\d\b|\brbl\b|dnsbl|\bS31[45]0\b|\[BL2[1-3]\]|banned send|(?<![\d.])5\.7\.(?:511|6(?:0[6-9]|[1-4]\d)|708)(?!\.?\d)|ipcheck\.proofpoint|csi\.cloudmark/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	{
		means: 'content',
		words:
			/\bspam\b|unsolicited|virus|malware|attachment|(?:message|mail|its) content|content (?:rejected|restrictions?|filter)|\[PH\d\d\]|(?:message|mail) (?:is )?too (?:large|big)|(?:message|maximum) size|size (?:exceeds|limit)/i,
		verdict: 'byCode',
		blame: 'content',
	},
	{
		means: 'senderRefused',
		words:
			/not (?:allowed|authorized|authorised|permitted) to send|sender (?:rejected|(?:e-?mail )?(?:address|domain))|email address is not verified/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'relayDenied',
		words:
			/relay(?:ing)? (?:access |is )?(?:denied|prohibited|not (?:allowed|permitted))|unable to relay|allowed rcpthosts|authentication (?:is )?required|not authenticated|must (?:be )?authenticated?\b/i,
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
		words:
			/policy (?:restrictions|reasons|violation)|(?:local|security) polic|administrative(?:ly)? prohibit|helo command rejected/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		means: 'noSuchMailbox',
		words:
			/(?:user|mailbox|recipient|account|address)(?: address)?(?: rejected)?:? (?:is )?(?:unknown|not found|does not exist|doesn't exist|unavailable|disabled)|(?:unknown|no such|invalid) (?:user|recipient|mailbox|local part)|unrout(?:e)?able address/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	{
		means: 'later',
		words:
			/^4.*(?:(?:try|retry) (?:again|later|in|after)|come back|temporarily (?:deferred|unavailable))/i,
		verdict: 'byCode',
		blame: 'capacity',
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
