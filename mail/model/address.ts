import addressparser from 'nodemailer/lib/addressparser';
import { domainToASCII } from 'node:url';

/** A mailbox that can be written into a header and an envelope; valid by construction. */
export interface Mailbox {
	/** Display name, decoded; empty when there is none. */
	name: string;
	/** addr-spec with an ASCII domain: `Ada@xn--exmple-cua.com` */
	address: string;
}

export type ParsedMailbox = { ok: true; mailbox: Mailbox } | { ok: false; problem: string };
export type ParsedMailboxes = { ok: true; mailboxes: Mailbox[] } | { ok: false; problem: string };

/** RFC 5321 section 4.5.3.1: octets of a local part, and of a path without its brackets. */
const MAX_LOCAL_PART = 64;
const MAX_ADDRESS = 254;
/** Longer text is no list of addresses that a person would type; it bounds the parser's work. */
const MAX_LIST_TEXT = 200_000;

/** What may stand before the @. */
export interface AddressRules {
	/** Letters outside ASCII: for a sender that asks the server for SMTPUTF8 (RFC 6531). */
	utf8?: boolean;
}

/**
 * Reads one mailbox, `ada@example.com` or `Ada Lovelace <ada@example.com>`.
 *
 * @returns a problem in words for the user when the text is no mailbox, or more than one
 */
export function parseMailbox(text: string, rules: AddressRules = {}): ParsedMailbox {
	const parsed = parseMailboxList(text, rules);
	if (!parsed.ok) return parsed;
	const [mailbox] = parsed.mailboxes;
	if (!mailbox) return { ok: false, problem: 'The email address is empty.' };
	if (parsed.mailboxes.length > 1)
		return {
			ok: false,
			problem: `${quote(text)} holds more than one email address; only one fits here.`,
		};
	return { ok: true, mailbox };
}

/**
 * Reads a list of mailboxes, separated by commas, semicolons or line breaks.
 *
 * @returns the mailboxes in their order, or the problem of the first that is none
 */
