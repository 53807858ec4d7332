import { createHash } from 'node:crypto';

/** Only this much of the start of a message counts, so that any fetch of it gives the same digest. */
export const DIGESTED_BYTES = 16_384;

/**
 * The digest that names a mail (see `MailboxMessage`): a hash of its header section, which has the
 * Message-ID, the date and the trace lines of this very delivery. A mail without a Message-ID is
 * named by the start of its body as well, since its header may be as bare as `Subject: failure notice`.
 *
 * White space does not count: servers differ in how they give folded lines and line ends back.
 *
 * @param raw the message from its first byte, at least `DIGESTED_BYTES` of it or all
 */
export function digestOf(raw: Buffer): string {
	const start = raw.subarray(0, DIGESTED_BYTES).toString('latin1');
	const end = endOfHeader(start);
	const named = headerField(start, 'message-id') !== undefined;
	return createHash('sha256')
		.update((named ? start.slice(0, end) : start).replace(/\s+/g, ' ').trim())
		.digest('hex')
		.slice(0, 32);
}

/** The Message-ID without its brackets, if the header section has one. */
export function messageIdOf(raw: Buffer): string | undefined {
	const value = headerField(raw.subarray(0, DIGESTED_BYTES).toString('latin1'), 'message-id');
	return value && (/<([^<>\s]{1,998})>/.exec(value)?.[1] ?? value);
}

/**
 * When the mail arrived here, in ms: by the trace line that the last server wrote on top (RFC 5321
 * section 4.4), which a copy or a restored mailbox keeps, unlike the server's own date of it.
 */
export function arrivalOf(raw: Buffer): number | undefined {
	const received = headerField(raw.subarray(0, DIGESTED_BYTES).toString('latin1'), 'received');
	if (received === undefined) return undefined;
	return readDate(received.slice(received.lastIndexOf(';') + 1));
}

/** @returns ms since the epoch; undefined when it is no date */
export function readDate(text: string): number | undefined {
	// Comments such as `(UTC)` are legal, and Date.parse knows no others.
	const at = Date.parse(
		text
			.slice(0, 200)
			.replace(/\([^()]*\)/g, ' ')
			.trim(),
	);
	return Number.isNaN(at) ? undefined : at;
}

function endOfHeader(text: string): number {
	const end = /\r\n\r\n|\n\n|\r\r/.exec(text);
	return end ? end.index : text.length;
}

/** The first field of this name, unfolded and trimmed. */
function headerField(text: string, name: string): string | undefined {
	const header = text.slice(0, endOfHeader(text)).split(/\r\n|\r|\n/);
	const first = header.findIndex(
		(line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`,
	);
	if (first < 0) return undefined;
	let end = first + 1;
	while (end < header.length && /^[ \t]/.test(header[end] ?? '')) end += 1;
	return header
		.slice(first, end)
		.join('')
		.slice(name.length + 1)
		.trim();
}
