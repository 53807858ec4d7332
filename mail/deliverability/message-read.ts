import type { HeaderField } from './authentication-results';
import { readHtml } from './html-content';
import type { HtmlContent } from './html-content';
import { readTagList } from '../message/tag-list';

export interface MailFile {
	name: string;
	type: string;
	bytes: number;
	/** Shown within the mail, not as a file. */
	isInline: boolean;
}

/** A message, read as far as the checks need. */
export interface ReadMail {
	/** From top to bottom. */
	fields: HeaderField[];
	/** Names in lower case, with every value, unfolded. */
	headers: Map<string, string[]>;
	subject: string;
	from: { name: string; address: string }[];
	replyTo: { name: string; address: string }[];
	html?: string;
	htmlBytes: number;
	content?: HtmlContent;
	text?: string;
	files: MailFile[];
	bytes: number;
	longestLine: number;
	/** Of each DKIM signature: who signs, and which fields. */
	signatures: { domain: string; fields: string[]; hasLength: boolean; algorithm: string }[];
}

const MAX_HTML = 5_000_000;

export async function readMail(raw: Buffer): Promise<ReadMail> {
	const { default: PostalMime } = await import('postal-mime');
	const email = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
	const fields = email.headers.map(({ key, value }) => ({ name: key.toLowerCase(), value }));
	const byName = Map.groupBy(fields, ({ name }) => name);
	const headers = new Map(
		[...byName].map(([name, some]) => [name, some.map(({ value }) => value)]),
	);
	const html = email.html?.slice(0, MAX_HTML);
	const mailboxes = (list: readonly { name?: string; address?: string }[] = []) =>
		list.map(({ name = '', address = '' }) => ({ name, address }));
	return {
		fields,
		headers,
		subject: email.subject ?? '',
		from: mailboxes(email.from ? [email.from] : []),
		replyTo: mailboxes(email.replyTo),
		...(html !== undefined && { html, content: readHtml(html) }),
		htmlBytes: Buffer.byteLength(html ?? ''),
		...(email.text !== undefined && { text: email.text }),
		files: email.attachments.map((file) => ({
			name: file.filename ?? '',
			type: file.mimeType,
			bytes: typeof file.content === 'string' ? file.content.length : file.content.byteLength,
			isInline: file.disposition === 'inline' || file.contentId !== undefined,
		})),
		bytes: raw.length,
		longestLine: longestLine(raw),
		signatures: (headers.get('dkim-signature') ?? []).slice(0, 10).map((value) => {
			const tags = readTagList(value);
			return {
				domain: (tags.get('d') ?? '').toLowerCase(),
				fields: (tags.get('h') ?? '').split(':').map((field) => field.trim().toLowerCase()),
				hasLength: tags.get('l') !== undefined,
				algorithm: (tags.get('a') ?? '').toLowerCase(),
			};
		}),
	};
}

function longestLine(raw: Buffer): number {
	let longest = 0;
	for (let from = 0; from < raw.length;) {
		const end = raw.indexOf(0x0a, from);
		const stop = end < 0 ? raw.length : end;
		const length = stop - from - (raw[stop - 1] === 0x0d ? 1 : 0);
		if (length > longest) longest = length;
		from = stop + 1;
	}
	return longest;
}

/** The domain of an address, in lower case; empty where there is none. */
export function domainOf(address: string): string {
	return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