export function parseMailboxList(text: string, rules: AddressRules = {}): ParsedMailboxes {
	if (text.length > MAX_LIST_TEXT)
		return {
			ok: false,
			problem: 'The list of email addresses is too long. Split it over several items.',
		};
	const plain = readPlain(text);
	if (plain) {
		const only = toMailbox(plain.name, plain.address, plain.address, rules);
		return only.ok ? { ok: true, mailboxes: [only.mailbox] } : only;
	}
	const control = findControl(text);
	if (control !== undefined)
		return {
			ok: false,
			problem: `${quote(text)} holds a control character (${control}), which no email address may.`,
		};
	if (breaksLineInQuotes(text))
		return {
			ok: false,
			problem: `${quote(text)} has a line break between quotation marks, which no email address may.`,
		};
	// A line break separates addresses for people who paste a column; inside a header it never may.
	const entries = addressparser(text.replace(/[\r\n]+/g, ','));
	const mailboxes: Mailbox[] = [];
	for (const entry of entries) {
		if (entry.group)
			return {
				ok: false,
				problem: `${quote(text)} is a group. List its addresses one by one instead.`,
			};
		if (entry.address === '' && entry.name === '') continue;
		// Words beside an address without brackets are not a name but a slip of the finger.
		if (entry.address !== '' && entry.name !== '' && !/[<(]/.test(text))
			return {
				ok: false,
				problem: `${quote(text)} is not an email address: it has a space in it, or lacks the < > around the address.`,
			};
		const parsed = toMailbox(entry.name, entry.address, entry.address || entry.name, rules);
		if (!parsed.ok) return parsed;
		mailboxes.push(parsed.mailbox);
	}
	return { ok: true, mailboxes };
}

const WORD = "[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}.'&-]*";
const PLAIN_NAME = new RegExp(`^${WORD}(?: ${WORD})*$`, 'u');
/** What has a meaning in a list of addresses. */
const SPECIAL = /[\s\p{Cc}<>(),;:"\\]/u;

/**
 * The common cases by far, in which nothing has to be taken apart: one address, or one in brackets with
 * plain words before it. The parser of lists takes ten times as long.
 */
function readPlain(text: string): { name: string; address: string } | undefined {
	const bare = text.trim();
	if (bare === '' || bare.length > 2 * MAX_ADDRESS) return undefined;
	if (!SPECIAL.test(bare)) return { name: '', address: bare };
	const bracket = bare.indexOf('<');
	if (bracket < 0 || !bare.endsWith('>')) return undefined;
	const name = bare.slice(0, bracket).trimEnd();
	const address = bare.slice(bracket + 1, -1);
	const isPlain =
		address !== '' && !SPECIAL.test(address) && (name === '' || PLAIN_NAME.test(name));
	return isPlain ? { name, address } : undefined;
}

/**
 * What the ledger and the suppression list compare addresses by: NFC, lower case, domain in punycode.
 * Two addresses that every provider treats as one have the same key; dots and plus signs stay, since
 * they mean the same mailbox only at some.
 */
export function recipientKey(address: string): string {
	const trimmed = address.normalize('NFC').trim();
	const at = trimmed.lastIndexOf('@');
	if (at < 0) return trimmed.toLowerCase();
	const domain = trimmed.slice(at + 1).replace(/\.$/, '');
	return `${trimmed.slice(0, at).toLowerCase()}@${domainToASCII(domain) || domain.toLowerCase()}`;
}

/** The part after the last `@`; empty when there is none. */
export function domainOf(address: string): string {
	const at = address.lastIndexOf('@');
	return at < 0 ? '' : address.slice(at + 1);
}

function toMailbox(
	name: string,
	address: string,
	asGiven: string,
	rules: AddressRules,
): ParsedMailbox {
	const refuse = (why: string): ParsedMailbox => ({
		ok: false,
		problem: `${quote(asGiven)} is not an email address: ${why}.`,
	});
	if (asGiven.trim() === '') return { ok: false, problem: 'The email address is empty.' };
	const at = address.lastIndexOf('@');
	if (at < 0) return refuse('it has no @');
	const localPart = address.slice(0, at);
	const domain = address.slice(at + 1);
	if (localPart === '') return refuse('the part before the @ is missing');
	if (domain === '') return refuse('the part after the @ is missing');
	const localProblem = problemOfLocalPart(localPart, rules);
	if (localProblem) return refuse(localProblem);
	const ascii = domainToASCII(domain);
	const domainProblem = problemOfDomain(domain, ascii);
	if (domainProblem) return refuse(domainProblem);
	const full = `${localPart}@${ascii}`;
	if (full.length > MAX_ADDRESS) return refuse(`it is longer than ${MAX_ADDRESS} characters`);
	return { ok: true, mailbox: { name: cleanName(name), address: full } };
}

const ATOMS = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
/** RFC 5321 section 4.1.2 Quoted-string: printable ASCII, backslash and quote only escaped. */
const QUOTED = /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*"$/;

/** RFC 6531 section 3.3: any UTF-8 beyond ASCII may stand in an atom; controls and separators of ours not. */
const UTF8_IN_ATOM = /[^\x00-\x7f\p{C}\p{Z}]/gu;

function problemOfLocalPart(given: string, { utf8 }: AddressRules): string | undefined {
	const localPart = utf8 ? given.replace(UTF8_IN_ATOM, 'x') : given;
	// RFC 6531 allows them where both servers offer SMTPUTF8; few do.
	if (/[^\x00-\x7f]/.test(localPart))
		return 'the part before the @ holds letters outside ASCII, which few servers can deliver to';
	if (Buffer.byteLength(given) > MAX_LOCAL_PART)
		return `the part before the @ is longer than ${MAX_LOCAL_PART} characters`;
	if (ATOMS.test(localPart) || QUOTED.test(localPart)) return undefined;
	if (localPart.includes('..')) return 'it has two dots in a row';
	if (localPart.startsWith('.') || localPart.endsWith('.'))
		return 'the part before the @ begins or ends with a dot';
	if (/\s/.test(localPart)) return 'it has a space in it';
	return 'the part before the @ holds a character that may not stand there';
}

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** One label is enough: `localhost` and the short names of an own network can have mail servers. */
function problemOfDomain(domain: string, ascii: string): string | undefined {
	if (/\s/.test(domain)) return 'it has a space in it';
	if (domain.startsWith('.') || domain.endsWith('.') || domain.includes('..'))
		return 'the domain has a dot too many';
	if (ascii === '' || !ascii.split('.').every((label) => LABEL.test(label)))
		return `"${shorten(domain)}" is not a domain`;
	return undefined;
}

/** A display name goes into a header: no control characters, no line breaks, bounded. */
function cleanName(name: string): string {
	return name
		.replace(/\p{Cc}+/gu, ' ')
		.trim()
		.slice(0, 256);
}

/** What stands between quotation marks is one word (RFC 5322 section 3.2.4): it must not fall apart. */
function breaksLineInQuotes(text: string): boolean {
	let quoted = false;
	for (let at = 0; at < text.length; at += 1) {
		const letter = text[at];
		if (letter === '"') quoted = !quoted;
		else if (quoted && letter === '\\') at += 1;
		else if (quoted && (letter === '\r' || letter === '\n')) return true;
	}
	return false;
}

function findControl(text: string): string | undefined {
	const found = /[\p{Cc}]/u.exec(text.replace(/[\t\r\n]/g, ' '))?.[0];
	return found === undefined
		? undefined
		: `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function quote(text: string): string {
	return `"${shorten(text.replace(/\p{Cc}+/gu, ' ').trim())}"`;
}

function shorten(text: string): string {
	return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}
