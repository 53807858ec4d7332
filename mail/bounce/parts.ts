import type { FetchedPart } from '../model/message-parts';
import { decodeCharset, fromBase64, fromQuotedPrintable } from './charset';
import { first, readContentType, readHeaders } from './headers';
import type { Headers } from './headers';

/** What a report says stands at its beginning; the rest is the returned mail. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 12;
const CR = 13;
const LF = 10;
const MAX_PARTS = 500;
/** More than this no part is decoded: ten thousand recipients are 2 MB. */
const MAX_DECODED = 8 * 1024 * 1024;

/** A message taken apart: its header, and its parts that hold something, in their order. */
export interface Message {
	headers: Headers;
	parts: readonly Part[];
}

/**
 * How a part ends: `whole` - a boundary stands behind it; `open` - with the message, behind a newline;
 * `cut` - with the message, or with what was fetched, perhaps in the middle of a line.
 */
type Ending = 'whole' | 'open' | 'cut';

/** A part that holds no parts. Its text is decoded when it is asked for. */
export class Part {
	#text: string | undefined;
	#message: Message | undefined;

	constructor(
		/** `text/plain`, in lower case. */
		readonly type: string,
		readonly parameters: Readonly<Record<string, string>>,
		private readonly encoding: string,
		/** Octets as they came, newlines LF. */
		private readonly body: string,
		readonly ending: Ending,
		readonly isAttachment = false,
	) {}

	/** Decoded. Where the part was cut, the last word is left out: half an address is another's. */
	get text(): string {
		this.#text ??= this.decode();
		return this.#text;
	}

	/** Of a part that is a message: what is in it. */
	get message(): Message {
		this.#message ??= splitText(this.octets().replace(/^\n+/, ''), this.ending);
		return this.#message;
	}

	private decode(): string {
		const text = decodeCharset(this.octets(), this.parameters.charset);
		return this.mayEndWithinWord() ? withoutLastWord(text) : text;
	}

	private mayEndWithinWord(): boolean {
		if (this.ending === 'whole') return false;
		return this.ending === 'cut' || /^\s*(?:base64|quoted-printable)/i.test(this.encoding);
	}

	private octets(): string {
		const body = this.body.slice(0, MAX_DECODED);
		switch (this.encoding.trim().toLowerCase()) {
			case 'base64':
				return unifyNewlines(fromBase64(body));
			case 'quoted-printable':
				return unifyNewlines(fromQuotedPrintable(body));
			default:
				return body;
		}
	}
}

/** Takes the bytes of a message apart; newlines may be CRLF, LF or CR. Never throws; linear. */
export function splitMessage(raw: Buffer): Message {
	const text = unifyNewlines(raw.subarray(0, MAX_BYTES).toString('latin1'));
	return splitText(text.replace(/^\s+/, ''), endingOf(text));
}

/**
 * Whether a boundary that was announced never came. Where only the one around a returned mail is
 * missing, which is whole itself, a gateway has left it out or changed it.
 *
 * @param lookInto a last part that is a mail
 */
export function isCutOff({ headers, parts }: Message, lookInto = true): boolean {
	const { value } = readContentType(first(headers, 'content-type'));
	const last = parts.at(-1);
	if (!value.startsWith('multipart/') || !last) return false;
	if (last.ending === 'whole') return false;
	return lookInto && last.type === 'message/rfc822' ? isCutOff(last.message, false) : true;
}

/** The same message from the sections of it that were fetched. */
export function joinMessage(header: Buffer, fetched: readonly FetchedPart[]): Message {
	const { headers } = readHeaders(unifyNewlines(header.toString('latin1')).replace(/^\s+/, ''));
	const parts = fetched
		.slice(0, MAX_PARTS)
		.map(
			({ type, parameters = {}, encoding = '', disposition = '', content, truncated = false }) =>
				new Part(
					type.toLowerCase(),
					parameters,
					encoding,
					unifyNewlines(content.subarray(0, MAX_BYTES).toString('latin1')),
					truncated ? 'cut' : 'whole',
					disposition.toLowerCase() === 'attachment',
				),
		);
	return { headers, parts };
}

