import type {
	BounceReason,
	MailReport,
	OriginalMail,
	ReportedRecipient,
	ReportKind,
} from '../model/report';
import { addressOf } from './addresses';
import { oneLine } from './delivery-status';
import { adviceFor, judge } from './judge';
import { REASONS } from '../model/reasons';

/*
 * Amazon SES tells of bounces, complaints and deliveries by SNS: not as a mail, but as a JSON object
 * that a webhook takes in (docs.aws.amazon.com/ses, "Amazon SNS notification contents" and "Event data
 * contents"). It arrives bare, as the text in an SNS message, or within an event of EventBridge.
 */

/** What came from outside: nothing of it is certain. */
type Fields = Readonly<Record<string, unknown>>;

/** Beyond this it is none; SNS ends at 256 KB. */
const MAX_TEXT = 1_000_000;
const MAX_RECIPIENTS = 1_000;

/**
 * The notification in a JSON value, wherever it stands: as it is, as the Message of SNS, as the body
 * that a webhook took in, as the detail of an event.
 *
 * @returns undefined when there is none
 */
export function findSesNotification(value: unknown): Fields | undefined {
	let candidates = [value];
	for (let depth = 0; depth < 4; depth++) {
		const inside: unknown[] = [];
		for (const candidate of candidates.map(asFields)) {
			if (!candidate) continue;
			if (typeOf(candidate) !== '' && asFields(candidate.mail)) return candidate;
			for (const name of ['Message', 'body', 'detail']) inside.push(candidate[name]);
		}
		candidates = inside;
	}
	return undefined;
}

