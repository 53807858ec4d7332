import { hashBody } from './dkim-body';
import { readDkimKey } from './dkim-key';
import type { DkimKey, DkimKeyText, DkimKeyWarning } from './dkim-key';
import { SigningThreads, signText } from './signing-threads';

/** Signs mails with one key (RFC 6376), relaxed/relaxed, SHA-256. Made once, used for each mail. */
export interface DkimSigner {
	readonly key: DkimKey;
	/** Why not everybody will believe the signatures; empty as a rule. */
	readonly warnings: readonly DkimKeyWarning[];
	/**
	 * The signature of one mail.
	 *
	 * @param head its header lines, each with its CRLF, without the empty line that ends them
	 * @param bodyHash of everything after that empty line, from `DkimBodyHash` or `hashBody`
	 * @returns the whole DKIM-Signature header with its CRLF, to stand before the other headers
	 */
	sign(head: string, bodyHash: string, at: Date): string;
	/** The same, calculated on another thread: the other cores sign too. */
	signAside(head: string, bodyHash: string, at: Date): Promise<string>;
}

export type MadeSigner =
	{ ok: true; signer: DkimSigner } | Extract<ReturnType<typeof readDkimKey>, { ok: false }>;

/** @returns the problem of a key that cannot sign: a mail that should be signed never leaves unsigned */
export function makeDkimSigner(text: DkimKeyText): MadeSigner {
	const read = readDkimKey(text);
	if (!read.ok) return read;
	const { key, warnings } = read;
	const threads = new SigningThreads(key);
	const headers = new HeaderReader();
	return {
		ok: true,
		signer: {
			key,
			warnings,
			sign(head, bodyHash, at) {
				const { unsigned, signed } = prepare(key, headers.read(head), bodyHash, at);
				return finish(unsigned, signText(key, signed));
			},
			async signAside(head, bodyHash, at) {
				const { unsigned, signed } = prepare(key, headers.read(head), bodyHash, at);
				return finish(unsigned, await threads.sign(signed));
			},
		},
	};
}

/** A whole message with its signature before it. */
export function signMessage(signer: DkimSigner, raw: Buffer, at: Date): Buffer {
	const end = raw.indexOf('\r\n\r\n');
	const bodyAt = end < 0 ? raw.length : end + 4;
	const head = raw.toString('utf8', 0, end < 0 ? raw.length : end + 2);
	return Buffer.concat([Buffer.from(signer.sign(head, hashBody(raw.subarray(bodyAt)), at)), raw]);
}

/**
 * Which headers a signature covers (RFC 6376 section 5.4.1; List-Unsubscribe-Post by RFC 8058 section
 * 4; Feedback-ID by Google's feedback loop; X-CSA-Complaints by the Certified Senders Alliance).
 *
 * Those marked `once` are signed once more than they are there, so that nobody can add a second one
 * that a reader shows instead (section 8.15), nor a Cc or Reply-To to a copy that is sent on.
 */
const COVERED: readonly { name: string; once?: true; lowerCase: string }[] = withLowerCase([
	{ name: 'From', once: true },
	{ name: 'To', once: true },
	{ name: 'Cc', once: true },
	{ name: 'Reply-To', once: true },
	{ name: 'Subject', once: true },
	{ name: 'Date', once: true },
	{ name: 'Message-ID', once: true },
	{ name: 'MIME-Version', once: true },
	{ name: 'Content-Type', once: true },
	{ name: 'Content-Transfer-Encoding', once: true },
	{ name: 'Sender' },
	{ name: 'In-Reply-To' },
	{ name: 'References' },
	{ name: 'Content-ID' },
	{ name: 'Content-Description' },
	{ name: 'Auto-Submitted' },
	{ name: 'Precedence' },
	{ name: 'List-Id' },
	{ name: 'List-Help' },
	{ name: 'List-Unsubscribe' },
	{ name: 'List-Unsubscribe-Post' },
	{ name: 'List-Subscribe' },
	{ name: 'List-Post' },
	{ name: 'List-Owner' },
	{ name: 'List-Archive' },
	{ name: 'Feedback-ID' },
	{ name: 'Organization' },
	{ name: 'X-CSA-Complaints' },
	{ name: 'X-Smtp-Suite-Campaign' },
	{ name: 'X-Smtp-Suite-Reference' },
]);

