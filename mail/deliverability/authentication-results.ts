import { organisation } from './dns-fix';

/** One `method=result` of a receiver, with what it says it looked at. */
export interface AuthenticationResult {
	/** `spf`, `dkim`, `dmarc` and others, in lower case. */
	method: string;
	result: string;
	/** `smtp.mailfrom`, `header.d` and so on, in lower case. */
	properties: Map<string, string>;
}

export interface AuthenticationReading {
	/** What the receiver itself found. */
	results: AuthenticationResult[];
	/** Who says so. */
	servers: string[];
	/** Headers that somebody else wrote, or may have written; nothing in them is believed. */
	foreign: string[];
}

export interface HeaderField {
	/** In lower case. */
	name: string;
	/** Unfolded. */
	value: string;
}

/**
 * Reads what the receiver wrote down about a mail (RFC 8601), and nothing that came with the mail: a header
 * counts only above the Received line by which the mail came in, and only when it names the receiver's own
 * organisation. (Microsoft names none; there the place alone must do.)
 *
 * Mail filters that Postfix asks write just below that line, where a sender's own header would stand too.
 * There a header counts only when it is known what the sender wrote.
 *
 * @param headers from top to bottom, as they stand in the mail
 * @param servers names of the receiver that the user knows; without them the topmost Received line tells
 * @param sent the headers of the mail as it left, where we sent it ourselves
 */
export function readAuthenticationResults(
	headers: readonly HeaderField[],
	servers: readonly string[] = [],
	sent?: readonly HeaderField[],
): AuthenticationReading {
	const receiver = receiverOf(headers);
	const known = new Set(
		[...servers, ...(receiver ? [receiver.host] : [])].map((server) => organisation(server)),
	);
	const reading: AuthenticationReading = { results: [], servers: [], foreign: [] };
	const end = receiver === undefined ? -1 : endOfOwn(headers, receiver.cameInAt, sent);
	for (const [index, { name, value }] of headers.entries()) {
		if (name !== 'authentication-results') continue;
		const { server, results } = parse(value.slice(0, MAX_VALUE));
		const isAbove = receiver === undefined ? servers.length > 0 : index < end;
		const isOwn =
			server === ''
				? [...known].some((each) => NAMELESS.has(each))
				: known.has(organisation(server)) || sameService(server, known);
		if (isAbove && isOwn) {
			reading.results.push(...results);
			if (server !== '' && !reading.servers.includes(server)) reading.servers.push(server);
		} else reading.foreign.push(server === '' ? 'a header that names nobody' : server);
	}
	return reading;
}

/** Where what came with the mail begins. */
function endOfOwn(
	headers: readonly HeaderField[],
	cameInAt: number,
	sent: readonly HeaderField[] | undefined,
): number {
	if (!sent) return cameInAt;
	const own = new Set(sent.map(signOf));
	const end = headers.findIndex(
		(field, index) => index > cameInAt && (field.name === 'received' || own.has(signOf(field))),
	);
	return end < 0 ? headers.length : end;
}

/** The same however it was folded on the way. */
function signOf({ name, value }: HeaderField): string {
	return `${name}:${value.replace(/\s+/g, '')}`;
}

const MAX_VALUE = 20_000;
const MAX_RESULTS = 100;
/** Organisations that write the header without their name. */
const NAMELESS = new Set(['outlook.com', 'hotmail.com', 'microsoft.com', 'office365.com']);
/** Receivers that take mail in under one name and write the header under another. */
const SERVICES: readonly ReadonlySet<string>[] = [
	new Set(['yahoo.com', 'aol.com', 'yahoodns.net']),
	new Set(['icloud.com', 'apple.com', 'me.com', 'mac.com']),
	new Set(['fastmail.com', 'messagingengine.com']),
	new Set(['google.com', 'gmail.com', 'googlemail.com']),
	new Set(['gmx.net', 'gmx.de', 'web.de', 'kundenserver.de']),
	new Set(['yandex.ru', 'yandex.net', 'yandex.com']),
	new Set(['infomaniak.com', 'infomaniak.ch', 'ik.me']),
	new Set(['zoho.com', 'zoho.eu', 'zohomail.com', 'zohomail.eu']),
];

function sameService(server: string, known: ReadonlySet<string>): boolean {
	const own = organisation(server);
	return SERVICES.some(
		(service) => service.has(own) && [...known].some((each) => service.has(each)),
	);
}

