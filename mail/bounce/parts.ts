/** One MIME entity, read without belief in its good form. Work and memory are linear in the input. */
export interface Part {
	/** `text/plain`, in lower case. */
	type: string;
	parameters: Readonly<Record<string, string>>;
	headers: Headers;
	/** Decoded text; empty for a multipart. */
	text: string;
	children: Part[];
}

/** Header fields by lower-case name, each with all its values, unfolded and decoded. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/** What a report says stands at its beginning; the rest is the returned mail. */
const MAX_BYTES = 1_000_000;
const MAX_DEPTH = 12;
const MAX_PARTS = 200;
const MAX_HEADERS = 1_000;

/** Reads the bytes of a message; newlines may be CRLF, LF or CR. Never throws. */
export function readParts(raw: Buffer): Part {
	const text = raw.subarray(0, MAX_BYTES).toString('latin1').replace(/^\s+/, '');
	const lines = text.split(/\r\n|\r|\n/);
	return readPart(lines, 0, { parts: 0 });
}

/** All parts, depth first, the given one included. */
export function* walk(part: Part): Generator<Part> {
	yield part;
	for (const child of part.children) yield* walk(child);
}

export function first(headers: Headers, name: string): string {
	return headers.get(name)?.[0] ?? '';
}

/** Header lines of any text, such as the returned header in a text/rfc822-headers part. */
export function readHeaders(lines: readonly string[]): { headers: Headers; end: number } {
	const headers = new Map<string, string[]>();
	let end = 0;
	let current: { name: string; value: string } | undefined;
	const keep = () => {
		if (!current || headers.size >= MAX_HEADERS) return;
		const values = headers.get(current.name) ?? [];
		values.push(decodeWords(current.value.trim()));
		headers.set(current.name, values);
	};
	for (; end < lines.length; end++) {
		const line = lines[end] ?? '';
		if (line.trim() === '') break;
		if (/^[ \t]/.test(line)) {
			if (current) current.value += ` ${line.trim()}`;
			continue;
		}
		const colon = line.indexOf(':');
		if (colon <= 0 || /\s/.test(line.slice(0, colon).trimEnd())) {
			// An mbox "From " line may stand first; anything else is the body, its blank line lost.
			if (end === 0) continue;
			break;
		}
		keep();
		current = { name: line.slice(0, colon).trim().toLowerCase(), value: line.slice(colon + 1) };
	}
	keep();
	return { headers, end };
}

function readPart(lines: readonly string[], depth: number, budget: { parts: number }): Part {
	budget.parts += 1;
	const { headers, end } = readHeaders(lines);
	const { value, parameters } = readContentType(first(headers, 'content-type'));
	const body = lines.slice(end + 1);
	const part: Part = { type: value, parameters, headers, text: '', children: [] };
	const boundary = parameters.boundary;
	if (value.startsWith('multipart/') && boundary && depth < MAX_DEPTH)
		part.children = splitAt(boundary, body, MAX_PARTS - budget.parts).map((child) =>
			readPart(child, depth + 1, budget),
		);
	if (part.children.length === 0)
		part.text = decodeBody(body, first(headers, 'content-transfer-encoding'), parameters.charset);
	return part;
}

function splitAt(boundary: string, lines: readonly string[], limit: number): string[][] {
	const parts: string[][] = [];
	let current: string[] | undefined;
	for (const line of lines) {
		const mark = line.trimEnd();
		if (mark === `--${boundary}--`) break;
		if (mark === `--${boundary}`) {
			if (parts.length >= limit) break;
			current = [];
			parts.push(current);
		} else current?.push(line);
	}
	return parts;
}

function readContentType(text: string): { value: string; parameters: Record<string, string> } {
	const [value = '', ...rest] = text.split(';');
	const parameters: Record<string, string> = {};
	for (const parameter of rest) {
		const equals = parameter.indexOf('=');
		if (equals < 0) continue;
		const name = parameter.slice(0, equals).trim().toLowerCase();
		parameters[name] = parameter
			.slice(equals + 1)
			.trim()
			.replace(/^"|"$/g, '');
	}
	return { value: value.trim().toLowerCase() || 'text/plain', parameters };
}

function decodeBody(
	lines: readonly string[],
	encoding: string,
	charset: string | undefined,
): string {
	const text = lines.join('\n');
	switch (encoding.trim().toLowerCase()) {
		case 'base64':
			return toText(Buffer.from(text, 'base64'), charset);
		case 'quoted-printable':
			return toText(
				fromQuotedPrintable(text.replace(/[ \t]+$/gm, '').replaceAll('=\n', '')),
				charset,
			);
		default:
			return toText(Buffer.from(text, 'latin1'), charset);
	}
}

function fromQuotedPrintable(text: string): Buffer {
	const plain = text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
		String.fromCharCode(Number.parseInt(hex, 16)),
	);
	return Buffer.from(plain, 'latin1');
}

function toText(bytes: Buffer, charset = 'utf-8'): string {
	try {
		return new TextDecoder(charset).decode(bytes);
	} catch {
		return bytes.toString('latin1');
	}
}

const ENCODED_WORD = /=\?([^?\s]{1,40})\?([bq])\?([^?\s]{0,500})\?=/gi;

/** RFC 2047. Raw eight-bit text is taken as UTF-8, which it nearly always is. */
function decodeWords(text: string): string {
	const joined = text.replace(/(\?=)\s+(?==\?)/g, '$1');
	if (!joined.includes('=?'))
		return /[\x80-\xff]/.test(joined) ? toText(Buffer.from(joined, 'latin1')) : joined;
	return joined.replace(ENCODED_WORD, (_, charset: string, encoding: string, content: string) =>
		toText(
			encoding.toLowerCase() === 'b'
				? Buffer.from(content, 'base64')
				: fromQuotedPrintable(content.replaceAll('_', ' ')),
			charset.replace(/\*.*$/, ''),
		),
	);
}
