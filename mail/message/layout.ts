import { boundaryFor, holdsText } from './boundary';
import { filePart, multipart } from './part';
import type { Part } from './part';
import type { LoadedFile } from './attachment';

/** What stands between the header and the end of a mail: bytes that are there, and what a copy fills in. */
export type Segment = { bytes: Buffer; base64: boolean } | 'text' | 'html' | 'ownFiles';

/** How the parts of a campaign's mail lie. What is the same in every copy is made and encoded here. */
export interface Layout {
	/** Header lines of the outermost part, each with its CRLF. */
	head: string;
	body: readonly Segment[];
	/** Between the parts of the outermost level, where it holds files. */
	boundary: string;
}

export interface LayoutParts {
	hasHtml: boolean;
	/** Shown by the HTML. */
	images: readonly Part[];
	files: readonly Part[];
	/** Leaves room for files that only one recipient gets. */
	ownFiles: boolean;
	/** Makes the boundaries; the same for all copies. */
	seed: string;
}

const TEXT = Buffer.alloc(0);
const HTML = Buffer.alloc(0);

/**
 * mixed( alternative( text, related( html, images ) ), files ), each level only where it holds more
 * than one. The plain version first: a reader takes the last one that it can show (RFC 2046 section
 * 5.1.4).
 */
export function layOut({ hasHtml, images, files, ownFiles, seed }: LayoutParts): Layout {
	const all = [...images, ...files];
	const boundary = boundaryFor(`${seed} mixed`, all);
	const text = slotPart('plain', TEXT);
	const body = hasHtml
		? multipart('alternative', boundaryFor(`${seed} alternative`, all), [
				text,
				htmlWith(images, boundaryFor(`${seed} related`, all)),
			])
		: text;
	const isMixed = files.length > 0 || ownFiles;
	const root = isMixed ? multipart('mixed', boundary, [body, ...files]) : body;
	const segments = segmentsOf(root);
	if (ownFiles) segments.splice(-1, 0, 'ownFiles');
	return { head: root.head, body: joined(segments), boundary };
}

/** A file that only this copy carries, as it stands in the outermost level. */
export function ownFile(file: LoadedFile, { boundary }: Layout): Segment[] {
	const made = filePart(file);
	// Whoever wrote a message that goes along may have seen our boundary.
	const safe = holdsText(made, boundary)
		? filePart({ ...file, contentType: 'application/octet-stream' })
		: made;
	const opening = { bytes: Buffer.from(`\r\n--${boundary}\r\n${safe.head}\r\n`), base64: false };
	return [opening, ...segmentsOf(safe)];
}

function htmlWith(images: readonly Part[], boundary: string): Part {
	const html = slotPart('html', HTML);
	const [first, ...others] = images;
	return first ? multipart('related', boundary, [html, first, ...others]) : html;
}

function slotPart(type: 'plain' | 'html', slot: Buffer): Part {
	return {
		head: `Content-Type: text/${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n`,
		body: [{ bytes: slot }],
	};
}

function segmentsOf({ body }: Part): Segment[] {
	return body.map((piece) => {
		if (!('bytes' in piece)) throw new Error('A file of a campaign is read before it is laid out.');
		const { bytes, base64 = false } = piece;
		return bytes === TEXT ? 'text' : bytes === HTML ? 'html' : { bytes, base64 };
	});
}

/** What follows upon one another and is of one kind is one. */
function joined(segments: readonly Segment[]): Segment[] {
	const all: Segment[] = [];
	for (const segment of segments) {
		const last = all.at(-1);
		if (typeof segment === 'object' && typeof last === 'object' && !segment.base64 && !last.base64)
			all[all.length - 1] = { bytes: Buffer.concat([last.bytes, segment.bytes]), base64: false };
		else all.push(segment);
	}
	return all;
}
