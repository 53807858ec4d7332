import type { ImapAccount } from './account';
import { MailboxConnection } from './connection';
import type { MailboxMessage } from './message';
import type { MailboxProblem } from './problem';
import { describeImapError } from './problem';
import { DEFAULT_MESSAGE_BYTES } from './session-options';
import type { WatchOptions } from './session-options';

export type NewestMessages =
	{ ok: true; messages: MailboxMessage[] } | { ok: false; problem: MailboxProblem };

/**
 * The newest messages of a folder, newest first, for a look while a workflow is built. The folder is
 * opened read-only: nothing is marked as read, no mark is moved. Never throws.
 *
 * @param options.limit how many at most
 * @param options.maxMessageBytes what is fetched of each, from its start
 */
export async function newestMessages(
	account: ImapAccount,
	options: {
		mailbox: string;
		limit: number;
		timeoutMs?: number;
		maxMessageBytes?: number;
		neededParts?: WatchOptions['neededParts'];
		signal?: AbortSignal;
	},
): Promise<NewestMessages> {
	const { mailbox, limit, timeoutMs = 30_000, signal } = options;
	const timing = { connectMs: timeoutMs, silenceMs: timeoutMs };
	let connection: MailboxConnection | undefined;
	try {
		connection = await MailboxConnection.open(account, mailbox, {
			timing,
			readOnly: true,
			...(signal ? { signal } : {}),
		});
		const { maxMessageBytes: maxBytes = DEFAULT_MESSAGE_BYTES, neededParts } = options;
		const messages = await connection.fetchNewest(limit, { maxBytes, neededParts });
		await connection.logout();
		return { ok: true, messages: messages.reverse() };
	} catch (error) {
		connection?.close();
		return { ok: false, problem: describeImapError(error, account) };
	}
}
