import { parseMailboxList } from '../model/address';
import type { Mailbox } from '../model/address';
import { readMessageId, readMessageIds } from './message-id';

/** The message that a mail answers, as far as it is known. */
export interface AnsweredMessage {
	/** For In-Reply-To, in its brackets. */
	messageId: string;
	/** For References, oldest first, the answered one last (RFC 5322 section 3.6.4). */
	references: string[];
	/** Who gets the answer: its Reply-To before its From; empty when only the ID is known. */
	replyTo: Mailbox[];
	/** With one `Re:` before it. */
	subject?: string;
}

export type ReadAnswered = { ok: true; answered: AnsweredMessage } | { ok: false; problem: string };

/** RFC 5322 suggests no limit; the first tells the thread, the last ones its branch. */
const MAX_REFERENCES = 30;

/**
 * Reads what a person puts into "Reply to This Message": a Message-ID, or a whole message as n8n's mail
 * nodes give it (Email Trigger, Gmail, Outlook) or as JSON text.
 */
export function readAnsweredMessage(value: unknown): ReadAnswered {
	const message = typeof value === 'string' ? fromText(value) : value;
	if (typeof message === 'string') {
		const messageId = readMessageId(message);
		return messageId
			? { ok: true, answered: { messageId, references: [messageId], replyTo: [] } }
			: refuse(
					`"${message.trim().slice(0, 80)}" is no Message-ID. It looks like <abc@example.com>.`,
				);
	}
	if (!isRecord(message)) return refuse('it is neither a Message-ID nor a message.');
	const messageId = readMessageId(textOf(find(message, MESSAGE_ID_FIELDS)));
	if (!messageId) return refuse('the message names no Message-ID.');
	const earlier = readMessageIds(textOf(find(message, ['references', 'in-reply-to', 'inReplyTo'])));
	const references = [...earlier.filter((id) => id !== messageId), messageId];
	const subject = textOf(find(message, ['subject'])).trim();
	return {
		ok: true,
		answered: {
			messageId,
			references:
				references.length > MAX_REFERENCES
					? [...references.slice(0, 1), ...references.slice(1 - MAX_REFERENCES)]
					: references,
			replyTo: firstWithMailboxes(message, ['reply-to', 'replyTo', 'from', 'sender']),
			...(subject ? { subject: withRe(subject) } : {}),
		},
	};
}

const MESSAGE_ID_FIELDS = ['message-id', 'messageId', 'internetMessageId', 'messageID'];

function refuse(problem: string): ReadAnswered {
	return { ok: false, problem: `Reply to This Message: ${problem}` };
}

function fromText(text: string): unknown {
	if (!text.trim().startsWith('{')) return text;
	try {
		return JSON.parse(text) as unknown;
	} catch {
		return text;
	}
}

/** A field of the message itself, of its headers or of its metadata; names in any case. */
function find(message: Record<string, unknown>, names: readonly string[]): unknown {
	const places = [message, message.headers, message.metadata, message.json].filter(isRecord);
	for (const name of names)
		for (const place of places) {
			const key = Object.keys(place).find((each) => each.toLowerCase() === name.toLowerCase());
			const value = key === undefined ? undefined : place[key];
			if (value !== undefined && value !== null && value !== '') return withoutName(value, name);
		}
	return undefined;
}

/** Gmail's node gives a header as its whole line: `Message-ID: <a@b>`. */
function withoutName(value: unknown, name: string): unknown {
	if (typeof value !== 'string') return value;
	const start = `${name}:`;
	return value.slice(0, start.length).toLowerCase() === start.toLowerCase()
		? value.slice(start.length).trim()
		: value;
}

function textOf(value: unknown): string {
	if (Array.isArray(value)) return value.map(textOf).join(' ');
	return typeof value === 'string' ? value : '';
}

function firstWithMailboxes(message: Record<string, unknown>, names: readonly string[]): Mailbox[] {
	for (const name of names) {
		const parsed = parseMailboxList(addressText(find(message, [name])));
		if (parsed.ok && parsed.mailboxes.length > 0) return parsed.mailboxes;
	}
	return [];
}

/** As the different nodes write an address: text, `{ text }`, `{ value: [...] }`, `{ emailAddress }`. */
function addressText(value: unknown, depth = 0): string {
	if (typeof value === 'string') return value;
	if (depth > 4) return '';
	if (Array.isArray(value)) return value.map((each) => addressText(each, depth + 1)).join(', ');
	if (!isRecord(value)) return '';
	if (typeof value.address === 'string') {
		const name = textOf(value.name)
			.replace(/["\\\r\n]/g, ' ')
			.trim();
		return name ? `"${name}" <${value.address}>` : value.address;
	}
	return addressText(value.value ?? value.emailAddress ?? value.text, depth + 1);
}

/** `Re:` once, also where other languages have put theirs. */
function withRe(subject: string): string {
	return /^\s*(re|aw|sv|vs|antw|odp|ref|rif)\s*(\[\d+\])?\s*:/i.test(subject)
		? subject
		: `Re: ${subject}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}
