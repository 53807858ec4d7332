import { createHash } from 'node:crypto';

import type { Mailbox } from '../model/address';
import { addressHeader, dateHeader, plainHeader, textHeader } from './headers';
import { CAMPAIGN_HEADER, REFERENCE_HEADER } from './identity';
import type { PersonalLinks } from './personal-links';
import { encodeQuotedPrintable } from './quoted-printable';
import { compileTemplate, plainData } from './template';
import type { Template, TemplateProblem } from './template';
import { textFromHtml } from './text-from-html';

/** One campaign's mail, as the user wrote it. Subject, HTML and text are Handlebars templates. */
export interface CampaignTemplate {
	from: Mailbox;
	replyTo?: readonly Mailbox[];
	subject: string;
	html?: string;
	text?: string;
}

export interface CompileOptions {
	/** What a field that a recipient's data lacks does. */
	missing: 'error' | 'empty';
	/** Makes the links of each copy its recipient's own. */
	links?: PersonalLinks;
	clock?: () => number;
}

/** Who gets this copy. */
export interface MessageRecipient {
	address: string;
	name?: string;
	data: unknown;
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
}

export type RenderedMessage =
	| { ok: true; envelope: { from: string; to: string[] }; raw: Buffer; messageId: string }
	| { ok: false; problem: string };

export type CompileResult =
	{ ok: true; message: CompiledMessage } | { ok: false; problems: TemplateProblem[] };

/**
 * Compiles a campaign's mail once: what is the same in every copy is made here, and a copy costs the
 * rendering of its templates and the encoding of its bodies.
 *
 * @returns every template's problem, not only the first
 */
export function compileMessage(template: CampaignTemplate, options: CompileOptions): CompileResult {
	const { missing, links, clock = Date.now } = options;
	const problems: TemplateProblem[] = [];
	const compile = (
		field: string,
		source: string,
		escape: 'html' | 'none',
	): Template | undefined => {
		const compiled = compileTemplate(source, { field, escape, missing });
		if (compiled.ok) return compiled.template;
		problems.push(compiled.problem);
		return undefined;
	};
	const subject = compile('Subject', template.subject, 'none');
	const compilePart = (field: string, source: string | undefined, part: 'html' | 'text') =>
		source === undefined
			? undefined
			: compile(field, links?.prepare(source, part) ?? source, part === 'html' ? 'html' : 'none');
	const html = compilePart('HTML', template.html, 'html');
	const text = compilePart('Text', template.text, 'text');
	if (problems.length > 0 || !subject) return { ok: false, problems };

	const fixed = fixedHeaders(template);
	return {
		ok: true,
		message: {
			render(recipient, identity) {
				const own = links?.of(identity.reference);
				const data = plainData(own ? withFields(recipient.data, own.fields) : recipient.data);
				const parts = { subject: '', html: undefined as string | undefined, text: '' };
				for (const [name, compiled] of [
					['subject', subject],
					['html', html],
					['text', text],
				] as const) {
					if (!compiled) continue;
					const rendered = compiled.render(data);
					if (!rendered.ok) return { ok: false, problem: rendered.problem };
					parts[name] = rendered.text;
				}
				if (!text) {
					const made = tryTextFromHtml(parts.html ?? '');
					if (!made.ok) return made;
					parts.text = made.text;
				}
				if (own) {
					parts.text = own.fill(parts.text, 'text');
					if (parts.html !== undefined) parts.html = own.fill(parts.html, 'html');
				}
				const headers = fixed + (own?.headers ?? '');
				return assemble(headers, recipient, identity, parts, new Date(clock()));
			},
		},
	};
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

function assemble(
	fixed: string,
	{ address, name = '' }: MessageRecipient,
	{ messageId, returnPath, reference, campaignId }: MessageIdentity,
	{ subject, html, text }: { subject: string; html?: string; text: string },
	date: Date,
): RenderedMessage {
	const head =
		addressHeader('To', [{ name, address }]) +
		textHeader('Subject', subject) +
		plainHeader('Message-ID', messageId) +
		dateHeader(date) +
		fixed +
		textHeader(CAMPAIGN_HEADER, campaignId) +
		plainHeader(REFERENCE_HEADER, reference);
	const raw =
		html === undefined
			? Buffer.concat([Buffer.from(head + partHead('text/plain')), encodeQuotedPrintable(text)])
			: alternative(head, boundaryFor(reference), text, html);
	return { ok: true, envelope: { from: returnPath, to: [address] }, raw, messageId };
}

/** The plain version first: a reader takes the last one that it can show (RFC 2046 section 5.1.4). */
function alternative(head: string, boundary: string, text: string, html: string): Buffer {
	return Buffer.concat([
		Buffer.from(
			`${head}Content-Type: multipart/alternative; boundary="${boundary}"\r\n\r\n--${boundary}\r\n${partHead('text/plain')}`,
		),
		encodeQuotedPrintable(text),
		Buffer.from(`\r\n--${boundary}\r\n${partHead('text/html')}`),
		encodeQuotedPrintable(html),
		Buffer.from(`\r\n--${boundary}--\r\n`),
	]);
}

function partHead(type: string): string {
	return `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n`;
}

/** Holds `=_`, which quoted-printable never makes: no body can contain it (RFC 2045 section 6.7). */
function boundaryFor(reference: string): string {
	return `=_${createHash('sha256').update(reference).digest('hex').slice(0, 24)}`;
}

function tryTextFromHtml(
	html: string,
): { ok: true; text: string } | { ok: false; problem: string } {
	try {
		return { ok: true, text: textFromHtml(html) };
	} catch {
		return {
			ok: false,
			problem: 'No text version could be made from the HTML. Write one yourself.',
		};
	}
}
