import type { PartOutline } from '../model/message-parts';

/** A section to fetch, and how much of it. */
export interface NeededPart extends PartOutline {
	/** For IMAP: `BODY.PEEK[1]` is the only section of a message without multiparts. */
	part: string;
	/** The first so many octets are enough. */
	maxBytes: number;
}

/** What a mail server says stands at the beginning of its words. */
const WORDS_BYTES = 64 * 1024;
const MAX_WORDS = 6;
/** Ten thousand recipients are 2 MB. */
const REPORT_BYTES = 4 * 1024 * 1024;
/** The returned mail's header; a report that was forwarded is read whole. */
const RETURNED_BYTES = 32 * 1024;
const FORWARDED_BYTES = 256 * 1024;
/** A mail with more of them is no report: 200 reports forwarded together are one mail. */
const MAX_PARTS = 200;

/**
 * Which sections of a message `readReportParts` needs, beside the message's own header. A mail of 30 MB
 * that came back costs some kilobytes so.
 *
 * - the report itself: message/delivery-status, message/feedback-report and their kin, up to 4 MB
 * - the words of the server: the first text parts, 64 KB of each
 * - the header of what was returned: the first 32 KB of a message/rfc822 or text/rfc822-headers
 * - a message/rfc822 in a mail that is no report itself may be a report forwarded: 256 KB of it
 *
 * @param structure the whole tree, root first
 * @returns in the order of the message, each once
 */
export function neededParts(structure: PartOutline): NeededPart[] {
	const isReport = structure.type === 'multipart/report';
	const needed: NeededPart[] = [];
	let words = 0;
	for (const leaf of leavesOf(structure)) {
		const maxBytes = bytesNeeded(leaf.type, isReport);
		if (maxBytes === 0 || needed.length >= MAX_PARTS) continue;
		if (leaf.type.startsWith('text/') && maxBytes === WORDS_BYTES && words++ >= MAX_WORDS) continue;
		needed.push({ ...leaf, childNodes: undefined, part: leaf.part ?? '1', maxBytes });
	}
	return needed;
}

function* leavesOf(node: PartOutline): Generator<PartOutline> {
	if (node.type.startsWith('multipart/') && node.childNodes?.length)
		for (const child of node.childNodes) yield* leavesOf(child);
	else yield node;
}

function bytesNeeded(type: string, isReport: boolean): number {
	if (/^message\/.*(?:status|report|notification)$/.test(type)) return REPORT_BYTES;
	if (/^(?:message\/.+|text\/rfc822.*)$/.test(type))
		return isReport ? RETURNED_BYTES : FORWARDED_BYTES;
	return type.startsWith('text/') ? WORDS_BYTES : 0;
}
