import type { Blame, Severity } from './blame';
import type { Advice, BounceReason } from './report';

export interface ReasonRow {
	meaning: string;
	/** Of a failure for good; what is temporary is soft, whatever its reason. */
	severity: Severity;
	blame?: Blame;
	advice: Advice;
	/** Subject and detail of the status that a report without one is given (RFC 3463). */
	implies: string;
}

/** The taxonomy of reasons. docs/bounce-reasons.md shows it, and a test holds the two together. */
export const REASONS: Readonly<Record<BounceReason, ReasonRow>> = {
	userunknown: row('There is no such mailbox', 'hard', 'recipient', 'remove', '1.1'),
	hostunknown: row('There is no such domain', 'hard', 'recipient', 'remove', '1.2'),
	hasmoved: row('The recipient has moved to another address', 'hard', 'recipient', 'remove', '1.6'),
	notaccept: row('The domain takes no mail at all', 'hard', 'recipient', 'remove', '1.10'),
	suspend: row('The account is disabled or locked', 'hard', 'recipient', 'remove', '2.1'),
	mailboxfull: row('The mailbox is full', 'soft', 'recipient', 'retryLater', '2.2'),
	filtered: row('The recipient, or their filter, refused it', 'soft', 'recipient', 'review', '2.0'),
	rejected: row('The sender address was refused', 'soft', 'senderPolicy', 'fixSender', '1.8'),
	authfailure: row('SPF, DKIM or DMARC failed', 'soft', 'senderPolicy', 'fixSender', '7.26'),
	norelaying: row('The server does not relay for us', 'soft', 'senderPolicy', 'fixSender', '7.1'),
	requireptr: row(
		'The sending IP has no valid reverse DNS',
		'soft',
		'senderPolicy',
		'fixSender',
		'7.25',
	),
	securityerror: row('Refused for security reasons', 'soft', 'senderPolicy', 'fixSender', '7.0'),
	failedstarttls: row('STARTTLS failed', 'soft', 'senderPolicy', 'fixSender', '7.10'),
	policyviolation: row(
		'Against a policy of the receiver',
		'soft',
		'senderPolicy',
		'fixSender',
		'7.1',
	),
	blocked: row('The sending IP or host name is blocked', 'soft', 'reputation', 'fixSender', '7.1'),
	badreputation: row('The sender has a bad reputation', 'soft', 'reputation', 'fixSender', '7.1'),
	ratelimited: row('Too much at once', 'soft', 'reputation', 'retryLater', '7.28'),
	spamdetected: row('Taken for spam', 'soft', 'content', 'review', '7.1'),
	virusdetected: row('Taken for a virus', 'soft', 'content', 'review', '7.1'),
	contenterror: row('The content was refused', 'soft', 'content', 'review', '6.0'),
	emailtoolarge: row('The mail is too large', 'soft', 'content', 'review', '3.4'),
	notcompliantrfc: row(
		'The mail breaks a rule of the format',
		'soft',
		'content',
		'fixSender',
		'6.0',
	),
	expired: row('It could not be delivered in time', 'soft', 'capacity', 'retryLater', '4.7'),
	networkerror: row(
		'DNS, routing or the connection failed',
		'soft',
		'capacity',
		'retryLater',
		'4.0',
	),
	systemerror: row('An error in the receiving system', 'soft', 'capacity', 'retryLater', '3.0'),
	systemfull: row('The receiving system has no room', 'soft', 'capacity', 'retryLater', '3.1'),
	mailererror: row('A program behind the mailbox failed', 'soft', 'capacity', 'retryLater', '3.0'),
	syntaxerror: row(
		'The servers did not understand each other',
		'soft',
		'capacity',
		'retryLater',
		'5.0',
	),
	onhold: row('Refused, and why is not said', 'soft', 'capacity', 'review', '0.0'),
	undefined: row('The report does not say why', 'soft', 'capacity', 'review', '0.0'),
	delivered: { meaning: 'It was delivered', severity: 'none', advice: 'none', implies: '0.0' },
	feedback: {
		meaning: 'The recipient complained',
		severity: 'none',
		blame: 'recipient',
		advice: 'unsubscribe',
		implies: '0.0',
	},
	vacation: { meaning: 'An automatic answer', severity: 'none', advice: 'none', implies: '0.0' },
};

/** For people; what is of no taxonomy, as it is. */
export function reasonInPlainWords(reason: string): string {
	return Object.hasOwn(REASONS, reason) ? REASONS[reason as BounceReason].meaning : reason;
}

function row(
	meaning: string,
	severity: Severity,
	blame: Blame,
	advice: Advice,
	implies: string,
): ReasonRow {
	return { meaning, severity, blame, advice, implies };
}
