/** A file that goes with a mail. */
export interface Attachment {
	fileName: string;
	/** As it was told; what is no media type becomes `application/octet-stream`. */
	contentType: string;
	content: Buffer | FileSource;
	/** Another name that the HTML may show it by, besides its file name: `cid:logo`. */
	name?: string;
	/** Set for a part that the HTML shows by `cid:`, without brackets. */
	contentId?: string;
}

/** A file that is read when its turn comes, so that it is never in memory as a whole. */
export interface FileSource {
	/** Octets. */
	size: number;
	/** Its bytes, from the first. A file that ends early or late fails the mail. */
	open(): Promise<AsyncIterable<Uint8Array>>;
}

export function sizeOf({ content }: Attachment): number {
	return Buffer.isBuffer(content) ? content.length : content.size;
}

/** A file that could not be read when its turn came: the mail does not leave without it. */
export class AttachmentError extends Error {
	constructor(fileName: string, why: string) {
		super(`The attachment "${fileName}" ${why}, so the mail was not sent.`);
	}
}
