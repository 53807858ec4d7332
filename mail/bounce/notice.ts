import { addressOf } from './addresses';
import type { Headers } from './headers';
import { htmlWords } from './html-words';
import { tellsSuccess } from './notice-signs';
import type { Message, Part } from './parts';

/** What a server wrote in words, as lines, up to where it returns the mail. */
export interface Notice {
	lines: readonly string[];
	text: string;
	/** The rest of the text, from the returned mail on. */
	returned: string;
}

/** What neededParts fetches of a text part. */
const MAX_WORDS = 256 * 1024;
const MAX_LINE = 1_000;

/** The words of a message's text parts, plain ones first: HTML is read where no plain text is. */
export function noticeOf(parts: readonly Part[], type: 'text/plain' | 'text/html'): Notice {
	const texts = parts
		.filter((part) => part.type === type && !part.isAttachment)
		.slice(0, 6)
		.map(({ text }) => (type === 'text/html' ? htmlWords(text) : text));
	return noticeIn(texts.join('\n\n').slice(0, MAX_WORDS));
}

export function noticeIn(text: string): Notice {
	const lines = unquoted(text.split('\n'));
	const end = startOfReturned(lines);
	const words = lines.slice(0, end).map((line) => line.slice(0, MAX_LINE));
	return { lines: words, text: words.join('\n'), returned: lines.slice(end).join('\n') };
}

/** The notice without the To of the returned mail, where it quotes its fields among its words. */
export function withoutQuotedTo(notice: Notice): Notice {
	const lines = notice.lines.filter((line) => !/^[>|\s]{0,10}(?:to|cc)[ \t]{0,10}:/i.test(line));
	return { ...notice, lines, text: lines.join('\n') };
}

/** The notice without the lines that only tell to whom the mail was delivered. */
export function withoutDelivered(notice: Notice): Notice {
	const lines = notice.lines.filter((line) => !(line.includes('@') && tellsSuccess('', line)));
	return lines.length === notice.lines.length
		? notice
		: { ...notice, lines, text: lines.join('\n') };
}

/** A report that a person forwarded is quoted line by line. */
function unquoted(lines: string[]): string[] {
	const forwarded = lines.findIndex((line) =>
		/^[-\s>]{0,20}(?:begin forwarded message|forwarded message)/i.test(line),
	);
	if (forwarded < 0 || forwarded > 20) return lines;
	const plain = lines.map((line) => line.replace(/^>[ >]{0,8}/, ''));
	// The report's own header stands first.
	let body = forwarded + 1;
	while (body < plain.length && (plain[body] ?? '').trim() === '') body++;
	while (body < plain.length && /^[\w-]{2,40}:/.test(plain[body] ?? '')) body++;
	return plain.slice(body);
}

const MARKS: readonly RegExp[] = [
	/^[-=*_#|~+.>\s]{0,90}(?:below (?:this|the next) line|(?:this|here) is a copy|a copy of the (?:original )?message|the (?:header|body|text) of the (?:original )?message|copy of (?:the|your) message|included is a copy|start of returned|the first \d+ (?:lines|bytes|characters) of|original mail as follows)/i,
	/^[-=*_#|~+>\s]{2,90}(?:(?:your |the )?(?:original|returned|unsent|undelivered|rejected|bounced|failed) (?:message|mail|e-?mail)|message (?:header|text|body|follows)|returned mail|contents of the|message header follows|headers? of)/i,
	/^(?:original message follows|the original message follows|your (?:original )?message (?:follows|reads)|message from yahoo.{0,40}original|--- (?:mensaje original|mensagem original|message d'origine|urspr|oorspronkelijk))/i,
	/^-{2,}[\s-]{0,10}(?:mensaje|mensagem|message|messaggio|nachricht|bericht|ursprüng|wiadomo|исходн|ниже|元のメール|原|附件)/iu,
];

const RETURNED_FIELD =
	/^(?:content-type\s*:\s*message\/|(?:received|return-path|dkim-signature|mime-version|x-originating-ip|domainkey-signature|arc-seal)\s*:)/i;

function startOfReturned(lines: readonly string[]): number {
	for (const [index, whole] of lines.entries()) {
		if (whole.length < 4) continue;
		const line = whole.slice(0, 200);
		if (RETURNED_FIELD.test(line) || MARKS.some((mark) => mark.test(line))) {
			// The reader of a quoted report finds its header first.
			if (index > 0 && !lines.slice(0, index).every((each) => each.trim() === '')) return index;
			if (RETURNED_FIELD.test(line)) return index;
		}
		if (/^message-id\s*:/i.test(line) && /^[\w-]{2,40}:\s/.test(lines[index + 1] ?? ''))
			return index;
	}
	return lines.length;
}

/** Addresses that are ours or the server's, and so no recipient's: lower case. */
export interface OwnAddresses {
	/** The report's sender and receiver, and whom the returned mail was from. */
	sure: ReadonlySet<string>;
	/** And what the report's delivery says of it; some servers note the failed recipient there. */
	likely: ReadonlySet<string>;
}

export function ownAddresses(message: Message, original: Headers | undefined): OwnAddresses {
	const collect = (headers: Headers | undefined, names: readonly string[]) =>
		names
			.flatMap((name) => headers?.get(name) ?? [])
			.map((field) => addressOf(field).toLowerCase())
			.filter((address) => address !== '');
	const sure = new Set([
		...collect(message.headers, ['to', 'from']),
		...collect(original, ['from', 'return-path', 'sender', 'reply-to', 'errors-to']),
	]);
	const delivery = ['delivered-to', 'x-original-to', 'envelope-to', 'cc'];
	return { sure, likely: new Set([...sure, ...collect(message.headers, delivery)]) };
}
