import { createHash, hash } from 'node:crypto';
import { AttachmentError } from '../message/attachment';
import type { Attachment } from '../message/attachment';
import type { Draft } from '../message/draft';
import { rememberLast } from '../message/remember-last';

/**
 * The same for the same mail to the same people, whenever it is made: what each making has of its own
 * (Message-ID, the moment, boundaries) has no part in it.
 *
 * @throws AttachmentError for a file that cannot be read
 */
export async function digestOf(draft: Draft): Promise<string> {
	const { attachments, pictures = [], invitation, html, text, ...rest } = draft;
	const files = await Promise.all([...attachments, ...pictures].map(fileDigest));
	const versions = [html !== undefined && htmlDigest(html), text !== undefined && textDigest(text)];
	return sha256(
		JSON.stringify([rest, versions, files, attachments.length, invitation && lasting(invitation)]),
	);
}

/** The mails of one run often say the same. */
const htmlDigest = rememberLast(sha256);
const textDigest = rememberLast(sha256);

/** An event without an ID of its own gets a new one each time, and a time stamp (RFC 5545 section 3.8.7.2). */
function lasting({ method, ics }: NonNullable<Draft['invitation']>): string[] {
	const lines = ics.replaceAll(/\r?\n[ \t]/g, '').split(/\r?\n/);
	return [method, ...lines.filter((line) => !/^(?:UID|DTSTAMP)[:;]/i.test(line))];
}

async function fileDigest({ content, ...about }: Attachment): Promise<unknown[]> {
	if (Buffer.isBuffer(content)) return [about, sha256(content)];
	const digest = createHash('sha256');
	try {
		for await (const piece of await content.open()) digest.update(piece);
	} catch (error) {
		throw new AttachmentError(about.fileName, `cannot be read (${(error as Error).message})`);
	}
	return [about, digest.digest('hex')];
}

function sha256(data: string | Buffer): string {
	return hash('sha256', data);
}
