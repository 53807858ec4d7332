import type { Blame } from '../model/blame';

/** What words in a reply mean, where they say more than its codes do. The first that fits counts. */
export interface ReplyPattern {
	words: RegExp;
	verdict: 'transient' | 'permanent' | 'byCode';
	blame: Blame;
}

/*
 * Sources: the providers' own postmaster pages, and replies seen on the wire. Each expression is a
 * choice of plain words: linear in the length of the reply.
 */
export const REPLY_PATTERNS: readonly ReplyPattern[] = [
	// Google, Yahoo and Microsoft demand authentication of the sender: 550-5.7.26, 550 5.7.515.
	{
		words: /5\.7\.515|5\.7\.26|unauthenticated (?:email|mail|sender)/i,
		verdict: 'byCode',
		blame: 'senderPolicy',
	},
	// Yahoo: deferred because of complaints or volume (senders.yahooinc.com, smtp-error-codes).
	{ words: /\[?TS(?:S0|03)|\[?TS0[1-4]\]/, verdict: 'transient', blame: 'reputation' },
	// Greylisting: RFC 6647.
	{ words: /gr[ae]y-?list/i, verdict: 'transient', blame: 'capacity' },
	// The sending account's own quota: Gmail 550 5.4.5, Microsoft 365 5.1.90, and hosters.
	{
		words:
			/daily (?:user )?(?:sending|smtp relay|message) (?:quota|limit)|5\.1\.90|sending (?:quota|limit)|exceeded (?:the|your) (?:maximum )?(?:sending|hourly|daily)/i,
		verdict: 'transient',
		blame: 'senderPolicy',
	},
	{
		words:
			/mailbox (?:is )?full|over ?quota|quota exceeded|insufficient (?:storage|system storage)/i,
		verdict: 'byCode',
		blame: 'recipient',
	},
	{
		words:
			/too many (?:connections|messages|recipients|errors)|rate.?limit|throttl|try again later/i,
		verdict: 'byCode',
		blame: 'capacity',
	},
	{
		words:
			/spamhaus|blacklist|black list|blocklist|block list|blocked using|poor reputation|\brbl\b|dnsbl/i,
		verdict: 'byCode',
		blame: 'reputation',
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
