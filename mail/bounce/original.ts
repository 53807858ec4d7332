import type { OriginalMail } from '../model/report';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';
import type { Notice } from './notice';
import type { Message } from './parts';

const CARRIER =
	/^(?:message\/(?:rfc822|global|partial)|text\/rfc822.*|message\/rfc822-headers|message\/global-headers|application\/octet-stream)$/;

/** The header of the returned mail: of its own part, or of what follows a report's words in plain text. */
export function findOriginal(message: Message, notice: Notice): Headers | undefined {
	for (const part of message.parts) {
		if (!CARRIER.test(part.type)) continue;
		const { headers } = readHeaders(part.text.slice(0, 256 * 1024).replace(/^\s+/, ''));
		if (looksReturned(headers)) return headers;
	}
	// Some servers return it as one more text.
	for (const part of message.parts.slice(1)) {
		if (!part.type.startsWith('text/')) continue;
		const { headers } = readHeaders(part.text.slice(0, 64 * 1024).replace(/^\s+/, ''));
		if (looksReturned(headers)) return headers;
	}
	return returnedInText(notice.returned);
}

const FIELD =
	/^[> \t]{0,8}(?:return-path|received|message-id|from|date|to|subject|mime-version|dkim-signature|x-[\w-]{1,60})[ \t]*:/i;

function returnedInText(text: string): Headers | undefined {
	const lines = text.slice(0, 64 * 1024).split('\n');
	const start = lines.findIndex((line) => FIELD.test(line));
	if (start < 0) return undefined;
	const indent = /^[> \t]{0,8}/.exec(lines[start] ?? '')?.[0] ?? '';
	const block = lines
		.slice(start)
		.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
	const { headers } = readHeaders(block.join('\n'));
	return looksReturned(headers) ? headers : undefined;
}

function looksReturned(headers: Headers): boolean {
	return (
		headers.size > 0 && ['message-id', 'from', 'subject', 'to'].some((name) => headers.has(name))
	);
}

export function describeOriginal(headers: Headers | undefined): OriginalMail {
	if (!headers) return {};
	const value = (name: string) => first(headers, name).slice(0, 1_000) || undefined;
	return {
		messageId: value('message-id')?.replace(/^<|>$/g, ''),
		subject: value('subject'),
		from: value('from'),
		to: value('to'),
		date: value('date'),
		reference: value('x-smtp-suite-reference'),
		campaign: value('x-smtp-suite-campaign'),
		listUnsubscribe: value('list-unsubscribe'),
	};
}

const MAX_SOURCES = 200;
const MENTION =
	/^[>\t ]{0,10}(?:message-id|x-smtp-suite-reference|return-path|original-mail-from|original-rcpt-to)[ \t]{0,10}:[^\n]{0,998}/gim;

/** Every place that a reference of ours can stand in. */
export function referenceSources(
	message: Message,
	original: Headers | undefined,
	deliveredTo: readonly string[],
): string[] {
	const sources = [...deliveredTo];
	for (const name of ['x-smtp-suite-reference', 'message-id', 'return-path', 'x-original-from'])
		sources.push(...(original?.get(name) ?? []));
	for (const name of ['in-reply-to', 'references'])
		sources.push(...(message.headers.get(name) ?? []));
	for (const part of message.parts) {
		if (!/^(?:text|message)\//.test(part.type)) continue;
		for (const [line] of part.text.slice(0, 200_000).matchAll(MENTION)) {
			sources.push(line);
			if (sources.length >= MAX_SOURCES) break;
		}
	}
	return sources.slice(0, MAX_SOURCES).map((source) => source.slice(0, 2_000));
}