/** @param raw any bytes; those of a mail never begin as JSON does */
export function readSesNotification(raw: Buffer): MailReport | undefined {
	if (raw.length > MAX_TEXT || !/^\s{0,100}\{/.test(raw.subarray(0, 102).toString('latin1')))
		return undefined;
	const notification = findSesNotification(raw.toString());
	return notification && toReport(notification);
}

function typeOf({ notificationType, eventType }: Fields): string {
	return textOf(notificationType) || textOf(eventType);
}

function toReport(notification: Fields): MailReport {
	const mail = asFields(notification.mail) ?? {};
	const type = typeOf(notification);
	const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
	const about = read && (asFields(notification[read.under]) ?? {});
	const found = about ? read.read(about, mail) : NOTHING;
	const date = new Date(textOf(about?.timestamp));
	return {
		...found,
		original: originalOf(mail),
		deliveredTo: [],
		referenceSources: referencesOf(mail),
		...(textOf(about?.reportingMTA)
			? { reportingMta: textOf(about?.reportingMTA).replace(/^dns;\s*/i, '') }
			: {}),
		...(Number.isNaN(date.getTime()) ? {} : { date: date.toISOString() }),
	};
}

interface Found {
	kind: ReportKind;
	recipients: ReportedRecipient[];
}

const NOTHING: Found = { kind: 'other', recipients: [] };

/** By the type of notification: where its fields stand, and how they are read. Others report nothing. */
const READERS: Readonly<
	Record<string, { under: string; read: (about: Fields, mail: Fields) => Found } | undefined>
> = {
	Bounce: { under: 'bounce', read: readBounce },
	Complaint: { under: 'complaint', read: readComplaint },
	Delivery: { under: 'delivery', read: readDelivery },
	DeliveryDelay: { under: 'deliveryDelay', read: readDelay },
	Reject: { under: 'reject', read: readReject },
};

/** What a bounceSubType says where the receiving server's words do not. */
const SUBTYPES: Readonly<Record<string, BounceReason | undefined>> = {
	NoEmail: 'userunknown',
	// Amazon sends nothing to addresses that bounced lately, as invalid, for anybody.
	Suppressed: 'userunknown',
	OnAccountSuppressionList: 'suspend',
	MailboxFull: 'mailboxfull',
	MessageTooLarge: 'emailtoolarge',
	ContentRejected: 'contenterror',
	AttachmentRejected: 'contenterror',
};
/** What Amazon itself refuses has no words of a receiving server. */
const BY_AMAZON = new Set(['Suppressed', 'OnAccountSuppressionList']);

function readBounce(bounce: Fields): Found {
	const subType = textOf(bounce.bounceSubType);
	const bySubType = SUBTYPES[subType];
	const isTransient = textOf(bounce.bounceType) !== 'Permanent';
	const recipients = listOf(bounce.bouncedRecipients).flatMap((each) => {
		const recipient = recipientOf(each, 'failed', isTransient ? '4.0.0' : '5.0.0');
		if (!recipient) return [];
		const isUnsaid = recipient.reason === 'undefined' || recipient.reason === 'onhold';
		if (!bySubType || !(isUnsaid || BY_AMAZON.has(subType))) return [recipient];
		return [withReason(recipient, bySubType, isTransient)];
	});
	return recipients.length > 0 ? { kind: 'bounce', recipients } : NOTHING;
}

/** Types of feedback that say nothing of a recipient's wish, as in a report of the format ARF. */
const NO_COMPLAINT = new Set(['auth-failure', 'not-spam', 'virus']);

function readComplaint(complaint: Fields): Found {
	const type = textOf(complaint.complaintFeedbackType);
	if (NO_COMPLAINT.has(type)) return NOTHING;
	const recipients = listOf(complaint.complainedRecipients).flatMap((each): ReportedRecipient[] => {
		const address = addressIn(each);
		return address === ''
			? []
			: [
					{
						address,
						action: 'complained',
						severity: 'none',
						reason: 'feedback',
						...adviceFor('feedback'),
						diagnostic: `Feedback-Type: ${type || 'abuse'}`,
					},
				];
	});
	return recipients.length > 0 ? { kind: 'complaint', recipients } : NOTHING;
}

function readDelivery(delivery: Fields): Found {
	const recipients = listOf(delivery.recipients).flatMap((emailAddress) => {
		const fields = { emailAddress, diagnosticCode: delivery.smtpResponse };
		return recipientOf(fields, 'delivered', '2.0.0') ?? [];
	});
	return recipients.length > 0 ? { kind: 'delivered', recipients } : NOTHING;
}

function readDelay(delay: Fields): Found {
	const recipients = listOf(delay.delayedRecipients).flatMap(
		(each) => recipientOf(each, 'delayed', '4.0.0') ?? [],
	);
	return recipients.length > 0 ? { kind: 'delay', recipients } : NOTHING;
}

/** Amazon found a virus: nobody of those whom the mail was for has it. */
function readReject(reject: Fields, mail: Fields): Found {
	const recipients = listOf(mail.destination).flatMap((emailAddress) => {
		const fields = { emailAddress, diagnosticCode: reject.reason };
		const recipient = recipientOf(fields, 'failed', '5.0.0');
		return recipient ? [withReason(recipient, 'virusdetected', false)] : [];
	});
	return recipients.length > 0 ? { kind: 'bounce', recipients } : NOTHING;
}

function recipientOf(
	value: unknown,
	action: 'failed' | 'delayed' | 'delivered',
	otherwise: string,
): ReportedRecipient | undefined {
	const fields = asFields(value) ?? {};
	const address = addressIn(fields);
	if (address === '') return undefined;
	const diagnostic = oneLine(textOf(fields.diagnosticCode).replace(/^smtp;\s*/i, ''));
	const status = textOf(fields.status) || otherwise;
	return { address, action, diagnostic, ...judge({ action, status, diagnostic }) };
}

function withReason(
	recipient: ReportedRecipient,
	reason: BounceReason,
	isTransient: boolean,
): ReportedRecipient {
	const { severity, blame, advice } = REASONS[reason];
	const isSoftened = isTransient && severity === 'hard';
	return {
		...recipient,
		reason,
		...(blame ? { blame } : {}),
		severity: isSoftened ? 'soft' : severity,
		advice: isSoftened ? 'retryLater' : advice,
	};
}

/** Names are given in front of addresses here and there. */
function addressIn(value: unknown): string {
	const { emailAddress } = asFields(value) ?? {};
	return addressOf(textOf(emailAddress));
}

function originalOf(mail: Fields): OriginalMail {
	const common = asFields(mail.commonHeaders) ?? {};
	const header = (name: string) => headersOf(mail, name)[0];
	const optional = (value: string | undefined) =>
		value === '' ? undefined : value?.slice(0, 1_000);
	return {
		messageId: optional((textOf(common.messageId) || header('message-id'))?.replace(/^<|>$/g, '')),
		subject: optional(textOf(common.subject) || header('subject')),
		from: optional(textOf(listOf(common.from)[0]) || header('from')),
		to: optional(textOf(listOf(common.to)[0]) || textOf(listOf(mail.destination)[0])),
		date: optional(textOf(common.date) || textOf(mail.timestamp)),
		reference: optional(header('x-smtp-suite-reference')),
		campaign: optional(header('x-smtp-suite-campaign')),
	};
}

/** Amazon puts a Message-ID of its own on the mail; these come back as they were sent. */
function referencesOf(mail: Fields): string[] {
	const common = asFields(mail.commonHeaders) ?? {};
	return [
		textOf(mail.source),
		textOf(common.returnPath),
		textOf(common.messageId),
		...headersOf(mail, 'x-smtp-suite-reference'),
		...headersOf(mail, 'message-id'),
	]
		.filter((text) => text !== '')
		.map((text) => text.slice(0, 2_000));
}

/** Only there where SES was told to include the original headers. */
function headersOf(mail: Fields, name: string): string[] {
	return listOf(mail.headers).flatMap((each) => {
		const header = asFields(each);
		return textOf(header?.name).toLowerCase() === name ? [textOf(header?.value)] : [];
	});
}

function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value.slice(0, MAX_RECIPIENTS) : [];
}

function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** An object, or the JSON text of one. */
function asFields(value: unknown): Fields | undefined {
	if (typeof value === 'string') {
		if (value.length > MAX_TEXT || !/^\s{0,100}\{/.test(value)) return undefined;
		try {
			return asFields(JSON.parse(value));
		} catch {
			return undefined;
		}
	}
	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? (value as Fields)
		: undefined;
}
