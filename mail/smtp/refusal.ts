import type { Blame } from '../model/blame';
import { readReply } from './reply';
import type { ReplyVerdict } from './reply';
import type { ReplyMeaning } from './reply-patterns';

/** A refused mail in the user's words: what it means, and what to do. */
export interface Refusal {
	/** One sentence. */
	message: string;
	advice: string;
}

const CONTENT: Refusal = {
	message: 'The server does not like what is in the mail.',
	advice: 'Look at links, attachments and wording; link shorteners are often refused.',
};
const NO_RELAY: Refusal = {
	message: 'The server does not deliver to other domains for this account.',
	advice:
		"Choose a sign-in with a password in the credential, and the server that belongs to the domain of From Email, not to the recipient's.",
};
const FULL: Refusal = {
	message: 'The mailbox of the recipient is full.',
	advice: 'Nothing is wrong with the address. Send it again in some days.',
};
const TOO_LARGE: Refusal = {
	message: 'The mail is too large for the server.',
	advice: 'Send smaller attachments, or a link to them.',
};
const EXHAUSTED: Refusal = {
	message: 'The account has sent as much as it may for now.',
	advice:
		'Most providers count over 24 hours. Wait, or send less in a day; SMTP Bulk Send keeps below a limit by itself.',
};
const THROTTLED: Refusal = {
	message: 'The server wants fewer mails in this time.',
	advice: 'Send more slowly. SMTP Bulk Send keeps to a pace by itself.',
};
const NO_SUCH_MAILBOX: Refusal = {
	message: 'There is no such mailbox.',
	advice: 'Check the address of the recipient for a typing error.',
};
const LATER: Refusal = {
	message: 'The server does not take the mail at the moment.',
	advice: 'Send it again later.',
};
/** What is not here is told by its blame. */
const BY_MEANING: Readonly<Partial<Record<ReplyMeaning, Refusal>>> = {
	senderRefused: {
		message: 'This account may not send with this From Email.',
		advice:
			"Use an address of the account's own, or let the administrator allow the account to send as this address.",
	},
	relayDenied: NO_RELAY,
	unauthenticated: {
		message: 'The server does not believe that this mail comes from the domain of From Email.',
		advice:
			'The domain must say that your server may send for it: publish SPF and DKIM, and a DMARC record. The documentation has a page about it, "The domain of the sender".',
	},
	blocklisted: {
		message: 'The sending server is on a blocklist.',
		advice:
			'The reply names the list. If the server is your own, look there for the reason and ask to be removed; at a mail service, tell its support.',
	},
	mailboxFull: FULL,
	greylisted: {
		message: 'The server takes the first mail of a sender only at a second try (greylisting).',
		advice: 'That is no failure: send it again in some minutes.',
	},
	content: CONTENT,
	accountExhausted: EXHAUSTED,
	tooFast: THROTTLED,
};

/** Where the codes or words are no pattern of their own: they tell users more than they tell us. */
const BY_SIGNS: readonly { signs: RegExp; refusal: Refusal }[] = [
	{
		signs:
			/authentication (?:is )?required|not authenticated|must (?:authenticate|be authenticated)|relay(?:ing)? (?:is )?not (?:allowed|permitted)/i,
		refusal: NO_RELAY,
	},
	{
		signs: /(?<![\d.])[45]\.7\.25(?!\.?\d)|cannot find your (?:reverse )?hostname/i,
		refusal: {
			message: 'The address of the sending server has no name in the DNS.',
			advice:
				'Whoever runs that server has to give its IP address a reverse record (PTR), whose name leads back to the address.',
		},
	},
	{ signs: /(?<![\d.])[45]\.2\.2(?!\.?\d)/, refusal: FULL },
	{
		signs:
			/(?<![\d.])[45]\.3\.4(?!\.?\d)|message (?:is )?too (?:large|big)|maximum (?:message )?size|size limit/i,
		refusal: TOO_LARGE,
	},
	{ signs: /unsolicited|(?<![\d.])5\.7\.7(?!\.?\d)/i, refusal: CONTENT },
];

const BY_BLAME: Readonly<Record<Blame, Refusal>> = {
	recipient: {
		message: 'The recipient cannot take the mail.',
		advice: 'Check the address of the recipient.',
	},
	senderPolicy: {
		message: 'The server does not let this account or sender send this mail.',
		advice: 'Check From Email, and that its domain allows your server to send (SPF, DKIM, DMARC).',
	},
	reputation: {
		message: 'The server does not trust the sending machine or domain at the moment.',
		advice:
			'Send less and only to people who expect it, and look at the reply for a page to visit.',
	},
	content: {
		message: 'The server does not like what is in the mail.',
		advice: 'Look at links, attachments and size.',
	},
	capacity: {
		message: 'The server has a problem of its own.',
		advice: 'Send it again later.',
	},
};

/**
 * What a refusal means for the person who sent the mail.
 *
 * @param reply the server's reply as received; it is not repeated in what is returned
 */
export function describeRefusal(reply: string): Refusal {
	const verdict = readReply(reply);
	if (verdict.verdict === 'accepted') return LATER;
	if (verdict.account === 'exhausted') return EXHAUSTED;
	if (verdict.verdict === 'permanent' && verdict.addressIsBad) return NO_SUCH_MAILBOX;
	const text = reply.slice(0, 4_000).replace(/[\r\n]+/g, ' ');
	return (
		BY_SIGNS.find(({ signs }) => signs.test(text))?.refusal ??
		(verdict.means && BY_MEANING[verdict.means]) ??
		(isThrottling(verdict) ? THROTTLED : undefined) ??
		(verdict.verdict === 'transient' ? LATER : BY_BLAME[verdict.blame])
	);
}

function isThrottling(verdict: Exclude<ReplyVerdict, { verdict: 'accepted' }>): boolean {
	return verdict.account === 'throttled' || verdict.pace === 'slower';
}
