import type { FetchedPart } from '../model/message-parts';
import type { MailReport, ReportedRecipient, ReportKind } from '../model/report';
import { isAutoReply } from './auto-reply';
import { readDeliveryStatus } from './delivery-status';
import { judge } from './judge';
import { describeOriginal, findOriginal, referenceSources } from './original';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';
import { joinMessage, splitMessage } from './parts';
import type { Message } from './parts';

/** What a rung of the ladder found. */
interface Found {
	kind: ReportKind;
	recipients: ReportedRecipient[];
	reportingMta?: string;
	envelopeId?: string;
}

/**
 * Reads what a message reports about mails that were sent: a ladder from what is certain to what is
 * likely, and `other` where no rung holds. Never throws; time is linear in the input.
 *
 * 1. a complaint (ARF, RFC 5965)
 * 2. a delivery status report (RFC 3464)
 * 3. the header X-Failed-Recipients
 * 4. a notice in words from a mail server, that names an address on a line of its own
 * 5. an automatic answer (RFC 3834)
 */
export async function parseBounce(raw: Buffer): Promise<MailReport> {
	return await Promise.resolve(readReport(splitMessage(raw)));
}

/**
 * The same reading from what was fetched of a message: its header, and the sections that
 * `neededParts` names, in their order.
 *
 * @param message `header` is the whole header block, from the first field on
 */
export function readReportParts(message: {
	header: Buffer;
	parts: readonly FetchedPart[];
}): MailReport {
	return readReport(joinMessage(message.header, message.parts));
}

function readReport(root: Message): MailReport {
	const original = findOriginal(root);
	const found: Found = readComplaint(root, original) ??
		readStatusReport(root) ??
		readFailedRecipients(root) ??
		readNotice(root, original) ??
		readAutoReply(root) ?? { kind: 'other', recipients: [] };
	return describe(root, original, found);
}

function describe(root: Message, original: Headers | undefined, found: Found): MailReport {
	const deliveredTo = ['delivered-to', 'x-original-to', 'to', 'envelope-to', 'x-envelope-to']
		.flatMap((name) => root.headers.get(name) ?? [])
		.slice(0, 20);
	const date = new Date(first(root.headers, 'date'));
	const optional = (name: string) => first(root.headers, name).slice(0, 1_000) || undefined;
	return {
		kind: found.kind,
		recipients: found.recipients,
		original: {
			...describeOriginal(original),
			...(found.envelopeId ? { envelopeId: found.envelopeId } : {}),
		},
		messageId: optional('message-id')?.replace(/^<|>$/g, ''),
		subject: optional('subject'),
		from: optional('from'),
		deliveredTo,
		referenceSources: referenceSources(root, original, deliveredTo),
		reportingMta: found.reportingMta,
		date: Number.isNaN(date.getTime()) ? undefined : date.toISOString(),
	};
}

function readComplaint(root: Message, original: Headers | undefined): Found | undefined {
	const part = root.parts.find(({ type }) => type === 'message/feedback-report');
	if (!part) return undefined;
	const { headers } = readHeaders(part.text.trim());
	if (/^(?:auth-failure|dmarc|not-spam)/i.test(first(headers, 'feedback-type')))
		return { kind: 'other', recipients: [] };
	const addresses = [
		...(headers.get('original-rcpt-to') ?? []),
		...(headers.get('removal-recipient') ?? []),
		...(original?.get('to') ?? []),
	].map(bareAddress);
	const address = addresses.find((each) => each !== '') ?? '';
	return {
		kind: 'complaint',
		reportingMta: first(headers, 'reporting-mta') || undefined,
		recipients: [
			{
				address,
				action: 'complained',
				severity: 'none',
				reason: 'feedback',
				blame: 'recipient',
				advice: 'unsubscribe',
				diagnostic: `Feedback-Type: ${first(headers, 'feedback-type') || 'abuse'}`,
			},
		],
	};
}

function readStatusReport(root: Message): Found | undefined {
	const parts = root.parts.filter(({ type }) =>
		/^message\/(?:global-)?delivery-status$/.test(type),
	);
	const read = parts.map(({ text }) => readDeliveryStatus(text));
	const recipients = read.flatMap((status) => status.recipients);
	if (recipients.length === 0) return undefined;
	return {
		kind: kindOf(recipients),
		recipients,
		reportingMta: read.find((status) => status.reportingMta)?.reportingMta,
		envelopeId: read.find((status) => status.envelopeId)?.envelopeId,
	};
}