function splitText(text: string, ending: Ending): Message {
	const parts: Part[] = [];
	const headers = collectParts(text, ending, 0, parts);
	return { headers, parts };
}

/** @returns the header of the entity that the text is */
function collectParts(text: string, ending: Ending, depth: number, parts: Part[]): Headers {
	const read = readHeaders(text);
	// Cut within the header: half an address is another's.
	const { headers, end } =
		ending === 'cut' && read.end >= text.length ? readHeaders(withoutLastWord(text)) : read;
	const { value, parameters } = readContentType(first(headers, 'content-type'));
	const body = text.slice(end);
	const boundary = headers.size === 0 && depth === 0 ? bareBoundary(text) : parameters.boundary;
	const isMultipart = value.startsWith('multipart/') || headers.size === 0;
	if (isMultipart && boundary && depth < MAX_DEPTH) {
		const children = splitAt(boundary, body, ending, MAX_PARTS - parts.length);
		for (const child of children) collectParts(child.text, child.ending, depth + 1, parts);
		if (children.length > 0) return headers;
	}
	parts.push(
		new Part(
			value.startsWith('multipart/') || value === '' ? 'text/plain' : value,
			parameters,
			first(headers, 'content-transfer-encoding'),
			body,
			ending,
			/^attachment/i.test(first(headers, 'content-disposition')),
		),
	);
	return headers;
}

/** Of a body without its header, as some programs hand a message on: the line that its first part begins with. */
function bareBoundary(text: string): string | undefined {
	return /(?:^|\n)--([^\s-][^\n]{0,70})\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-/
		.exec(text.slice(0, 4_000))?.[1]
		?.trim();
}

/** RFC 2046 section 5.1.1. A part that no boundary ends goes to the end of the text. */
function splitAt(
	boundary: string,
	text: string,
	ending: Ending,
	limit: number,
): { text: string; ending: Ending }[] {
	const delimiter = `--${boundary}`;
	const found: { text: string; ending: Ending }[] = [];
	let start = -1;
	const next = (from: number) => {
		const newline = text.indexOf(`\n${delimiter}`, from);
		return newline < 0 ? -1 : newline + 1;
	};
	for (let at = text.startsWith(delimiter) ? 0 : next(0); at >= 0; at = next(at)) {
		const lineEnd = text.indexOf('\n', at);
		const rest = text.slice(at + delimiter.length, lineEnd < 0 ? text.length : lineEnd).trim();
		if (rest !== '' && rest !== '--') continue;
		if (start >= 0) found.push({ text: text.slice(start, at), ending: 'whole' });
		if (rest === '--' || lineEnd < 0 || found.length >= limit) return found;
		start = lineEnd + 1;
	}
	if (start >= 0 && start < text.length) found.push({ text: text.slice(start), ending });
	return found;
}

/** CRLF, CR and what some gateways make of CRLF (CR CR LF), each as one LF. By bytes: 10 MB of CR cost 30 ms. */
function unifyNewlines(text: string): string {
	if (!text.includes('\r')) return text;
	const octets = Buffer.from(text, 'latin1');
	let end = 0;
	for (let at = 0; at < octets.length; at++) {
		if (octets[at] === CR) {
			if (octets[at + 1] === CR && octets[at + 2] === LF) at++;
			if (octets[at + 1] === LF) at++;
			octets[end++] = LF;
		} else octets[end++] = octets[at] ?? 0;
	}
	return octets.toString('latin1', 0, end);
}

/** In Latin-1. */
const WORD_ENDS = new Set(' \t\n\v\f\r\u00a0<>"\'(),;:=');

function withoutLastWord(text: string): string {
	let end = text.length;
	while (end > 0 && !WORD_ENDS.has(text.charAt(end - 1))) end--;
	return text.slice(0, end);
}

function endingOf(text: string): Ending {
	return text.endsWith('\n') ? 'open' : 'cut';
}
