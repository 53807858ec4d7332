import type { IDataObject } from 'n8n-workflow';

import { asText } from './as-text';

/** A file of the item that may be a part of the report. */
export interface MessageFile {
	mimeType: string;
	bytes: Buffer;
}

/**
 * A mail that a mail node took apart, put together again as far as a reader of reports needs it: its
 * header, its text, and the parts that a report has.
 *
 * Known forms: Email Trigger (IMAP) with Simple (`textPlain`, `textHtml`, headers under `metadata`) and
 * Resolved (`text`, `html`, `headers` as whole lines, addresses as objects), Gmail as Resolved.
 *
 * @returns undefined for an item that holds no mail
 */
export function rebuildMessage(
	json: IDataObject,
	files: readonly MessageFile[],
): Buffer | undefined {
	const plain = asText(json.textPlain ?? json.text);
	const html = asText(json.textHtml ?? json.html);
	const header = headerLines(json);
	if (plain === '' && html === '' && files.length === 0 && header.length < 2) return undefined;
	const boundary = `rebuilt-${Math.trunc(plain.length + html.length)}-${files.length}-x7d1`;
	const parts = [
		...(plain === '' ? [] : [{ mimeType: 'text/plain; charset=utf-8', bytes: Buffer.from(plain) }]),
		...(html === '' ? [] : [{ mimeType: 'text/html; charset=utf-8', bytes: Buffer.from(html) }]),
		...files,
	];
	return Buffer.from(
		[
			...header,
			`Content-Type: multipart/mixed; boundary="${boundary}"`,
			'',
			...parts.flatMap(({ mimeType, bytes }) => [
				`--${boundary}`,
				`Content-Type: ${oneLine(mimeType)}`,
				'Content-Transfer-Encoding: base64',
				'',
				bytes.toString('base64'),
			]),
			`--${boundary}--`,
			'',
		].join('\r\n'),
	);
}

/** Of the parts, not of the mail: how this one is put together stands in their place. */
const REPLACED = /^(?:content-|mime-version)/i;

function headerLines(json: IDataObject): string[] {
	const lines = new Map<string, string>();
	for (const source of [json.metadata, json.headers])
		if (typeof source === 'object' && source !== null)
			for (const [name, value] of Object.entries(source).slice(0, 500)) {
				const text = oneLine(asText(Array.isArray(value) ? value[0] : value));
				const isWhole = text.toLowerCase().startsWith(`${name.toLowerCase()}:`);
				lines.set(name.toLowerCase(), isWhole ? text : `${name}: ${text}`);
			}
	for (const name of ['from', 'to', 'cc', 'subject', 'date', 'messageId']) {
		const value = addressText(json[name]);
		const field = name === 'messageId' ? 'message-id' : name;
		if (value !== '' && !lines.has(field)) lines.set(field, `${field}: ${value}`);
	}
	return [...lines].flatMap(([name, line]) =>
		REPLACED.test(name) || !/^[!-9;-~]{1,80}$/.test(name) ? [] : [line],
	);
}

/** A text, or an address as mail parsers give it: `{ text, value }`. */
function addressText(value: unknown): string {
	const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : value;
	return typeof text === 'string' ? oneLine(text) : '';
}

/** A line of a header stays one. */
function oneLine(text: string): string {
	return text.slice(0, 10_000).replace(/\s+/g, ' ').trim();
}
