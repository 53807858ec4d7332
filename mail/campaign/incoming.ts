import { parseBounce, readReportParts } from '../bounce/read';
import type { FetchedPart } from '../model/message-parts';
import type { MailStore } from '../store/store';
import { replyToEvent, takeInReport } from './feedback';
import type { FeedbackOptions, ReportedEvent } from './feedback';
import { findReply } from './reply';

/** A mail that came, whole, or what was fetched of it. */
export interface IncomingMail {
	/** From its first byte; its start only, where there are `parts`. */
	raw: Buffer;
	parts?: { header: Buffer; parts: readonly FetchedPart[] };
}

/** What a mail was: about mails of ours, an answer to one, or neither. */
export type ReadMail =
	{ kind: 'report' | 'reply'; events: ReportedEvent[] } | { kind: 'other'; events: [] };

/**
 * Reads a mail that came and, with `record`, keeps what it reports.
 *
 * @param options.replies look for people's answers too
 */
export async function takeInMail(
	{ raw, parts }: IncomingMail,
	store: MailStore,
	options: FeedbackOptions & { replies?: boolean },
): Promise<ReadMail> {
	const report = parts ? readReportParts(parts) : await parseBounce(raw);
	const events = await takeInReport(report, store, options);
	if (events.length > 0) return { kind: 'report', events };
	const reply = options.replies ? await findReply(parts?.header ?? raw, report, store) : undefined;
	return reply
		? { kind: 'reply', events: [await replyToEvent(reply, store)] }
		: { kind: 'other', events: [] };
}
