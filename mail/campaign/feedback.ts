import type { Blame, Severity } from '../model/blame';
import { recipientKey } from '../model/address';
import type { Advice, MailReport, ReportedRecipient } from '../model/report';
import type { Feedback, LedgerEntry, MailStore, NewSuppression } from '../store/store';
import { findOrigins } from './origins';
import type { Reply } from './reply';

/** A report that came home, as told to the user: one a recipient. */
export interface ReportedEvent {
	event: ReportedEventName;
	/** The address that we mailed. For a report that is not verified: the one that it names. */
	recipient: string;
	/** The campaign that the mail belonged to; only of a verified report. */
	campaignId?: string;
	/**
	 * The report carries a reference that only we can have made, and the ledger knows it: it answers a
	 * mail of ours to this recipient. Anybody can write a report without one.
	 */
	verified: boolean;
	/** The recipient stands on the suppression list now. */
	suppressed: boolean;
	severity: Severity;
	reason: string;
	blame?: Blame;
	advice: Advice;
	/** Enhanced status code (RFC 3463), such as 5.1.1. */
	status?: string;
	smtpCode?: number;
	/** The remote server's words. */
	diagnostic: string;
	remoteMta?: string;
	/** Where the mail ended up, when it was forwarded to another address. */
	forwardedTo?: string;
	original: { messageId?: string; subject?: string; from?: string; to?: string; date?: string };
	/** When the report was written, ISO 8601. */
	reportedAt?: string;
	/** Of a person's answer: who wrote it, and what stands above it. */
	reply?: { from?: string; subject?: string; messageId?: string };
}

export type ReportedEventName = Feedback['event'] | 'delivered' | 'replied';

export interface FeedbackOptions {
	/** Whether anything is kept at all; without it, the report is only told. */
	record: boolean;
	/** Hard bounces and complaints put the recipient on the suppression list. */
	suppress: boolean;
	/** With `suppress`: soft bounces do so too, when they come often enough. */
	softBounces?: SoftBounceRule;
	/** ms since the epoch; the store's clock. */
	clock?: () => number;
}

/** So many mails that bounced softly within so long suppress an address for so long. Times in ms. */
export interface SoftBounceRule {
	limit: number;
	withinMs: number;
	suppressMs: number;
}

/**
 * Whose mails a report answers, and what is kept of it: the ledger learns the feedback of verified
 * recipients, and with `suppress` their hard bounces and complaints go on the suppression list, and who
 * bounced softly too often. A report that is not verified is told, and changes nothing.
 *
 * Calling it again with the same report changes nothing more.
 *
 * @returns one event a recipient; none for a message that reports nothing
 */
export async function takeInReport(
	report: MailReport,
	store: MailStore,
	options: FeedbackOptions,
): Promise<ReportedEvent[]> {
	if (report.kind === 'other') return [];
	const origins = await findOrigins(report.referenceSources, store);
	const events = matchRecipients(report, origins).map(({ recipient, origin }) => ({
		origin,
		event: toEvent(report, recipient, origin),
	}));

	for (const { origin, event } of events)
		if (origin && options.record) await record(event, origin, store, options);

	const keys = new Map(events.map(({ event }) => [event, recipientKey(event.recipient)]));
	const suppressions = await store.suppressions.check([...keys.values()]);
	return events.map(({ event }) => ({
		...event,
		suppressed: suppressions.has(keys.get(event) ?? ''),
	}));
}

interface Match {
	recipient: ReportedRecipient;
	origin?: LedgerEntry;
}

/**
 * We send one recipient a message, so a report with one genuine reference is about that recipient,
 * whatever addresses it names: those are where the mail was forwarded to. With several references
 * (reports forwarded together) each goes to the recipient whose address it names.
 */
function matchRecipients(report: MailReport, origins: LedgerEntry[]): Match[] {
	const [origin] = origins;
	if (origin && origins.length === 1) {
		const named = report.recipients.find((recipient) => names(recipient, origin));
		const recipient = named ?? worst(report.recipients);
		return recipient ? [{ recipient, origin }] : [];
	}
	return report.recipients.map((recipient) => ({
		recipient,
		origin: origins.find((candidate) => names(recipient, candidate)),
	}));
}

function names(recipient: ReportedRecipient, origin: LedgerEntry): boolean {
	return [recipient.address, recipient.originalAddress].some(
		(address) => address !== undefined && recipientKey(address) === origin.key,
	);
}

const SEVERITIES: readonly Severity[] = ['none', 'soft', 'hard'];

