import type { ReportedRecipient } from '../model/report';
import { addressOf } from './addresses';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';
import { adviceFor } from './judge';
import type { Message } from './parts';

/** What a complaint says: ARF (RFC 5965), and the providers' forms that came before it. */
export interface Complaint {
	kind: 'complaint' | 'other';
	recipients: ReportedRecipient[];
	reportingMta?: string;
	envelopeId?: string;
}

/** Types of feedback that say nothing of a recipient's wish (RFC 5965 section 7.3, RFC 6591). */
const NO_COMPLAINT = /^(?:auth-failure|dmarc|not-spam|virus|other)/i;

/** Feedback loops that send the reported mail without a report part, known by who sends it. */
const LOOPS: readonly { from: RegExp; subject: RegExp }[] = [
	{
		from: /staff@hotmail\.com|@(?:hotmail|outlook|live)\.com/i,
		subject: /complaint about message from/i,
	},
	{
		from: /scomp@aol\.net|@(?:aol|fblmail)\.|feedback@arf\.|fbl|abuse|complaints?@|feedback/i,
		subject:
			/client tos notification|spam (?:report|complaint)|abuse report|^fbl\b|feedback loop|email feedback report|junk (?:mail )?report/i,
	},
];

/** @param original the header of the mail complained about */
export function readComplaint(
	message: Message,
	original: Headers | undefined,
): Complaint | undefined {
	const part = message.parts.find(({ type }) => type === 'message/feedback-report');
	const fields = part ? readHeaders(part.text.trim()).headers : undefined;
	if (!fields && !isLoop(message.headers, original)) return undefined;
	const type = first(fields, 'feedback-type') || 'abuse';
	if (NO_COMPLAINT.test(type)) return { kind: 'other', recipients: [] };
	return {
		kind: 'complaint',
		reportingMta: first(fields, 'reporting-mta').replace(/^\w+;\s*/, '') || undefined,
		envelopeId: first(fields, 'original-envelope-id') || undefined,
		recipients: complainants(fields, original, message.headers).map((address) => ({
			address,
			action: 'complained',
			severity: 'none',
			reason: 'feedback',
			...adviceFor('feedback'),
			diagnostic: `Feedback-Type: ${type}`,
		})),
	};
}

function isLoop(headers: Headers, original: Headers | undefined): boolean {
	const subject = first(headers, 'subject');
	// Outlook's junk mail reports return the mail with this header in front of it, or in it.
	if (headers.has('x-hmxmroriginalrecipient')) return true;
	if (original?.has('x-hmxmroriginalrecipient') && /complaint about/i.test(subject)) return true;
	const from = first(headers, 'from');
	return LOOPS.some((loop) => loop.from.test(from) && loop.subject.test(subject));
}

/** Providers redact the recipient here and there: the first field that holds an address counts. */
function complainants(
	fields: Headers | undefined,
	original: Headers | undefined,
	headers: Headers,
): string[] {
	const sources = [
		fields?.get('original-rcpt-to'),
		fields?.get('removal-recipient'),
		headers.get('x-hmxmroriginalrecipient'),
		original?.get('x-hmxmroriginalrecipient'),
		original?.get('x-apparently-to'),
		original?.get('to'),
		original?.get('x-original-to'),
		original?.get('delivered-to'),
	];
	for (const source of sources) {
		const addresses = (source ?? []).map(addressOf).filter((address) => isNamed(address));
		if (addresses.length > 0) return [...new Set(addresses)].slice(0, 100);
	}
	return [''];
}

function isNamed(address: string): boolean {
	return address !== '' && !/^(?:undisclosed|redacted|\[?removed)/i.test(address);
}
