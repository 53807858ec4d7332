import type { Suppression } from '../../mail/index';
import { asText } from '../shared/as-text';
import { describeEntry } from './entry-item';

const COLUMNS = ['email', 'list', 'reason', 'since', 'until', 'campaignId', 'note'] as const;

/** Pages of entries as the pieces of a CSV file (RFC 4180), its header line first. */
export async function* csvOf(pages: AsyncIterable<Suppression[]>): AsyncGenerator<Buffer> {
	yield Buffer.from(`${COLUMNS.join(',')}\r\n`);
	for await (const page of pages)
		yield Buffer.from(
			page
				.map((entry) => {
					const described = describeEntry(entry);
					return `${COLUMNS.map((column) => toCell(asText(described[column]))).join(',')}\r\n`;
				})
				.join(''),
		);
}

/** A note holds a strange server's words: what a spreadsheet would calculate is marked as text. */
function toCell(text: string): string {
	const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/** Takes away the mark that `toCell` sets. */
export function fromCell(text: string): string {
	return /^'[=+\-@\t\r]/.test(text) ? text.slice(1) : text;
}
