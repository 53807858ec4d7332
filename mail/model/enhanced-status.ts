import type { Blame, Severity } from './blame';
import type { BounceReason } from './report';

/** An enhanced mail system status code (RFC 3463), such as 5.1.1. */
export interface EnhancedStatus {
	/** As it stood, normalised: `5.1.1`. */
	code: string;
	/** 2 success, 4 persistent transient failure, 5 permanent failure. */
	class: 2 | 4 | 5;
	meaning: string;
	blame: Blame;
	/** For a permanent failure; a transient one is never hard. */
	severity: Severity;
	/** In the taxonomy of bounce reasons. */
	reason: BounceReason;
}

type Row = readonly [meaning: string, blame: Blame, severity: Severity, reason: BounceReason];

/** Subject and detail: RFC 3463 section 3, and the IANA registry of enhanced status codes. */
const REGISTRY: Readonly<Record<string, Row>> = {
	'0.0': ['Other undefined status', 'recipient', 'soft', 'onhold'],
	'1.0': ['Other address status', 'recipient', 'hard', 'userunknown'],
	'1.1': ['Bad destination mailbox address', 'recipient', 'hard', 'userunknown'],
	'1.2': ['Bad destination system address', 'recipient', 'hard', 'hostunknown'],
	'1.3': ['Bad destination mailbox address syntax', 'recipient', 'hard', 'userunknown'],
	'1.4': ['Destination mailbox address ambiguous', 'recipient', 'soft', 'filtered'],
	'1.6': ['Destination mailbox has moved, no forwarding address', 'recipient', 'hard', 'hasmoved'],
	'1.7': ['Bad sender mailbox address syntax', 'senderPolicy', 'soft', 'rejected'],
	'1.8': ['Bad sender system address', 'senderPolicy', 'soft', 'rejected'],
	'1.9': ['Message relayed to a non-compliant mailer', 'capacity', 'soft', 'systemerror'],
	'1.10': ['Recipient address has null MX', 'recipient', 'hard', 'notaccept'],
	'2.0': ['Other mailbox status', 'recipient', 'soft', 'filtered'],
	'2.1': ['Mailbox disabled, not accepting messages', 'recipient', 'hard', 'suspend'],
	'2.2': ['Mailbox full', 'recipient', 'soft', 'mailboxfull'],
	'2.3': ['Message length exceeds administrative limit', 'content', 'soft', 'emailtoolarge'],
	'2.4': ['Mailing list expansion problem', 'recipient', 'soft', 'filtered'],
	'3.0': ['Other mail system status', 'capacity', 'soft', 'systemerror'],
	'3.1': ['Mail system full', 'capacity', 'soft', 'systemfull'],
	'3.2': ['System not accepting network messages', 'recipient', 'hard', 'notaccept'],
	'3.3': ['System not capable of selected features', 'content', 'soft', 'systemerror'],
	'3.4': ['Message too big for system', 'content', 'soft', 'emailtoolarge'],
	'3.5': ['System incorrectly configured', 'capacity', 'soft', 'systemerror'],
	'4.0': ['Other network or routing status', 'capacity', 'soft', 'networkerror'],
	'4.1': ['No answer from host', 'capacity', 'soft', 'expired'],
	'4.2': ['Bad connection', 'capacity', 'soft', 'networkerror'],
	'4.3': ['Directory server failure', 'capacity', 'soft', 'systemerror'],
	'4.4': ['Unable to route', 'recipient', 'hard', 'hostunknown'],
	'4.5': ['Mail system congestion', 'capacity', 'soft', 'systemerror'],
	'4.6': ['Routing loop detected', 'capacity', 'soft', 'networkerror'],
	'4.7': ['Delivery time expired', 'capacity', 'soft', 'expired'],
	'5.0': ['Other protocol status', 'capacity', 'soft', 'systemerror'],
	'5.1': ['Invalid command', 'capacity', 'soft', 'syntaxerror'],
	'5.2': ['Syntax error', 'capacity', 'soft', 'syntaxerror'],
	'5.3': ['Too many recipients', 'senderPolicy', 'soft', 'ratelimited'],
	'5.4': ['Invalid command arguments', 'capacity', 'soft', 'syntaxerror'],
	'6.0': ['Other media error', 'content', 'soft', 'contenterror'],
	'6.1': ['Media not supported', 'content', 'soft', 'contenterror'],
	'6.2': ['Conversion required and prohibited', 'content', 'soft', 'contenterror'],
	'6.3': ['Conversion required but not supported', 'content', 'soft', 'contenterror'],
	'6.7': ['Non-ASCII addresses not permitted', 'content', 'soft', 'contenterror'],
	'7.0': ['Other security status', 'senderPolicy', 'soft', 'policyviolation'],
	'7.1': ['Delivery not authorized, message refused', 'senderPolicy', 'soft', 'policyviolation'],
	'7.2': ['Mailing list expansion prohibited', 'senderPolicy', 'soft', 'policyviolation'],
	'7.7': ['Message integrity failure', 'senderPolicy', 'soft', 'authfailure'],
	'7.8': ['Authentication credentials invalid', 'senderPolicy', 'soft', 'securityerror'],
	'7.9': ['Authentication mechanism is too weak', 'senderPolicy', 'soft', 'securityerror'],
	'7.13': ['User account disabled', 'recipient', 'hard', 'suspend'],
	'7.15': ['Priority level is too low', 'senderPolicy', 'soft', 'policyviolation'],
	'7.17': ['Mailbox owner has changed', 'recipient', 'hard', 'hasmoved'],
	'7.18': ['Domain owner has changed', 'recipient', 'hard', 'hasmoved'],
	'7.20': ['No passing DKIM signature found', 'senderPolicy', 'soft', 'authfailure'],
	'7.23': ['SPF validation failed', 'senderPolicy', 'soft', 'authfailure'],
	'7.25': ['Reverse DNS validation failed', 'senderPolicy', 'soft', 'requireptr'],
	'7.26': ['Multiple authentication checks failed', 'senderPolicy', 'soft', 'authfailure'],
	'7.27': ['Sender address has null MX', 'senderPolicy', 'soft', 'rejected'],
	'7.28': ['Mail flood detected', 'reputation', 'soft', 'ratelimited'],
	'7.30': ['REQUIRETLS support required', 'senderPolicy', 'soft', 'securityerror'],
	'7.515': ['Bulk sender requirements not met', 'senderPolicy', 'soft', 'authfailure'],
};

