import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';

/** Two parsers by others, brought to one form: what a reader of the mail would find in it. */
export interface ReadMail {
	subject: string;
	from: string;
	to: string[];
	text: string;
	html: string;
	files: { name: string; type: string; cid: string; disposition: string; content: Buffer }[];
}

export async function readByMailparser(raw: Buffer): Promise<ReadMail> {
	const mail = await simpleParser(raw, { skipImageLinks: true, skipTextToHtml: true });
	const to = mail.to === undefined ? [] : [mail.to].flat();
	return {
		subject: mail.subject ?? '',
		from: mail.from?.value[0]?.name ?? '',
		to: to.flatMap(({ value }) => value.map(({ address }) => address ?? '')),
		text: mail.text ?? '',
		html: typeof mail.html === 'string' ? mail.html : '',
		files: mail.attachments.map((file) => ({
			name: file.filename ?? '',
			type: file.contentType,
			cid: file.cid ?? '',
			disposition: file.contentDisposition ?? '',
			content: file.content,
		})),
	};
}

export async function readByPostalMime(raw: Buffer): Promise<ReadMail> {
	const mail = await PostalMime.parse(raw);
	return {
		subject: mail.subject ?? '',
		from: mail.from?.name ?? '',
		to: (mail.to ?? []).map(({ address }) => address ?? ''),
		text: mail.text ?? '',
		html: mail.html ?? '',
		files: mail.attachments.map((file) => ({
			name: file.filename ?? '',
			type: file.mimeType,
			cid: file.contentId?.replace(/^<|>$/g, '') ?? '',
			disposition: file.disposition ?? '',
			content: Buffer.from(file.content as Uint8Array),
		})),
	};
}

/** Differences that no reader sees: kinds of white space, and controls that a header cannot hold. */
export function flat(text: string): string {
	return text.replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim();
}

/** What RFC 5322 section 2.1.1 and 2.3 ask of every message. */
export function brokenRules(raw: Buffer): string[] {
	const text = raw.toString('latin1');
	const head = text.slice(0, text.indexOf('\r\n\r\n'));
	return [
		...(/[^\r]\n|\r[^\n]/.test(text) ? ['a line end that is not CRLF'] : []),
		...(/[^\r\n]{999}/.test(text) ? ['a line over 998 octets'] : []),
		...(/[^\x00-\x7f]/.test(text) ? ['an octet outside ASCII'] : []),
		...(head.split('\r\n').some((line) => line.trim() === '') ? ['an empty header line'] : []),
		...(head.split(/\r\n(?![ \t])/).some((line) => !/^[!-9;-~]+:/.test(line))
			? ['a header line without a name']
			: []),
	];
}
