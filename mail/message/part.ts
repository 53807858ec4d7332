import { AttachmentError, sizeOf } from './attachment';
import type { Attachment, FileSource } from './attachment';
import { base64Length, encodeBase64 } from './base64';
import { cleanFileName, fileNameParameter, nameParameter } from './file-name';
import { encodeQuotedPrintable } from './quoted-printable';
import { rememberLast } from './remember-last';

/**
 * One MIME part (RFC 2045): its header lines, each with its CRLF, and its body in the order in which
 * it is written. The empty line between them belongs to neither.
 */
export interface Part {
	head: string;
	body: readonly Piece[];
}

/** Bytes that are there, or a file that is read and encoded only when it is written. */
export type Piece =
	| { bytes: Buffer; base64?: true }
	| { file: FileSource; fileName: string; /** Octets once encoded. */ length: number };

export function pieceLength(piece: Piece): number {
	return 'bytes' in piece ? piece.bytes.length : piece.length;
}

const encoded = {
	plain: rememberLast(encodeQuotedPrintable),
	html: rememberLast(encodeQuotedPrintable),
};

/** A version of the mail's text, in quoted-printable: no line is too long, whatever it holds. */
export function textPart(type: 'plain' | 'html', text: string): Part {
	return {
		head: `Content-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`,
		body: [{ bytes: encoded[type](text) }],
	};
}

/**
 * A file as it is told to be, in base64; shown in the HTML where it has a content ID.
 *
 * @param encode gives the bytes as `encodeBase64` does, which it may have done before
 */
export function filePart(attachment: Attachment, encode = encodeBase64): Part {
	const fileName = cleanFileName(attachment.fileName);
	const carried = asCarried(attachment, encode);
	const disposition = attachment.contentId === undefined ? 'attachment' : 'inline';
	return {
		head: [
			`Content-Type: ${carried.type}${nameParameter(fileName)}\r\n`,
			`Content-Transfer-Encoding: ${carried.encoding}\r\n`,
			...(attachment.contentId === undefined ? [] : [`Content-ID: <${attachment.contentId}>\r\n`]),
			`Content-Disposition: ${disposition}${fileNameParameter(fileName)}\r\n`,
		].join(''),
		body: carried.body,
	};
}

/**
 * Several parts as one (RFC 2046 section 5.1).
 *
 * @param boundary must hold a sequence that no encoded body can, such as `=_` in quoted-printable and
 *   base64; see `boundaryFor`
 */
export function multipart(
	kind: 'alternative' | 'related' | 'mixed',
	boundary: string,
	parts: readonly [Part, ...Part[]],
): Part {
	// RFC 2387 section 3.1: related names the type of the part that shows the others.
	const type = kind === 'related' ? ` type="${typeOf(parts[0])}";` : '';
	return {
		head: `Content-Type: multipart/${kind};${type}\r\n boundary="${boundary}"\r\n`,
		body: [
			...parts.flatMap(({ head, body }, index) => [
				{ bytes: Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${head}\r\n`) },
				...body,
			]),
			{ bytes: Buffer.from(`\r\n--${boundary}--\r\n`) },
		],
	};
}

function typeOf({ head }: Part): string {
	return /^Content-Type: ([^;\r]+)/.exec(head)?.[1] ?? 'text/html';
}

const MEDIA_TYPE = /^([a-z0-9][a-z0-9!#$&^_.+-]{0,63})\/([a-z0-9][a-z0-9!#$&^_.+-]{0,63})$/;
const UNKNOWN_TYPE = 'application/octet-stream';

function asCarried(
	attachment: Attachment,
	encode: typeof encodeBase64,
): { type: string; encoding: string; body: Piece[] } {
	const [essence = '', ...parameters] = attachment.contentType.split(';');
	const type = essence.trim().toLowerCase();
	const kind = MEDIA_TYPE.exec(type)?.[1];
	// A composite type may not be encoded (RFC 2046 section 5.2.1), and its bytes may need it.
	if (kind === undefined || kind === 'multipart') return inBase64(attachment, UNKNOWN_TYPE, encode);
	if (kind !== 'message') return inBase64(attachment, type + charsetOf(parameters), encode);
	const message = asSevenBit(attachment.content);
	return message
		? { type, encoding: '7bit', body: [{ bytes: message }] }
		: inBase64(attachment, UNKNOWN_TYPE, encode);
}

function charsetOf(parameters: readonly string[]): string {
	for (const parameter of parameters) {
		const charset = /^\s*charset\s*=\s*"?([A-Za-z0-9_.:-]{1,40})"?\s*$/i.exec(parameter)?.[1];
		if (charset) return `; charset=${charset}`;
	}
	return '';
}

function inBase64(attachment: Attachment, type: string, encode: typeof encodeBase64) {
	const { content, fileName } = attachment;
	const piece: Piece = Buffer.isBuffer(content)
		? { bytes: encode(content), base64: true }
		: { file: content, fileName, length: base64Length(content.size) };
	return { type, encoding: 'base64', body: [piece] };
}

/** A message that can go as it stands: ASCII, no line over 998. Line ends become CRLF. */
function asSevenBit(content: Attachment['content']): Buffer | undefined {
	if (!Buffer.isBuffer(content)) return undefined;
	const text = content.toString('latin1').replace(/\r\n|\r|\n/g, '\r\n');
	if (/[^\x01-\x7f]/.test(text) || /[^\r\n]{999}/.test(text)) return undefined;
	return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

/** Refuses a mail that is too large before any of its files is read. */
export function checkTotalSize(attachments: readonly Attachment[], limit: number): void {
	let total = 0;
	for (const attachment of attachments) {
		total += base64Length(sizeOf(attachment));
		if (total > limit)
			throw new AttachmentError(
				attachment.fileName,
				`makes the mail larger than ${megabytes(limit)}, the limit set`,
			);
	}
}

function megabytes(octets: number): string {
	return `${Math.round((octets / 1_000_000) * 10) / 10} MB`;
}
