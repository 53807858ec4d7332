import type { FetchedPart } from '../model/message-parts';

/** One message of a mailbox, as handed on. */
export interface MailboxMessage {
	uid: number;
	/** UIDVALIDITY of the mailbox (RFC 9051 section 2.3.1.1), as text. */
	uidValidity: string;
	/** Without angle brackets. */
	messageId?: string;
	/**
	 * Names the mail itself, wherever it lies: the same after a move there and back, in a restored
	 * mailbox, under another UIDVALIDITY. 32 hexadecimal digits.
	 */
	digest: string;
	/** As the server has them: `\Seen`, `\Answered`, keywords. */
	flags: string[];
	/** When the server took the message in, in ms since the epoch. */
	internalDate?: number;
	/** Octets of the whole message, by the server's account. */
	size: number;
	/** The message as received, from its first byte; the start of it when `truncated`. */
	raw: Buffer;
	/** The message is larger than what is fetched of one message. */
	truncated: boolean;
	/** Of a truncated message: its whole header and the sections that were asked for. */
	parts?: { header: Buffer; parts: readonly FetchedPart[] };
}
