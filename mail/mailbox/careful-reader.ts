import type { MailboxConnection, Wanted } from './connection';
import type { MailboxMessage } from './message';

/** Messages fetched at a time: 16 of 256 KB are 4 MB. */
export const BATCH = 16;
/** What is fetched of a message whose fetching failed twice. */
const MODEST_BYTES = 32 * 1024;
const MAX_TRIES = 5;

export interface ReadBatch {
	/** Ascending; those that are gone are missing. */
	messages: MailboxMessage[];
	/** How many of the UIDs asked for this batch covers, from the first on. */
	covered: number;
	/** Set when the one UID covered is given up. */
	unreadable?: { uid: number; cause: unknown };
}

/**
 * Fetches messages in batches. A message that breaks the connection each time it is fetched (there are
 * servers that hang up over a damaged one) would hold up all that follow: after a failure, messages
 * come one at a time and smaller, and after five, the one is given up.
 */
export class CarefulReader {
	private trouble: { key: string; tries: number; cause: unknown } | undefined;
	/** Messages still to be fetched one by one. */
	private careful = 0;

	/** @param uids not empty, ascending; the first `BATCH` of them are looked at */
	async next(
		connection: MailboxConnection,
		uids: readonly number[],
		wanted: Wanted,
	): Promise<ReadBatch> {
		const [first = 0] = uids;
		const key = `${connection.uidValidity}:${first}`;
		const { tries = 0, cause } = this.trouble?.key === key ? this.trouble : {};
		if (tries >= MAX_TRIES) {
			this.trouble = undefined;
			return { messages: [], covered: 1, unreadable: { uid: first, cause } };
		}
		const batch = uids.slice(0, this.careful > 0 ? 1 : BATCH);
		try {
			const modest = { maxBytes: Math.min(wanted.maxBytes, MODEST_BYTES) };
			const messages = await connection.fetch(batch, tries < 2 ? wanted : modest);
			this.trouble = undefined;
			this.careful = Math.max(0, this.careful - 1);
			return { messages, covered: batch.length };
		} catch (error) {
			this.trouble = { key, tries: tries + 1, cause: error };
			this.careful = BATCH;
			throw error;
		}
	}
}
