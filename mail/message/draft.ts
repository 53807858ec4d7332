import type { Mailbox } from '../model/address';
import type { DeliveryNotification } from '../model/delivery-notification';
import type { Attachment } from './attachment';
import type { Invitation } from './invitation';
import type { HeaderChoices } from './message-headers';

export type { Attachment, FileSource } from './attachment';

/** One mail as a user asked for it: parsed and checked, not yet bytes. */
export interface Draft {
	from: Mailbox;
	/** Who hands the mail in, where that is another than the author (RFC 5322 section 3.6.2). */
	sender?: Mailbox;
	to: Mailbox[];
	cc: Mailbox[];
	bcc: Mailbox[];
	replyTo: Mailbox[];
	/** Where bounces go; the sender's address where it is left out. */
	envelopeFrom?: string;
	subject: string;
	html?: string;
	/** Made from the HTML where it is left out. */
	text?: string;
	/** Moves the rules of `<style>` into the elements: some mail readers know only those. */
	inlineCss?: boolean;
	attachments: Attachment[];
	/** Files that the HTML may show, and that stay away when it does not. */
	pictures?: Attachment[];
	invitation?: Invitation;
	headers?: HeaderChoices;
	/** In its brackets; made by us where it is left out. */
	messageId?: string;
	date?: Date;
	delivery?: DeliveryChoices;
	/** Octets that the whole mail may have. */
	maxSize?: number;
}

/** What is asked of the servers on the way, and not written into the mail. */
export interface DeliveryChoices {
	notification?: DeliveryNotification;
	/** No server may pass the mail on without TLS (RFC 8689). */
	requireTls?: boolean;
}
