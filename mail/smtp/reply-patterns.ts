import type { Blame } from '../model/blame';

/**
 * What a refusal asks of our pace. `slower`: fewer mails for a while. The stops: no more to this
 * provider until somebody or time has mended it; a `maybe` is as likely about this one mail, and only
 * means it when it comes again and again.
 */
export type PaceSignal =
	'slower' | 'stopPolicy' | 'stopReputation' | 'maybeStopPolicy' | 'maybeStopReputation';

/** What words in a reply mean, where they say more than its codes do. The first that fits counts. */
export interface ReplyPattern {
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
}

/*
 * Sources: the providers' own postmaster pages, and replies seen on the wire. Each expression is a
 * choice of plain words: linear in the length of the reply.
 */
export const REPLY_PATTERNS: readonly ReplyPattern[] = [
	// Google, Yahoo and Microsoft demand authentication of the sender: 550-5.7.26, 550 5.7.515; Google
	// says 4.7.26 to 4.7.32 while it only slows down (support.google.com/a/answer/3726730).
	{
		words: /5\.7\.515|[45]\.7\.2[3679]|unauthenticated (?:email|mail|sender)/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'stopPolicy',
	},
	// Yahoo: deferred because of complaints or volume (senders.yahooinc.com, smtp-error-codes).
	{
		words: /\[?TS(?:S0|03)|\[?TS0[1-4]\]/,
		verdict: 'transient',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Greylisting: RFC 6647.
	{ words: /gr[ae]y-?list/i, verdict: 'transient', blame: 'capacity', greylisted: true },
	// The sending account's own quota: Gmail 550 5.4.5, Microsoft 365 5.1.90, SES 454, cPanel, IONOS.
	{
		words:
			/daily (?:user )?(?:sending|smtp relay|message) (?:quota|limit)|5\.1\.90|sending (?:quota|limit)|(?:mail )?send limit exceeded|exceeded (?:the|your) (?:maximum )?(?:sending|hourly|daily)|exceeded the max emails per hour|maximum credits exceeded/i,
		verdict: 'transient',
		blame: 'senderPolicy',
		account: 'exhausted',
	},
	// The account's own rate: SES 454, Microsoft 365 432 4.3.2 and 4.7.
	{
		words:
			/maximum sending rate exceeded|sender thread limit exceeded|concurrent connections? limit|submission rate limit/i,
		verdict: 'transient',
		blame: 'capacity',
		pace: 'slower',
		account: 'throttled',
	},
	// May not send as this sender: Exchange 5.2.252 and 5.7.60, SMTP AUTH switched off 5.7.139.
	{
		words: /SendAsDenied|permissions? to send as this sender|5\.7\.139|5\.7\.57\b/i,
		verdict: 'permanent',
		blame: 'senderPolicy',
		account: 'refused',
	},
	{
		words:
			/mailbox (?:is )?full|over ?quota|quota exceeded|insufficient (?:storage|system storage)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	// Google: this one mailbox gets more than it may; nothing is wrong with our pace.
	{ words: /is receiving (?:mail|email) at a rate/i, verdict: 'transient', blame: 'recipient' },
	// Google 4.7.28, Microsoft RP-001 to RP-003 and 4.7.650: too much for what they think of us.
	{
		words: /unusual rate|[45]\.7\.28\b|rate limited due to ip reputation|4\.7\.650|\bRP-00[123]\b/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'slower',
	},
	{
		words:
			/too many (?:connections|messages|recipients|errors)|rate.?limit|throttl|server busy|4\.7\.500/i,
		verdict: 'byCode',
		blame: 'capacity',
		pace: 'slower',
	},
	{ words: /try again later/i, verdict: 'byCode', blame: 'capacity' },
	{
		words:
			/spamhaus|blacklist|black list|blocklist|block list|blocked using|poor reputation|\brbl\b|dnsbl|\bS31[45]0\b|\[BL2[1-3]\]/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'stopReputation',
	},
	// Google: this mail looks like spam, because of what it is or of who we are.
	{
		words: /likely unsolicited mail|likely suspicious/i,
		verdict: 'byCode',
		blame: 'reputation',
		pace: 'maybeStopReputation',
	},
	{
		words: /\bspam\b|virus|malware|message content|content rejected/i,
		verdict: 'byCode',
		blame: 'content',
	},
	{
		words:
			/\bspf\b|dkim|dmarc|not (?:allowed|authorized|authorised|permitted) to send|sender (?:address )?rejected|relay(?:ing)? (?:access )?denied|unable to relay/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
		pace: 'maybeStopPolicy',
	},
	{
		words:
			/(?:user|mailbox|recipient|account|address)(?: address)?(?: rejected)?:? (?:unknown|not found|does not exist|doesn't exist|unavailable|disabled)|(?:unknown|no such|invalid) (?:user|recipient|mailbox|local part)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
];

/** A delay that the server asks for: "try again in 300 seconds", "retry after 5 minutes". */
export const DELAY = /(?:again|retry|wait)[^\d\r\n]{0,30}(\d{1,5}) ?(s|sec|m|min|h|hour)/i;
