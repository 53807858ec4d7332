import type { Mailbox } from '../model/address';
import type { LoadedFile } from './attachment';
import { placeFiles } from './campaign-files';
import type { PlacedFiles } from './campaign-files';
import { compileHeaders } from './campaign-headers';
import type { CampaignHeaders } from './campaign-headers';
import type { DkimSigner } from './dkim';
import { DkimBodyHash } from './dkim-body';
import type { CustomHeader } from './header-policy';
import { addressHeader, dateHeader, plainHeader, textHeader } from './headers';
import { CAMPAIGN_HEADER, REFERENCE_HEADER } from './identity';
import { ownFile } from './layout';
import type { Layout } from './layout';
import { Literals } from './literals';
import type { HeaderChoices } from './message-headers';
import { MessageWriter } from './message-writer';
import type { PersonalLinks, RecipientLinks } from './personal-links';
import { compileTemplate, plainData } from './template';
import type { PlainData, Template, TemplateProblem } from './template';
import { textFromHtml } from './text-from-html';

/** Servers refuse, or cut, a header of more than some ten kilobytes; what is longer is the wrong field. */
const LONGEST_SUBJECT = 5_000;
const SUBJECT_TOO_LONG = `Subject cannot be filled in: it would be longer than ${LONGEST_SUBJECT} characters. Look at the fields that fill it.`;

/** One campaign's mail, as the user wrote it. Subject, HTML and text are Handlebars templates. */
export interface CampaignTemplate {
	from: Mailbox;
	replyTo?: readonly Mailbox[];
	subject: string;
	html?: string;
	text?: string;
	/** Values of custom headers and the links of List-Unsubscribe may be templates too. */
	headers?: HeaderChoices;
	/** Every copy carries these, encoded once; what the HTML shows by `cid:` is shown there. */
	attachments?: readonly LoadedFile[];
	/** Files that the HTML may show, and that stay away when it does not. */
	pictures?: readonly LoadedFile[];
}

export interface CompileOptions {
	/** What a field that a recipient's data lacks does. */
	missing: 'error' | 'empty';
	/** Recipients bring files of their own, which the HTML may show by `cid:`. */
	ownFiles?: boolean;
	/** Makes the links of each copy its recipient's own. */
	links?: PersonalLinks;
	signer?: DkimSigner;
	clock?: () => number;
}

/** Who gets this copy. */
export interface MessageRecipient {
	address: string;
	name?: string;
	/** In which this copy is written (`readLanguage`): said to readers, screen readers and translators. */
	language?: string;
	data: unknown;
	/** Beside the campaign's, in whose place they come where the names are the same. */
	headers?: readonly CustomHeader[];
	/** Beside the campaign's. */
	attachments?: readonly LoadedFile[];
}

/** What makes this copy known again when it comes back. */
export interface MessageIdentity {
	/** In its brackets. */
	messageId: string;
	/** Envelope sender. */
	returnPath: string;
	reference: string;
	campaignId: string;
}

export interface CompiledMessage {
	/** The bytes of one recipient's copy. Synchronous; never throws. */
	render(recipient: MessageRecipient, identity: MessageIdentity): RenderedMessage;
	/** The same, signed on another thread, so that more than one core signs. Never rejects. */
	renderAside(recipient: MessageRecipient, identity: MessageIdentity): Promise<RenderedMessage>;
}

export type RenderedMessage = RenderedCopy | { ok: false; problem: string };

export interface RenderedCopy {
	ok: true;
	envelope: { from: string; to: string[] };
	messageId: string;
	/** Fit for the wire as it stands: no line begins with a dot, and the last one has its end. */
	wire: { pieces: readonly Buffer[]; size: number };
	/** The same in one piece, made when it is asked for. */
	readonly raw: Buffer;
	/**
	 * Its bytes will not be read any more: other copies are written over them. Only for whoever knows that
	 * all of them are out, which an accepted mail's are.
	 */
	giveBack(): void;
}

export type CompileResult =
	{ ok: true; message: CompiledMessage } | { ok: false; problems: TemplateProblem[] };

/**
 * Compiles a campaign's mail once: what is the same in every copy is made and encoded here, and a copy
 * costs the rendering of its templates and the encoding of what they filled in.
 *
 * @returns every template's problem, not only the first
 */