/** A report is as bad as the worst that it says. */
function kindOf(recipients: readonly ReportedRecipient[]): ReportKind {
	if (recipients.some(({ action }) => action === 'failed')) return 'bounce';
	return recipients.some(({ action }) => action === 'delayed') ? 'delay' : 'delivered';
}

/** Exim and Gmail name the failed addresses in a header. */
function readFailedRecipients(root: Message): Found | undefined {
	const addresses = (root.headers.get('x-failed-recipients') ?? [])
		.flatMap((value) => value.split(','))
		.map(bareAddress)
		.filter((address) => address !== '');
	if (addresses.length === 0) return undefined;
	const words = wordsOf(root);
	return {
		kind: 'bounce',
		recipients: addresses.map((address) => failed(address, wordsAfter(words, address))),
	};
}

const MAIL_SERVER = /mailer-daemon|postmaster|mail delivery (?:sub)?system|mailerdaemon|mdaemon/i;
const NOTICE =
	/undeliver|delivery (?:status|fail|has failed)|returned (?:mail|to sender)|failure notice|delivery notification|mail delivery failed|unzustellbar|non remis|no se (?:ha )?pudo entregar/i;

/** A server that writes no report still names the address on a line of its own. */
function readNotice(root: Message, original: Headers | undefined): Found | undefined {
	const { headers } = root;
	const byServer =
		MAIL_SERVER.test(first(headers, 'from')) || first(headers, 'return-path').trim() === '<>';
	if (!byServer || !NOTICE.test(`${first(headers, 'subject')} ${wordsOf(root).slice(0, 1_000)}`))
		return undefined;
	const sender = bareAddress(original ? first(original, 'from') : '').toLowerCase();
	const lines = wordsOf(root).split('\n').slice(0, 300);
	const recipients: ReportedRecipient[] = [];
	for (const line of lines) {
		// Here begins the returned copy.
		if (
			/^(?:-{3,} ?(?:below|this is a copy|original|returned)|received:|return-path:|message-id:)/i.test(
				line.trim(),
			)
		)
			break;
		const address = ALONE.exec(line.slice(0, 400))?.[1];
		if (!address || address.toLowerCase() === sender) continue;
		if (recipients.some((known) => known.address.toLowerCase() === address.toLowerCase())) continue;
		recipients.push(failed(address, wordsAfter(wordsOf(root), address)));
	}
	return recipients.length === 0 ? undefined : { kind: kindOf(recipients), recipients };
}

/** An address that begins a line: alone, in brackets, or before a colon. */
const ALONE =
	/^[\s*>-]{0,10}<?([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9])>?[:;,.]?(?:\s|$)/;

function readAutoReply(root: Message): Found | undefined {
	if (!isAutoReply(root.headers)) return undefined;
	const address = bareAddress(first(root.headers, 'from'));
	return {
		kind: 'autoReply',
		recipients: [
			{
				address,
				action: 'autoReplied',
				severity: 'none',
				reason: 'vacation',
				advice: 'none',
				diagnostic: first(root.headers, 'subject').slice(0, 500),
			},
		],
	};
}

function failed(address: string, diagnostic: string): ReportedRecipient {
	const action = /4\.\d\.\d+|will (?:keep|continue)|not yet been|delayed/i.test(diagnostic)
		? 'delayed'
		: 'failed';
	return { address, action, diagnostic, ...judge(action, undefined, diagnostic) };
}

/** The words of the first readable part: what the server says before it returns the mail. */
function wordsOf(root: Message): string {
	const parts = root.parts.filter(
		({ type }) => type.startsWith('text/') && type !== 'text/rfc822-headers',
	);
	const plain = parts.find(({ type }) => type === 'text/plain') ?? parts[0];
	const text = (plain?.text ?? '').slice(0, 50_000);
	return plain?.type === 'text/html' ? text.replace(/<[^>]{0,500}>/g, '\n') : text;
}

function wordsAfter(words: string, address: string): string {
	const at = words.indexOf(address);
	return (at < 0 ? words : words.slice(at + address.length))
		.slice(0, 600)
		.replace(/\s+/g, ' ')
		.replace(/^[>:;,. ]+/, '')
		.trim();
}

function bareAddress(text: string): string {
	const found =
		/<([^<>\s]{3,254})>/.exec(text) ?? /([^\s<>(),;:"]{1,64}@[^\s<>(),;:"]{1,190})/.exec(text);
	return (found?.[1] ?? '').replace(/^rfc822;\s*/i, '').trim();
}
