import type { Blame } from '../model/blame';
import type { ReplyVerdict } from './reply';
import { readReply } from './reply';

/** A refused mail in the user's words: what it means, and what to do. */
export interface Refusal {
	/** One sentence. */
	message: string;
	advice: string;
}

interface Symptom {
	signs: RegExp;
	refusal: Refusal;
}

/*
 * The first that fits counts. Each expression is a choice of plain words: linear in the length of the
 * reply. Sources: RFC 3463, RFC 5321 section 4.2.3, and the providers' own postmaster pages.
 */
const SYMPTOMS: readonly Symptom[] = [
	{
		signs:
			/SendAsDenied|permissions? to send as this sender|5\.7\.60\b|5\.2\.252|not owned by (?:user|authenticated)|sender address rejected|not (?:allowed|authori[sz]ed|permitted) to send (?:as|from)/i,
		refusal: {
			message: 'This account may not send with this From Email.',
			advice:
				"Use an address of the account's own, or let the administrator allow the account to send as this address.",
		},
	},
	{
		signs:
			/relay(?:ing)? (?:access )?(?:is )?(?:denied|not (?:allowed|permitted))|unable to relay|5\.7\.(?:0|57)\b.*authentic|authentication (?:is )?required|must (?:authenticate|be authenticated)/i,
		refusal: {
			message: 'The server does not deliver to other domains for this account.',
			advice:
				"Choose a sign-in with a password in the credential, and the server that belongs to the domain of From Email, not to the recipient's.",
		},
	},
	{
		signs:
			/5\.7\.515|[45]\.7\.2[3679]\b|unauthenticated|\bdmarc\b|\bspf\b|\bdkim\b|sender policy framework/i,
		refusal: {
			message: 'The server does not believe that this mail comes from the domain of From Email.',
			advice:
				'The domain must say that your server may send for it: publish SPF and DKIM, and a DMARC record. The documentation has a page about it, "The domain of the sender".',
		},
	},
	{
		signs:
			/spamhaus|black ?list|block ?list|blocked using|\brbl\b|dnsbl|poor reputation|\bS31[45]0\b|\[BL2[1-3]\]/i,
		refusal: {
			message: 'The sending server is on a blocklist.',
			advice:
				'The reply names the list. If the server is your own, look there for the reason and ask to be removed; at a mail service, tell its support.',
		},
	},
	{
		signs: /mailbox (?:is )?full|over ?quota|quota exceeded|[45]\.2\.2\b/i,
		refusal: {
			message: 'The mailbox of the recipient is full.',
			advice: 'Nothing is wrong with the address. Send it again in some days.',
		},
	},
	{
		signs:
			/[45]\.3\.4\b|message (?:is )?too (?:large|big)|exceeds (?:the )?(?:fixed )?(?:maximum )?(?:message )?size|size limit/i,
		refusal: {
			message: 'The mail is too large for the server.',
			advice: 'Send smaller attachments, or a link to them.',
		},
	},
	{
		signs: /gr[ae]y-?list/i,
		refusal: {
			message: 'The server takes the first mail of a sender only at a second try (greylisting).',
			advice: 'That is no failure: send it again in some minutes.',
		},
	},
	{
		signs: /\bspam\b|virus|malware|unsolicited|message content|content rejected|5\.7\.7\b/i,
		refusal: {
			message: 'The server does not like what is in the mail.',
			advice: 'Look at links, attachments and wording; link shorteners are often refused.',
		},
	},
];

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
	const text = reply.slice(0, 4_000).replace(/[\r\n]+/g, ' ');
	if (verdict.verdict === 'accepted') return LATER;
	if (verdict.account === 'exhausted') return EXHAUSTED;
	if (verdict.verdict === 'permanent' && verdict.addressIsBad) return NO_SUCH_MAILBOX;
	return (
		SYMPTOMS.find(({ signs }) => signs.test(text))?.refusal ??
		(isThrottling(verdict) ? THROTTLED : undefined) ??
		(verdict.verdict === 'transient' ? LATER : BY_BLAME[verdict.blame])
	);
}

function isThrottling(verdict: Exclude<ReplyVerdict, { verdict: 'accepted' }>): boolean {
	return verdict.account === 'throttled' || verdict.pace === 'slower';
}