export function compileMessage(template: CampaignTemplate, options: CompileOptions): CompileResult {
	const { missing, links } = options;
	const problems: TemplateProblem[] = [];
	const literals = new Literals();
	const compile = (field: string, source: string, escape: 'html' | 'none', isPart: boolean) => {
		const compiled = compileTemplate(source, {
			field,
			escape,
			missing,
			...(isPart ? { literals } : {}),
		});
		if (compiled.ok) return compiled.template;
		problems.push(compiled.problem);
		return undefined;
	};
	const subject = compile('Subject', template.subject, 'none', false);
	const placed = placeFiles(template, options.ownFiles ?? false);
	if ('problem' in placed) problems.push(placed.problem);
	const source = 'problem' in placed ? undefined : placed.html;
	const compilePart = (field: string, part: 'html' | 'text', text: string | undefined) =>
		text === undefined
			? undefined
			: compile(field, links?.prepare(text, part) ?? text, part === 'html' ? 'html' : 'none', true);
	const html = compilePart('HTML', 'html', source);
	const text = compilePart('Text', 'text', template.text);
	const headers = compileHeaders(template.headers ?? {}, missing);
	if (!headers.ok) problems.push(headers.problem);
	if (problems.length > 0 || !subject || !headers.ok || 'problem' in placed)
		return { ok: false, problems };
	const parts = { subject, html, text, literals, headers: headers.headers };
	return { ok: true, message: new Campaign(template, options, parts, placed) };
}

interface CompiledParts {
	subject: Template;
	html?: Template;
	text?: Template;
	literals: Literals;
	headers: CampaignHeaders;
}

/** The texts of one copy; marks of literals may be in HTML and text. */
interface Filled {
	subject: string;
	html?: string;
	text: string;
}

interface Problem {
	ok: false;
	problem: string;
}

/** A copy that lacks only its signature. */
interface Unsigned {
	ok: true;
	head: string;
	writer: MessageWriter;
	hash?: DkimBodyHash;
	envelope: RenderedCopy['envelope'];
	messageId: string;
	date: Date;
}

class Campaign implements CompiledMessage {
	readonly #fixed: string;
	readonly #clock: () => number;

	constructor(
		private readonly template: CampaignTemplate,
		private readonly options: CompileOptions,
		private readonly parts: CompiledParts,
		private readonly placed: PlacedFiles,
	) {
		this.#fixed = fixedHeaders(template);
		this.#clock = options.clock ?? Date.now;
	}

	render(recipient: MessageRecipient, identity: MessageIdentity): RenderedMessage {
		const copy = this.#write(recipient, identity);
		if (!copy.ok) return copy;
		const { signer } = this.options;
		const { hash, head, date } = copy;
		return finish(copy, signer && hash ? signer.sign(head, hash.digest(), date) : '');
	}

	async renderAside(
		recipient: MessageRecipient,
		identity: MessageIdentity,
	): Promise<RenderedMessage> {
		const copy = this.#write(recipient, identity);
		if (!copy.ok) return copy;
		const { signer } = this.options;
		const { hash, head, date, writer } = copy;
		if (!signer || !hash) return finish(copy, '');
		writer.letGo();
		try {
			return finish(copy, await signer.signAside(head, hash.digest(), date));
		} catch {
			return { ok: false, problem: 'The mail could not be signed with the DKIM key.' };
		}
	}

	#write(recipient: MessageRecipient, identity: MessageIdentity): Unsigned | Problem {
		const { links, signer } = this.options;
		const own = links?.of(identity.reference);
		const data = plainData(own ? withFields(recipient.data, own.fields) : recipient.data);
		const filled = this.#fill(data, own);
		if ('problem' in filled) return filled;
		const chosen = this.parts.headers(data, recipient.headers ?? []);
		if (!chosen.ok) return chosen;
		const lain = this.#layOut(filled, recipient);
		if ('problem' in lain) return lain;
		const date = new Date(this.#clock());
		const head =
			headOf(recipient, identity, filled.subject, date) +
			this.#fixed +
			(own?.headers ?? '') +
			chosen.lines +
			lain.layout.head;
		const hash = signer && new DkimBodyHash();
		const writer = this.#writeBody(lain.filled, lain, hash);
		return {
			ok: true,
			head,
			writer,
			...(hash ? { hash } : {}),
			envelope: { from: identity.returnPath, to: [recipient.address] },
			messageId: identity.messageId,
			date,
		};
	}

