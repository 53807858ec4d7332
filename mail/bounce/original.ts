import type { OriginalMail } from '../model/report';
import { first, readHeaders } from './headers';
import type { Headers } from './headers';
import type { Message } from './parts';

const CARRIERS = [
	'message/rfc822',
	'text/rfc822-headers',
	'message/global',
	'message/global-headers',
];

/** The header of the returned mail: its own part, or what follows a report's words in plain text. */
export function findOriginal(root: Message): Headers | undefined {
	for (const part of root.parts) {
		if (!CARRIERS.includes(part.type)) continue;
		const { headers } = readHeaders(part.text.replace(/^\s+/, ''));
		if (headers.size > 0) return headers;
	}
	for (const part of root.parts) {
		if (!part.type.startsWith('text/')) continue;
		const lines = part.text.split('\n');
		const start = lines.findIndex((line) =>
			/^(?:return-path|received|message-id|from|date):\s/i.test(line),
		);
		if (start < 0) continue;
		const { headers } = readHeaders(lines.slice(start).join('\n'));
		if (headers.has('message-id') || headers.has('from')) return headers;
	}
	return undefined;
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
		listUnsubscribe: value('list-unsubscribe'),
	};
}

/** Every place that a reference of ours can stand in. */
export function referenceSources(
	root: Message,
	original: Headers | undefined,
	deliveredTo: string[],
): string[] {
	const sources = [...deliveredTo];
	for (const name of ['x-smtp-suite-reference', 'message-id', 'return-path', 'x-original-from'])
		sources.push(...(original?.get(name) ?? []));
	for (const name of ['in-reply-to', 'references']) sources.push(...(root.headers.get(name) ?? []));
	for (const part of root.parts)
		for (const [line] of part.text
			.slice(0, 200_000)
			.matchAll(
				/^[>\t ]{0,10}(?:message-id|x-smtp-suite-reference|return-path|original-mail-from|original-rcpt-to)[ \t]*:[^\n]{0,998}/gim,
			))
			sources.push(line);
	return sources.slice(0, 200).map((source) => source.slice(0, 2_000));
}
