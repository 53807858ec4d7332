import type { FetchMessageObject, ImapFlow, SearchObject } from 'imapflow';

import type { ImapAccount } from './account';
import { digestOf, messageIdOf } from './digest';
import { asError, CommandRefused, FolderMissing, MailboxReplaced, ServerSilent } from './failure';
import type { MailboxMessage } from './message';
import { nearNames } from './near-names';
import { Refusals, signIn } from './sign-in';
import type { ConnectionTiming } from './sign-in';

/**
 * A signed-in connection with one folder open. Any failure is thrown by the call that meets it, and
 * the first one stays in `failure`. Not shared: one call at a time.
 */
export class MailboxConnection {
	/** Why the connection is gone; the first cause. */
	failure: unknown;
	/** What the folder was when it was opened. */
	readonly uidValidity: string;
	readonly exists: number;
	/** New messages may be there. */
	private news = false;
	private wake: () => void = () => undefined;
	/** The server tells of new mail by itself (RFC 2177). */
	readonly canIdle: boolean;
	private idleWorks: boolean;

	private constructor(
		private readonly client: ImapFlow,
		private readonly folder: string,
		private readonly readOnly: boolean,
		private readonly refusals: Refusals,
	) {
		const { mailbox } = client;
		if (!mailbox) throw new FolderMissing(folder);
		this.uidValidity = String(mailbox.uidValidity);
		this.exists = mailbox.exists;
		this.canIdle = client.capabilities.has('IDLE');
		this.idleWorks = this.canIdle;
		client.on('exists', () => {
			this.news = true;
			this.wake();
		});
		client.on('error', (error) => {
			this.fail(error);
		});
		client.on('close', () => {
			this.fail(
				Object.assign(new Error('the connection was closed'), { reason: client.byeReason }),
			);
		});
	}

	/**
	 * Connects, signs in and opens the folder.
	 *
	 * @param options.readOnly opens it by EXAMINE: nothing can be changed, no flag is lost
	 * @param options.signal gives up at once
	 * @throws what `describeImapError` understands
	 */
	static async open(
		account: ImapAccount,
		folder: string,
		options: { timing: ConnectionTiming; readOnly?: boolean; signal?: AbortSignal },
	): Promise<MailboxConnection> {
		const { timing, readOnly = false, signal } = options;
		const refusals = new Refusals();
		const client = await signIn(account, { timing, refusals, ...(signal ? { signal } : {}) });
		const giveUp = (): void => {
			client.close();
		};
		signal?.addEventListener('abort', giveUp);
		try {
			// The lock is never given back: it tells imapflow that a quiet connection is wanted (a
			// handler may take its time) and is to be kept alive.
			await client.getMailboxLock(folder, {
				readOnly,
				acquireTimeout: timing.silenceMs,
			});
			return new MailboxConnection(client, folder, readOnly, refusals);
		} catch (error) {
			const missing = client.isClosed ? undefined : await findMissing(client, folder, error);
			client.close();
			throw missing ?? error;
		} finally {
			signal?.removeEventListener('abort', giveUp);
		}
	}

	/** @returns UIDs, ascending */
	async search(query: SearchObject): Promise<number[]> {
		this.news = false;
		const found = await this.guard(this.client.search(query, { uid: true }));
		if (!Array.isArray(found)) throw this.refused('SEARCH');
		return found;
	}

	/** The highest UID that was given when the folder was opened, or a later one. */
	async lastUid(): Promise<number> {
		// Required of servers since 2003 (RFC 3501), which is not all of them.
		const { uidNext } = this.client.mailbox || { uidNext: 0 };
		return uidNext > 0 ? uidNext - 1 : ((await this.uidsAfter(0)).at(-1) ?? 0);
	}

	/** UIDs above `uid`, ascending. */
	async uidsAfter(uid: number): Promise<number[]> {
		// `n:*` names the last message even when its UID is below n (RFC 9051 section 6.4.8).
		const found = await this.search({ uid: `${uid + 1}:*` });
		return found.filter((each) => each > uid);
	}

	/**
	 * The messages of these UIDs that are still there, ascending; at most `maxBytes` of each.
	 *
	 * @param maxBytes at least `DIGESTED_BYTES`
	 * @throws when the server shows a message, but not its text
	 */
	async fetch(uids: readonly number[], maxBytes: number): Promise<MailboxMessage[]> {
		const wanted = new Set(uids);
		const messages = await this.collect(uids.join(','), { uid: true }, maxBytes);
		return messages.filter(({ uid }) => wanted.has(uid));
	}

