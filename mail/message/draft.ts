import type { Mailbox } from '../model/address';

/** One mail as a user asked for it: parsed and checked, not yet bytes. */
export interface Draft {
	from: Mailbox;
	to: Mailbox[];
	cc: Mailbox[];
	bcc: Mailbox[];
	replyTo: Mailbox[];
	subject: string;
	html?: string;
	text?: string;
	attachments: Attachment[];
}

export interface Attachment {
	fileName: string;
	contentType: string;
	content: Buffer;
	/** Set for a part that the HTML shows by `cid:`. */
	contentId?: string;
}
