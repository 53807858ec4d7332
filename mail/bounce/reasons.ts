import type { Blame, Severity } from '../model/blame';
import type { Advice, BounceReason } from '../model/report';

export interface ReasonRow {
	meaning: string;
	/** Of a failure for good; what is temporary is soft, whatever its reason. */
	severity: Severity;
	blame?: Blame;
	advice: Advice;
}

/** The taxonomy of reasons. docs/bounce-reasons.md shows it, and a test holds the two together. */
export const REASONS: Readonly<Record<BounceReason, ReasonRow>> = {
	userunknown: row('There is no such mailbox', 'hard', 'recipient', 'remove'),
	hostunknown: row('There is no such domain', 'hard', 'recipient', 'remove'),
	hasmoved: row('The recipient has moved to another address', 'hard', 'recipient', 'remove'),
	notaccept: row('The domain takes no mail at all', 'hard', 'recipient', 'remove'),
	suspend: row('The account is disabled or locked', 'hard', 'recipient', 'remove'),
	mailboxfull: row('The mailbox is full', 'soft', 'recipient', 'retryLater'),
	filtered: row('The recipient, or their filter, refused it', 'soft', 'recipient', 'review'),
	rejected: row('The sender address was refused', 'soft', 'senderPolicy', 'fixSender'),
	authfailure: row('SPF, DKIM or DMARC failed', 'soft', 'senderPolicy', 'fixSender'),
	norelaying: row('The server does not relay for us', 'soft', 'senderPolicy', 'fixSender'),
	requireptr: row('The sending IP has no valid reverse DNS', 'soft', 'senderPolicy', 'fixSender'),
	securityerror: row('Refused for security reasons', 'soft', 'senderPolicy', 'fixSender'),
	failedstarttls: row('STARTTLS failed', 'soft', 'senderPolicy', 'fixSender'),
	policyviolation: row('Against a policy of the receiver', 'soft', 'senderPolicy', 'fixSender'),
	blocked: row('The sending IP or host name is blocked', 'soft', 'reputation', 'fixSender'),
	badreputation: row('The sender has a bad reputation', 'soft', 'reputation', 'fixSender'),
	ratelimited: row('Too much at once', 'soft', 'reputation', 'retryLater'),
	spamdetected: row('Taken for spam', 'soft', 'content', 'review'),
	virusdetected: row('Taken for a virus', 'soft', 'content', 'review'),
	contenterror: row('The content was refused', 'soft', 'content', 'review'),
	emailtoolarge: row('The mail is too large', 'soft', 'content', 'review'),
	notcompliantrfc: row('The mail breaks a rule of the format', 'soft', 'content', 'fixSender'),
	expired: row('It could not be delivered in time', 'soft', 'capacity', 'retryLater'),
	networkerror: row('DNS, routing or the connection failed', 'soft', 'capacity', 'retryLater'),
	systemerror: row('An error in the receiving system', 'soft', 'capacity', 'retryLater'),
	systemfull: row('The receiving system has no room', 'soft', 'capacity', 'retryLater'),
	mailererror: row('A program behind the mailbox failed', 'soft', 'capacity', 'retryLater'),
	syntaxerror: row('The servers did not understand each other', 'soft', 'capacity', 'retryLater'),
	onhold: row('Refused, and why is not said', 'soft', 'capacity', 'review'),
	undefined: row('The report does not say why', 'soft', 'capacity', 'review'),
	delivered: { meaning: 'It was delivered', severity: 'none', advice: 'none' },
	feedback: {
		meaning: 'The recipient complained',
		severity: 'none',
		blame: 'recipient',
		advice: 'unsubscribe',
	},
	vacation: { meaning: 'An automatic answer', severity: 'none', advice: 'none' },
};

function row(meaning: string, severity: Severity, blame: Blame, advice: Advice): ReasonRow {
	return { meaning, severity, blame, advice };
}
