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

/** A file whose bytes are there. */
export interface LoadedFile extends Attachment {
	content: Buffer;
}

/** Reads a file once, for all the mails that carry it. */
export async function loadFile(attachment: Attachment): Promise<LoadedFile> {
	const { content, fileName } = attachment;
	if (Buffer.isBuffer(content)) return { ...attachment, content };
	const chunks: Uint8Array[] = [];
	try {
		for await (const chunk of await content.open()) chunks.push(Buffer.from(chunk));
	} catch (error) {
		throw new AttachmentError(fileName, `cannot be read (${(error as Error).message})`);
	}
	const whole = Buffer.concat(chunks);
	if (whole.length !== content.size)
		throw new AttachmentError(
			fileName,
			`has ${whole.length > content.size ? 'more' : 'fewer'} bytes than the ${content.size} it is said to have`,
		);
	return { ...attachment, content: whole };
}