	/** The messages that came into the folder last, ascending. */
	async fetchNewest(limit: number, maxBytes: number): Promise<MailboxMessage[]> {
		if (this.exists === 0) return [];
		const messages = await this.collect(`${Math.max(1, this.exists - limit + 1)}:*`, {}, maxBytes);
		return messages.slice(-limit);
	}

	private async collect(
		range: string,
		by: { uid?: true },
		maxBytes: number,
	): Promise<MailboxMessage[]> {
		const rows = await this.guard(
			this.client.fetchAll(
				range,
				{
					uid: true,
					flags: true,
					internalDate: true,
					size: true,
					source: { start: 0, maxLength: maxBytes },
				},
				by,
			),
		);
		return (
			rows
				// Others are news about flags, which a server may send at any time.
				.filter(({ size }) => size !== undefined)
				.map((row) => toMessage(row, this.uidValidity, maxBytes))
				.sort((a, b) => a.uid - b.uid)
		);
	}

	/** Dates only, about a hundred octets a message: for looking over many. */
	async *scan(
		uids: readonly number[],
	): AsyncGenerator<{ uid: number; internalDate?: number; date?: string }> {
		for (let start = 0; start < uids.length; start += 500) {
			const rows = await this.guard(
				this.client.fetchAll(
					uids.slice(start, start + 500).join(','),
					{ uid: true, internalDate: true, headers: ['date'] },
					{ uid: true },
				),
			);
			for (const { uid, internalDate, headers } of rows) {
				const at = readInternalDate(internalDate);
				const date = headers
					?.toString('latin1')
					.slice(0, 300)
					.replace(/^date:/i, '')
					.trim();
				yield { uid, ...(at === undefined ? {} : { internalDate: at }), ...(date ? { date } : {}) };
			}
		}
	}

	async markRead(uid: number): Promise<void> {
		const done = await this.guard(
			this.client.messageFlagsAdd(String(uid), ['\\Seen'], { uid: true, silent: true }),
		);
		if (!done) throw this.refused('STORE');
	}

	/**
	 * Moves one message, making the folder if it is missing. Where the server knows no MOVE (RFC
	 * 6851), the message is copied and marked as deleted; it is expunged only where that can be done
	 * for this message alone (UIDPLUS), never with what other programs have marked.
	 */
	async move(uid: number, folder: string): Promise<void> {
		if (await this.tryMove(uid, folder)) return;
		const why = this.refused('MOVE');
		// The common reason by far. Making a folder that exists changes nothing.
		await this.guard(this.client.mailboxCreate(folder)).catch((error: unknown) => {
			if (this.failure !== undefined) throw error;
		});
		if (!(await this.tryMove(uid, folder))) throw why;
	}

	private async tryMove(uid: number, folder: string): Promise<boolean> {
		const range = String(uid);
		const { client } = this;
		if (client.capabilities.has('MOVE'))
			return Boolean(await this.guard(client.messageMove(range, folder, { uid: true })));
		if (!(await this.guard(client.messageCopy(range, folder, { uid: true })))) return false;
		const deleted = client.capabilities.has('UIDPLUS')
			? client.messageDelete(range, { uid: true })
			: client.messageFlagsAdd(range, ['\\Deleted'], { uid: true, silent: true });
		return this.guard(deleted);
	}

	/**
	 * Sees whether the folder is still the one that was opened. Only opening it again tells: of the open
	 * folder, STATUS answers what the session knows, and Dovecot goes on with one that is long gone.
	 *
	 * @throws MailboxReplaced, and what the server says when there is no such folder any more
	 */
	async checkFolder(): Promise<void> {
		const { uidValidity } = await this.guard(
			this.client.mailboxOpen(this.folder, { readOnly: this.readOnly }),
		);
		if (String(uidValidity) !== this.uidValidity) throw new MailboxReplaced();
	}

