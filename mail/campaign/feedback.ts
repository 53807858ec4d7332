import { checkReference, referencesIn } from '../message/identity';
import type { Blame, Severity } from '../model/blame';
import type { SuppressionReason } from '../model/event';
import { recipientKey } from '../model/address';
import type { Advice, MailReport, ReportedRecipient } from '../model/report';
import type { Feedback, LedgerEntry, MailStore } from '../store/store';

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
}

export type ReportedEventName = Feedback['event'] | 'delivered';

/**
 * Whose mails a report answers, and what is kept of it: the ledger learns the feedback of verified
 * recipients, and with `suppress` their hard bounces and complaints go on the suppression list. A
 * report that is not verified is told, and changes nothing.
 *
 * Calling it again with the same report changes nothing more.
 *
 * @returns one event a recipient; none for a message that reports nothing
 */
export async function takeInReport(
	report: MailReport,
	store: MailStore,
	options: { suppress: boolean; record: boolean },
): Promise<ReportedEvent[]> {
	if (report.kind === 'other') return [];
	const origins = await findOrigins(report, store);
	const events = matchRecipients(report, origins).map(({ recipient, origin }) => ({
		origin,
		event: toEvent(report, recipient, origin),
	}));

	for (const { origin, event } of events)
		if (origin && options.record) await record(event, origin, store, options.suppress);

	const keys = new Map(events.map(({ event }) => [event, recipientKey(event.recipient)]));
	const suppressions = await store.suppressions.check([...keys.values()]);
	return events.map(({ event }) => ({
		...event,
		suppressed: suppressions.has(keys.get(event) ?? ''),
	}));
}

/** The ledger's entries for every genuine reference in the report, each once. */
async function findOrigins(report: MailReport, store: MailStore): Promise<LedgerEntry[]> {
	const candidates = referencesIn(report.referenceSources);
	if (candidates.length === 0) return [];
	const signingKeys = await store.signingKeys.all();
	const genuine = new Set<string>();
	for (const candidate of candidates) {
		const reference = checkReference(candidate, signingKeys);
		if (reference !== undefined) genuine.add(reference);
	}
	const origins: LedgerEntry[] = [];
	for (const reference of genuine) {
		const entry = await store.ledger.findByReference(reference);
		if (entry) origins.push(entry);
	}
	return origins;
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
	return [recipient.address, recipient.originalAddress, recipient.finalAddress].some(
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
	const address = origin?.address ?? recipient.address;
	const forwardedTo = [recipient.finalAddress, recipient.address].find(
		(other) => other !== undefined && other !== '' && recipientKey(other) !== recipientKey(address),
	);
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
		...(forwardedTo ? { forwardedTo } : {}),
		original: { messageId, subject, from, to, date },
		...(report.date ? { reportedAt: report.date } : {}),
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
	suppress: boolean,
): Promise<void> {
	if (event.event === 'delivered') return;
	const { reason, status, diagnostic } = event;
	await store.ledger.recordFeedback(origin.campaignId, origin.key, {
		event: event.event,
		reason,
		status,
		diagnostic,
		at: Date.parse(event.reportedAt ?? '') || origin.updatedAt,
	});
	const suppressFor = suppressionReason(event);
	if (suppress && suppressFor)
		await store.suppressions.add([
			{
				key: origin.key,
				address: origin.address,
				reason: suppressFor,
				campaignId: origin.campaignId,
				detail: [status, diagnostic].filter(Boolean).join(' ').slice(0, 500),
			},
		]);
}

/** A hard bounce for which the sender is to blame (policy, reputation) suppresses nobody. */
function suppressionReason(event: ReportedEvent): SuppressionReason | undefined {
	if (event.event === 'complained') return 'complained';
	if (event.event === 'hardBounce' && event.blame === 'recipient') return 'hardBounce';
	return undefined;
}