	#fill(data: PlainData, own: RecipientLinks | undefined): Filled | Problem {
		const { subject, html, text, literals } = this.parts;
		const filled: Filled = { subject: '', text: '' };
		const renderedSubject = subject.render(data);
		if (!renderedSubject.ok) return renderedSubject;
		if (renderedSubject.text.length > LONGEST_SUBJECT)
			return { ok: false, problem: SUBJECT_TOO_LONG };
		filled.subject = renderedSubject.text;
		if (html) {
			const rendered = html.render(data);
			if (!rendered.ok) return rendered;
			filled.html = rendered.text;
		}
		if (text) {
			const rendered = text.render(data);
			if (!rendered.ok) return rendered;
			filled.text = rendered.text;
		} else {
			const made = tryTextFromHtml(literals.restore(filled.html ?? ''));
			if (!made.ok) return made;
			filled.text = made.text;
		}
		if (!own) return filled;
		filled.text = own.fill(filled.text, 'text');
		if (filled.html !== undefined) filled.html = own.fill(filled.html, 'html');
		return filled;
	}

	/** How the parts of this copy lie, and its own files where they are not shown by the HTML. */
	#layOut(
		filled: Filled,
		{ attachments: ownFiles = [] }: MessageRecipient,
	): { layout: Layout; filled: Filled; ownFiles: readonly LoadedFile[] } | Problem {
		const { files } = this.placed;
		if (!this.placed.byCopy || filled.html === undefined)
			return { layout: files.layout(ownFiles.length > 0), filled, ownFiles };
		const placed = files.placeIn(this.parts.literals.restore(filled.html), ownFiles);
		if (!placed.ok) return placed;
		const { html, layout } = placed;
		return { layout, filled: { ...filled, html }, ownFiles: [] };
	}

	#writeBody(
		{ html = '', text }: Filled,
		{ layout, ownFiles }: { layout: Layout; ownFiles: readonly LoadedFile[] },
		hash: DkimBodyHash | undefined,
	): MessageWriter {
		const { literals } = this.parts;
		const writer = new MessageWriter(hash);
		for (const segment of layout.body) {
			if (segment === 'text') writer.quotedPrintable(text, literals);
			else if (segment === 'html') writer.quotedPrintable(html, literals);
			else if (segment !== 'ownFiles') writer.segment(segment);
			else
				for (const file of ownFiles)
					for (const piece of ownFile(file, layout))
						if (typeof piece === 'object') writer.segment(piece);
		}
		return writer;
	}
}

function finish({ head, writer, envelope, messageId }: Unsigned, signature: string): RenderedCopy {
	writer.end(`${signature}${head}\r\n`);
	const { pieces, size } = writer;
	return new Copy(envelope, messageId, { pieces, size }, writer);
}

class Copy implements RenderedCopy {
	readonly ok = true;

	constructor(
		readonly envelope: RenderedCopy['envelope'],
		readonly messageId: string,
		readonly wire: RenderedCopy['wire'],
		private readonly writer: MessageWriter,
	) {}

	giveBack(): void {
		this.writer.giveBack();
	}

	get raw(): Buffer {
		const [first, ...others] = this.wire.pieces;
		return first && others.length === 0 ? first : Buffer.concat(this.wire.pieces);
	}
}

/** Our own fields beside the recipient's, which they hide. What is no object holds none. */
function withFields(data: unknown, fields: Readonly<Record<string, string>>): unknown {
	return typeof data === 'object' && data !== null && !Array.isArray(data)
		? { ...data, ...fields }
		: fields;
}

/** What every copy has in common: From, Reply-To, and that the mail is MIME. */
function fixedHeaders({ from, replyTo = [] }: CampaignTemplate): string {
	return [
		addressHeader('From', [from]),
		...(replyTo.length ? [addressHeader('Reply-To', replyTo)] : []),
		plainHeader('MIME-Version', '1.0'),
	].join('');
}

function headOf(
	{ address, name = '', language }: MessageRecipient,
	{ messageId, reference, campaignId }: MessageIdentity,
	subject: string,
	date: Date,
): string {
	return (
		addressHeader('To', [{ name, address }]) +
		textHeader('Subject', subject) +
		plainHeader('Message-ID', messageId) +
		dateHeader(date) +
		(language ? plainHeader('Content-Language', language) : '') +
		textHeader(CAMPAIGN_HEADER, campaignId) +
		plainHeader(REFERENCE_HEADER, reference)
	);
}

function tryTextFromHtml(html: string): { ok: true; text: string } | Problem {
	try {
		return { ok: true, text: textFromHtml(html) };
	} catch {
		return {
			ok: false,
			problem: 'No text version could be made from the HTML. Write one yourself.',
		};
	}
}