	/**
	 * Waits until messages may have come, by IDLE where it works; `quietMs` at the longest, or
	 * `pollMs` where the server must be asked.
	 *
	 * @throws the failure, when the connection ends
	 */
	async waitForNews(
		timing: { quietMs: number; pollMs: number },
		signal: AbortSignal,
	): Promise<'news' | 'quiet'> {
		this.throwIfFailed();
		if (this.news || signal.aborted) return 'news';
		await new Promise<void>((resolve) => {
			const done = (): void => {
				clearTimeout(timer);
				signal.removeEventListener('abort', done);
				resolve();
			};
			let timer = setTimeout(done, this.idleWorks ? timing.quietMs : timing.pollMs);
			signal.addEventListener('abort', done);
			this.wake = done;
			if (!this.idleWorks) return;
			const started = Date.now();
			const ended = (works: boolean | undefined): void => {
				if (works !== false && Date.now() - started > 1_000) {
					done();
					return;
				}
				// Refused, or over as soon as it began: this server must be asked from time to time.
				this.idleWorks = false;
				clearTimeout(timer);
				timer = setTimeout(done, timing.pollMs);
			};
			this.client.idle().then(
				(works) => {
					// After `done` it ends since the next command breaks it.
					if (this.wake === done) ended(works);
				},
				() => undefined,
			);
		});
		this.wake = () => undefined;
		this.throwIfFailed();
		return this.hasNews() ? 'news' : 'quiet';
	}

	private hasNews(): boolean {
		return this.news;
	}

	/** Asks the server for a sign of life. @throws when none comes within `ms` */
	async probe(ms: number): Promise<void> {
		const timer = setTimeout(() => {
			this.fail(new ServerSilent('no answer to NOOP'));
		}, ms);
		try {
			await this.guard(this.client.noop());
		} finally {
			clearTimeout(timer);
		}
	}

	/** Drops the connection at once. */
	close(): void {
		this.fail(new Error('closed'));
	}

	/** Says good-bye for at most `graceMs`, then drops the connection. */
	async logout(graceMs = 2_000): Promise<void> {
		const { client } = this;
		const timer = setTimeout(() => {
			this.close();
		}, graceMs);
		await client.logout().catch(() => undefined);
		clearTimeout(timer);
		this.close();
	}

	private fail(cause: unknown): void {
		this.failure ??= cause;
		if (!this.client.isClosed) this.client.close();
		this.wake();
	}

	/** Gives the first cause of a lost connection instead of "connection not available". */
	private async guard<Result>(step: Promise<Result>): Promise<Result> {
		try {
			return await step;
		} catch (error) {
			throw this.failure === undefined ? error : asError(this.failure);
		}
	}

	private throwIfFailed(): void {
		if (this.failure !== undefined) throw asError(this.failure);
	}

	private refused(command: string): Error {
		if (this.failure !== undefined) return asError(this.failure);
		return new CommandRefused(command, this.refusals.last);
	}
}

function toMessage(row: FetchMessageObject, uidValidity: string, maxBytes: number): MailboxMessage {
	if (row.source === undefined) throw new CommandRefused('FETCH', `no text for UID ${row.uid}`);
	// A server may ignore the bound; its own bound is the literal's.
	const raw = row.source.subarray(0, maxBytes);
	const messageId = messageIdOf(raw);
	const internalDate = readInternalDate(row.internalDate);
	return {
		uid: row.uid,
		uidValidity,
		...(messageId === undefined ? {} : { messageId }),
		digest: digestOf(raw),
		flags: [...(row.flags ?? [])],
		...(internalDate === undefined ? {} : { internalDate }),
		size: row.size ?? raw.length,
		raw,
		truncated: raw.length >= maxBytes && (row.size ?? 0) > raw.length,
	};
}

function readInternalDate(date: Date | string | undefined): number | undefined {
	const at = date === undefined ? NaN : new Date(date).getTime();
	return Number.isNaN(at) ? undefined : at;
}

/** When the folder could not be opened because there is none: that, with the names there are. */
async function findMissing(
	client: ImapFlow,
	folder: string,
	error: unknown,
): Promise<FolderMissing | undefined> {
	const { mailboxMissing, responseStatus } = error as {
		mailboxMissing?: boolean;
		responseStatus?: string;
	};
	if (!mailboxMissing && responseStatus !== 'NO') return undefined;
	const folders = await client.list().catch(() => []);
	const names = folders.filter(({ flags }) => !flags.has('\\Noselect')).map(({ path }) => path);
	return names.includes(folder)
		? undefined
		: new FolderMissing(folder, nearNames(folder, names), names);
}