/** Where the detail is not in the registry, its subject still says something (RFC 3463 section 3). */
const BY_SUBJECT: Readonly<Record<string, string>> = {
	0: '0.0',
	1: '1.0',
	2: '2.0',
	3: '3.0',
	4: '4.0',
	5: '5.0',
	6: '6.0',
	7: '7.0',
};

/** RFC 3463 section 2: one digit, and twice one to three digits; not a part of a longer number. */
const STATUS = /(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)/;

/**
 * The first enhanced status code in a text: a reply without its basic code, or a Status field.
 *
 * @returns undefined when the text has none; an IP address or a version number is none
 */
export function parseEnhancedStatus(text: string): EnhancedStatus | undefined {
	const found = STATUS.exec(text);
	if (!found) return undefined;
	const [, digit = '', subject = '', detail = ''] = found;
	const statusClass = Number(digit) as 2 | 4 | 5;
	const key = `${Number(subject)}.${Number(detail)}`;
	const row = REGISTRY[key] ?? REGISTRY[BY_SUBJECT[Number(subject)] ?? '0.0'];
	const [meaning, blame, severity, reason]: Row = row ?? [
		'Other undefined status',
		'recipient',
		'soft',
		'onhold',
	];
	return {
		code: `${digit}.${Number(subject)}.${Number(detail)}`,
		class: statusClass,
		meaning,
		blame,
		severity: statusClass === 5 ? severity : statusClass === 4 ? 'soft' : 'none',
		reason,
	};
}