function worst(recipients: readonly ReportedRecipient[]): ReportedRecipient | undefined {
	return recipients.toSorted(
		(a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity),
	)[0];
}

function toEvent(
	report: MailReport,
	recipient: ReportedRecipient,
	origin: LedgerEntry | undefined,
): ReportedEvent {
	const address = origin?.address ?? recipient.originalAddress ?? recipient.address;
	const isForwarded =
		recipient.address !== '' && recipientKey(recipient.address) !== recipientKey(address);
	const { messageId, subject, from, to, date } = report.original;
	return {
		event: eventName(report, recipient),
		recipient: address,
		...(origin ? { campaignId: origin.campaignId } : {}),
		verified: origin !== undefined,
		suppressed: false,
		severity: recipient.severity,
		reason: recipient.reason,
		...(recipient.blame ? { blame: recipient.blame } : {}),
		advice: recipient.advice,
		...(recipient.status ? { status: recipient.status } : {}),
		...(recipient.smtpCode ? { smtpCode: recipient.smtpCode } : {}),
		diagnostic: recipient.diagnostic,
		...(recipient.remoteMta ? { remoteMta: recipient.remoteMta } : {}),
		...(isForwarded ? { forwardedTo: recipient.address } : {}),
		original: { messageId, subject, from, to, date },
		...(report.date ? { reportedAt: report.date } : {}),
	};
}

/** A person's answer in the shape of an event. */
export async function replyToEvent(
	{ origin, from, subject, messageId, date }: Reply,
	store: MailStore,
): Promise<ReportedEvent> {
	const suppressed = await store.suppressions.check([origin.key]);
	return {
		event: 'replied',
		recipient: origin.address,
		campaignId: origin.campaignId,
		verified: true,
		suppressed: suppressed.has(origin.key),
		severity: 'none',
		reason: 'reply',
		advice: 'none',
		diagnostic: '',
		original: { messageId: origin.messageId?.replace(/^<|>$/g, '') },
		reply: { from, subject, messageId },
		...(date ? { reportedAt: date } : {}),
	};
}

function eventName(report: MailReport, recipient: ReportedRecipient): ReportedEventName {
	switch (report.kind) {
		case 'complaint':
			return 'complained';
		case 'delay':
			return 'delayed';
		case 'autoReply':
			return 'autoReplied';
		case 'delivered':
			return 'delivered';
		default:
			if (recipient.action === 'delayed') return 'delayed';
			if (recipient.severity === 'none') return 'delivered';
			return recipient.severity === 'hard' ? 'hardBounce' : 'softBounce';
	}
}

async function record(
	event: ReportedEvent,
	origin: LedgerEntry,
	store: MailStore,
	options: FeedbackOptions,
): Promise<void> {
	if (event.event === 'delivered' || event.event === 'replied') return;
	const { reason, status, diagnostic } = event;
	await store.ledger.recordFeedback(origin.campaignId, origin.key, {
		event: event.event,
		reason,
		status,
		diagnostic,
		at: Date.parse(event.reportedAt ?? '') || origin.updatedAt,
	});
	if (!options.suppress) return;
	const suppression = await suppressionFor(event, origin, store, options);
	if (suppression)
		await store.suppressions.add([
			{
				key: origin.key,
				address: origin.address,
				campaignId: origin.campaignId,
				detail: [status, diagnostic].filter(Boolean).join(' ').slice(0, 500),
				...suppression,
			},
		]);
}

/** A bounce for which somebody else is to blame (policy, reputation, content) suppresses nobody. */
async function suppressionFor(
	event: ReportedEvent,
	origin: LedgerEntry,
	store: MailStore,
	{ softBounces, clock = Date.now }: FeedbackOptions,
): Promise<Pick<NewSuppression, 'reason' | 'expiresAt'> | undefined> {
	if (event.event === 'complained') return { reason: 'complained' };
	if (event.blame !== 'recipient') return undefined;
	if (event.event === 'hardBounce') return { reason: 'hardBounce' };
	if (event.event !== 'softBounce' || !softBounces) return undefined;
	const now = clock();
	// By the report's own date, where it has one, or a mailbox of last year's reports counts as today's.
	const at = Math.min(Date.parse(event.reportedAt ?? '') || now, now);
	const mails = await store.suppressions.countSoftBounce(
		{ key: origin.key, mail: origin.reference, at },
		now - softBounces.withinMs,
	);
	return mails < softBounces.limit
		? undefined
		: { reason: 'softBounces', expiresAt: now + softBounces.suppressMs };
}