/** Who took the mail in from outside. */
export interface ReceivingServer {
	host: string;
	/** Where the Received line stands by which the mail came in from outside. */
	cameInAt: number;
}

/** The run of Received lines on top that the receiver's own servers wrote. */
export function receiverOf(headers: readonly HeaderField[]): ReceivingServer | undefined {
	let host: string | undefined;
	let cameInAt = -1;
	for (const [index, { name, value }] of headers.entries()) {
		if (name !== 'received') continue;
		const by = hostAfter('by', value);
		// Lines within one machine name no domain; they belong to whoever wrote the next one.
		if (by === undefined) {
			if (host === undefined) cameInAt = index;
			continue;
		}
		host ??= by;
		if (organisation(by) !== organisation(host) && !sameService(by, new Set([organisation(host)])))
			break;
		cameInAt = index;
	}
	return host === undefined ? undefined : { host, cameInAt };
}

/** `by mx.example.com (Postfix) with …`: the host; only a domain name counts. */
export function hostAfter(word: 'by' | 'from', received: string): string | undefined {
	const found = new RegExp(`(?:^|\\s)${word}\\s+([a-z0-9][a-z0-9.-]{0,252})`, 'i').exec(
		received.slice(0, 4_000),
	)?.[1];
	return found !== undefined && /\.[a-z][a-z0-9-]*$/i.test(found) ? found.toLowerCase() : undefined;
}

const METHODS = new Set([
	...[
		'spf',
		'dkim',
		'dmarc',
		'arc',
		'auth',
		'iprev',
		'dkim-atps',
		'dkim-adsp',
		'bimi',
		'sender-id',
	],
	...['dnswl', 'compauth', 'smime', 'vbr', 'domainkeys', 'x-csa', 'x-ptr', 'x-me-sender'],
]);

/** One header field (RFC 8601 section 2.2). Time grows with the text alone. */
function parse(value: string): { server: string; results: AuthenticationResult[] } {
	const parts = splitParts(withoutComments(value));
	const first = (parts[0] ?? '').trim();
	// Microsoft begins with the first result.
	const isNamed = first !== '' && !first.includes('=');
	const server = isNamed ? (first.split(/\s/)[0] ?? '').toLowerCase().replace(/^"|"$/g, '') : '';
	const results: AuthenticationResult[] = [];
	for (const part of isNamed ? parts.slice(1) : parts) {
		let current: AuthenticationResult | undefined;
		for (const [name, text] of pairs(part)) {
			// Zoho leaves out the semicolon between two methods.
			const isMethod = METHODS.has(name) || (current === undefined && !name.includes('.'));
			if (isMethod && results.length < MAX_RESULTS) {
				current = { method: name, result: text.toLowerCase(), properties: new Map() };
				results.push(current);
			} else current?.properties.set(name, text);
		}
	}
	return { server, results };
}

function* pairs(part: string): Generator<readonly [string, string]> {
	for (const [, name = '', quoted, bare] of part.matchAll(
		/([a-z0-9][a-z0-9._-]{0,60})(?:\/\d+)?[ \t]{0,5}=[ \t]{0,5}(?:"([^"]{0,1000})"|([^\s;"]{0,1000}))/gi,
	))
		yield [name.toLowerCase(), quoted ?? bare ?? ''];
}

/** Comments may nest, and hold quoted parentheses; what is not closed ends the text. */
function withoutComments(value: string): string {
	const kept: string[] = [];
	let depth = 0;
	let quoted = false;
	for (let at = 0; at < value.length; at += 1) {
		const character = value[at] ?? '';
		if (character === '\\') {
			if (depth === 0) kept.push(value.slice(at, at + 2));
			at += 1;
			continue;
		}
		if (depth === 0 && character === '"') quoted = !quoted;
		if (!quoted && character === '(') depth += 1;
		else if (!quoted && character === ')' && depth > 0) {
			depth -= 1;
			kept.push(' ');
		} else if (depth === 0) kept.push(character);
	}
	return kept.join('');
}

/** At the semicolons that stand outside of quotation marks. */
function splitParts(value: string): string[] {
	const parts: string[] = [];
	let from = 0;
	let quoted = false;
	for (let at = 0; at < value.length; at += 1) {
		if (value[at] === '"') quoted = !quoted;
		if (value[at] !== ';' || quoted) continue;
		parts.push(value.slice(from, at));
		from = at + 1;
	}
	return [...parts, value.slice(from)];
}
