import { createHash } from 'node:crypto';

import type { Mailbox } from '../model/address';
import { domainOf } from '../model/address';
import type { DeliveryNotification } from '../model/delivery-notification';
import type { DkimSigner } from './dkim';
import type { Draft } from './draft';
import { boundaryFor } from './boundary';
import { htmlFromText } from './html-from-text';
import { addressHeader, dateHeader, plainHeader, textHeader } from './headers';
import { inlineCss } from './inline-css';
import { placeImages } from './inline-images';
import type { Invitation } from './invitation';
import { headerLines } from './message-headers';
import { checkTotalSize, filePart, multipart, textPart } from './part';
import type { Part } from './part';
import { encodeQuotedPrintable } from './quoted-printable';
import { rememberLast } from './remember-last';
import { textFromHtml } from './text-from-html';
import { writeMessage } from './write-message';

export interface ComposedMessage {
	envelope: ComposedEnvelope;
	raw: Buffer;
	/** In its brackets. */
	messageId: string;
	/** The versions as they went into the mail; the text also where it was made from the HTML. */
	html?: string;
	text: string;
}

/** Whom the servers are told, and what is asked of them. */
export interface ComposedEnvelope {
	from: string;
	to: string[];
	notification?: DeliveryNotification;
	requireTls?: true;
}

export interface ComposeOptions {
	/** For a draft that names none. */
	messageId: string;
	date: Date;
	signer?: DkimSigner;
}

/** What a user asked for cannot be made into a mail; the message says why, and what to do. */
export class ComposeError extends Error {}

/**
 * The bytes of any one mail: alternatives, attachments, pictures, an invitation, a signature.
 *
 * The same draft with the same options gives the same bytes. An HTML mail gets a text alternative made
 * from it where the draft has none. Bcc is in the envelope only.
 *
 * @throws ComposeError, AttachmentError, with words for the user
 */
export async function composeMessage(
	draft: Draft,
	options: ComposeOptions,
): Promise<ComposedMessage> {
	const messageId = draft.messageId ?? options.messageId;
	const date = draft.date ?? options.date;
	const content = await makeContent(draft, messageId);
	if (draft.maxSize !== undefined)
		checkTotalSize([...content.files, ...content.images], draft.maxSize);
	const root = assemble(content, draft.invitation, messageId);
	const head = headOf(draft, messageId, date) + root.head;
	const raw = await writeMessage(
		{ head, body: root.body },
		{ signer: options.signer, at: options.date },
	);
	if (draft.maxSize !== undefined && raw.length > draft.maxSize)
		throw new ComposeError(
			`The mail has ${raw.length} bytes, more than the limit of ${draft.maxSize} set, so it was not sent.`,
		);
	const { html, text } = content;
	return {
		envelope: envelopeOf(draft),
		raw,
		messageId,
		...(html === undefined ? {} : { html }),
		text,
	};
}

interface Content {
	html?: string;
	text: string;
	files: Draft['attachments'];
	images: Draft['attachments'];
}

async function makeContent(draft: Draft, messageId: string): Promise<Content> {
	if (draft.html === undefined)
		return { text: draft.text ?? '', files: draft.attachments, images: [] };
	const styled = draft.inlineCss ? await inlineCss(draft.html) : draft.html;
	const placed = placeImages(
		styled,
		{ attached: draft.attachments, beside: draft.pictures ?? [] },
		(index) => `${index + 1}.${digestOf(messageId)}@${domainOf(draft.from.address)}`,
	);
	if (!placed.ok) throw new ComposeError(placed.problem);
	const { html, files, images } = placed;
	return { html, text: draft.text ?? textVersion(html), files, images };
}

/** By far the most of what a mail costs. */
const lastTextFromHtml = rememberLast(textFromHtml);

function textVersion(html: string): string {
	try {
		return lastTextFromHtml(html);
	} catch {
		throw new ComposeError('No text version could be made from the HTML. Write one yourself.');
	}
}

/**
 * The tree of parts: mixed( alternative( text, related( html, pictures ), invitation ), files ), each
 * level only where it holds more than one. The last alternative that a reader can show is the one it
 * takes (RFC 2046 section 5.1.4), and calendars look for theirs beside the text.
 */
function assemble(content: Content, invitation: Invitation | undefined, messageId: string): Part {
	const files = content.files.map((file) => filePart(file));
	const boundary = (level: string) => boundaryFor(`${messageId} ${level}`, files);
	const versions: Part[] = [textPart('plain', content.text)];
	if (content.html !== undefined) {
		const html = textPart('html', content.html);
		const [first, ...others] = content.images.map((file) => filePart(file));
		versions.push(
			first ? multipart('related', boundary('related'), [html, first, ...others]) : html,
		);
	}
	if (invitation) {
		// A judge of mails takes alternatives without HTML for a spammer's (rspamd: MIME_MA_MISSING_HTML).
		if (content.html === undefined) versions.push(textPart('html', htmlFromText(content.text)));
		versions.push(invitationPart(invitation));
		files.push(invitationFile(invitation));
	}
	const [text, ...more] = versions as [Part, ...Part[]];
	const body =
		more.length > 0 ? multipart('alternative', boundary('alternative'), [text, ...more]) : text;
	return files.length > 0 ? multipart('mixed', boundary('mixed'), [body, ...files]) : body;
}

/** Gmail and Outlook show buttons for a text/calendar alternative whose method is that of the file. */
function invitationPart({ method, ics }: Invitation): Part {
	return {
		head: `Content-Type: text/calendar; charset=utf-8; method=${method}\r\nContent-Transfer-Encoding: quoted-printable\r\n`,
		body: [{ bytes: encodeQuotedPrintable(ics) }],
	};
}

/** For readers that know no invitations: the same as a file to open. */
function invitationFile({ ics }: Invitation): Part {
	return filePart({
		fileName: 'invite.ics',
		contentType: 'application/ics',
		content: Buffer.from(ics),
	});
}

function headOf(draft: Draft, messageId: string, date: Date): string {
	const choices = headerLines(draft.headers ?? {});
	if (!choices.ok) throw new ComposeError(choices.problem);
	const { from, sender, to, cc, replyTo, subject } = draft;
	return [
		addressHeader('From', [from]),
		sender && sender.address !== from.address ? addressHeader('Sender', [sender]) : '',
		to.length + cc.length > 0 ? addresses('To', to) : 'To: undisclosed-recipients:;\r\n',
		addresses('Cc', cc),
		addresses('Reply-To', replyTo),
		textHeader('Subject', subject),
		dateHeader(date),
		plainHeader('Message-ID', messageId),
		choices.lines,
		plainHeader('MIME-Version', '1.0'),
	].join('');
}

function addresses(name: string, mailboxes: readonly Mailbox[]): string {
	return mailboxes.length > 0 ? addressHeader(name, mailboxes) : '';
}

function envelopeOf({ from, to, cc, bcc, envelopeFrom, delivery }: Draft): ComposedEnvelope {
	return {
		from: envelopeFrom ?? from.address,
		to: [...new Set([...to, ...cc, ...bcc].map(({ address }) => address))],
		...(delivery?.notification ? { notification: delivery.notification } : {}),
		...(delivery?.requireTls ? { requireTls: true as const } : {}),
	};
}

function digestOf(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