function withLowerCase(headers: readonly { name: string; once?: true }[]) {
	return headers.map((header) => ({ ...header, lowerCase: header.name.toLowerCase() }));
}

/** @returns the header with an empty `b=`, and the text that the signature is made over (section 3.7) */
function prepare(
	{ domain, selector, algorithm }: DkimKey,
	{ names, text }: CoveredHeaders,
	bodyHash: string,
	at: Date,
): { unsigned: string; signed: string } {
	const time = Math.floor(at.getTime() / 1000);
	const unsigned =
		`DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed; d=${domain};\r\n` +
		` s=${selector}; t=${time};\r\n${names} bh=${bodyHash};\r\n b=`;
	return { unsigned, signed: text + relax(unsigned).relaxed };
}

function finish(unsigned: string, signature: string): string {
	const lines = signature.match(/.{1,70}/g) ?? [];
	return `${unsigned}${lines.join('\r\n ')}\r\n`;
}

/** The headers that a signature covers. */
interface CoveredHeaders {
	/** `h=` in its lines, each with its CRLF. */
	names: string;
	/** The headers themselves, relaxed, each with its CRLF. */
	text: string;
}

interface Header {
	line: string;
	/** In lower case. */
	name: string;
	/** The line without its CRLF (RFC 6376 section 3.4.2). */
	relaxed: string;
}

/**
 * Reads what is covered of the headers of one mail after the other. Those of a campaign have the same
 * headers in the same order, and most of them are the same to the letter: what is as it was in the mail
 * before is not read again.
 */
class HeaderReader {
	#headers: readonly Header[] = [];
	/** Which headers, by their position, and under which names. */
	#plan: { order: readonly number[]; names: string } = { order: [], names: '' };

	/** @param head the header lines, each with its CRLF */
	read(head: string): CoveredHeaders {
		const before = this.#headers;
		const headers = head.split(/\r\n(?![ \t])/).map((line, position) => {
			const known = before[position];
			return known?.line === line ? known : relax(line);
		});
		const areAlike =
			headers.length === before.length &&
			headers.every(({ name }, position) => name === before[position]?.name);
		if (!areAlike) this.#plan = planFor(headers);
		this.#headers = headers;
		let text = '';
		for (const position of this.#plan.order) text += `${headers[position]?.relaxed ?? ''}\r\n`;
		return { names: this.#plan.names, text };
	}
}

/** In which order the headers are covered, and what they are called in `h=`. */
function planFor(headers: readonly Header[]): { order: number[]; names: string } {
	const order: number[] = [];
	const names: string[] = [];
	for (const { name, lowerCase, once } of COVERED) {
		// Of several with one name the last is signed first (section 5.4.2).
		for (let position = headers.length - 1; position >= 0; position -= 1) {
			if (headers[position]?.name !== lowerCase) continue;
			order.push(position);
			names.push(name);
		}
		if (once) names.push(name);
	}
	return { order, names: foldNames(names.join(':')) };
}

/** `h=` in lines of at most 76 characters, each with its CRLF. */
function foldNames(names: string): string {
	let folded = '';
	let line = ' h=';
	for (const piece of `${names};`.match(/[^:]+:?/g) ?? []) {
		if (line.length + piece.length > 76) {
			folded += `${line}\r\n`;
			line = '  ';
		}
		line += piece;
	}
	return `${folded}${line}\r\n`;
}

/** What is no header, having no name, is called ''. */
function relax(line: string): Header {
	const colon = Math.max(line.indexOf(':'), 0);
	const name = line.slice(0, colon).trim().toLowerCase();
	const value = line.slice(colon + 1);
	const relaxed = (NEEDS_RELAXING.test(value) ? value.replace(/[ \t\r\n]+/g, ' ') : value).trim();
	return { line, name, relaxed: `${name}:${relaxed}` };
}

const NEEDS_RELAXING = /[\t\r\n]| {2}/;
