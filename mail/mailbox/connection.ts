import type { FetchMessageObject, ImapFlow, SearchObject } from 'imapflow';

import type { ImapAccount } from './account';
import type { PartOutline } from '../model/message-parts';
import { digestOf, DIGESTED_BYTES, messageIdOf } from './digest';
import {
	asError,
	CommandRefused,
	ConnectionLost,
	FolderMissing,
	MailboxReplaced,
	ServerSilent,
} from './failure';
import type { MailboxMessage } from './message';
import { headerOf, outlineOf, withinBounds } from './message-parts';
import { nearNames } from './near-names';
import { Refusals, signIn } from './sign-in';
import type { Verdict, WatchOptions } from './session-options';
import type { ConnectionTiming } from './sign-in';

/** What is fetched of each message. */
export interface Wanted {
	/** From its start; at least `DIGESTED_BYTES`. */
	maxBytes: number;
	/** Of one larger than `DIGESTED_BYTES`, only these sections instead. */
	neededParts?: WatchOptions['neededParts'];
}

/** A header longer than that is nobody's but an enemy's. */
const HEADER_BYTES = 128 * 1024;
/** Fetched at a time of a whole message; below the bound on literals. */
const PIECE_BYTES = 4 * 2 ** 20;

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
	 * The messages of these UIDs that are still there, ascending.
	 *
	 * @throws when the server shows a message, but not its text
	 */
	async fetch(uids: readonly number[], wanted: Wanted): Promise<MailboxMessage[]> {
		const asked = new Set(uids);
		const messages = await this.collect(uids.join(','), { uid: true }, wanted);
		return messages.filter(({ uid }) => asked.has(uid));
	}

	/** The messages that came into the folder last, ascending. */
	async fetchNewest(limit: number, wanted: Wanted): Promise<MailboxMessage[]> {
		if (this.exists === 0) return [];
		const messages = await this.collect(`${Math.max(1, this.exists - limit + 1)}:*`, {}, wanted);
		return messages.slice(-limit);
	}

	private async collect(
		range: string,
		by: { uid?: true },
		{ maxBytes, neededParts }: Wanted,
	): Promise<MailboxMessage[]> {
		const startBytes = neededParts ? DIGESTED_BYTES : maxBytes;
		const rows = await this.guard(
			this.client.fetchAll(
				range,
				{
					uid: true,
					flags: true,
					internalDate: true,
					size: true,
					bodyStructure: neededParts !== undefined,
					source: { start: 0, maxLength: startBytes },
				},
				by,
			),
		);
		const messages: MailboxMessage[] = [];
		for (const row of rows) {
			// Others are news about flags, which a server may send at any time.
			if (row.size === undefined) continue;
			const message = toMessage(row, this.uidValidity, startBytes);
			if (neededParts && message.truncated) {
				const structure = row.bodyStructure;
				if (structure)
					message.parts = await this.fetchParts(message, neededParts(outlineOf(structure)));
				else Object.assign(message, (await this.fetch([row.uid], { maxBytes }))[0]);
			}
			messages.push(message);
		}
		return messages.sort((a, b) => a.uid - b.uid);
	}

	/** The whole header, and these sections, in one command. */
	private async fetchParts(
		{ uid, raw }: MailboxMessage,
		needed: readonly (PartOutline & { part: string; maxBytes: number })[],
	): Promise<NonNullable<MailboxMessage['parts']>> {
		const wanted = withinBounds(needed);
		const header = headerOf(raw);
		const keys = [
			...(header ? [] : [{ key: 'header', start: 0, maxLength: HEADER_BYTES }]),
			...wanted.map(({ part, maxBytes }) => ({ key: part, start: 0, maxLength: maxBytes })),
		];
		const row = await this.guard(
			keys.length === 0
				? Promise.resolve(undefined)
				: this.client.fetchOne(String(uid), { uid: true, bodyParts: keys }, { uid: true }),
		);
		const found = row ? row.bodyParts : undefined;
		return {
			header: header ?? found?.get('header') ?? raw,
			parts: wanted.flatMap(({ maxBytes, part, type, parameters, encoding, disposition, size }) => {
				const content = found?.get(part)?.subarray(0, maxBytes);
				return content
					? [
							{
								...{ part, type, parameters, encoding, disposition, content },
								truncated: content.length >= maxBytes && (size ?? Infinity) > content.length,
							},
						]
					: [];
			}),
		};
	}

	/**
	 * All of a message, up to `maxBytes`, a few megabytes at a time.
	 *
	 * @throws ConnectionLost when the connection is to blame
	 */
	async whole({ uid, size, raw, truncated }: MailboxMessage, maxBytes: number): Promise<Buffer> {
		if (!truncated) return raw;
		const pieces: Buffer[] = [];
		const end = Math.min(size, maxBytes);
		try {
			for (let start = 0; start < end;) {
				const row = await this.guard(
					this.client.fetchOne(
						String(uid),
						{ uid: true, source: { start, maxLength: Math.min(PIECE_BYTES, end - start) } },
						{ uid: true },
					),
				);
				const piece = row ? row.source : undefined;
				if (!piece || piece.length === 0) break;
				pieces.push(piece);
				start += piece.length;
			}
		} catch (error) {
			throw this.failure === undefined ? error : new ConnectionLost(asError(error));
		}
		return Buffer.concat(pieces);
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

	/** Does this to messages of the folder. @throws CommandRefused */
	async perform(
		uids: readonly number[],
		verdict: Exclude<Verdict, { action: 'leave' }>,
	): Promise<void> {
		// A range as long as this is one that every server takes.
		for (let start = 0; start < uids.length; start += 200) {
			const range = uids.slice(start, start + 200).join(',');
			if (verdict.action === 'move') await this.move(range, verdict.folder);
			else if (verdict.action === 'markRead') await this.addFlag(range, '\\Seen');
			else if (!(await this.delete(range))) throw this.refused('STORE');
		}
	}

	private async addFlag(range: string, flag: string): Promise<void> {
		const done = await this.guard(
			this.client.messageFlagsAdd(range, [flag], { uid: true, silent: true }),
		);
		if (!done) throw this.refused('STORE');
	}

	/** Makes the folder if it is missing. */
	private async move(range: string, folder: string): Promise<void> {
		if (await this.tryMove(range, folder)) return;
		const why = this.refused('MOVE');
		// The common reason by far. Making a folder that exists changes nothing.
		await this.guard(this.client.mailboxCreate(folder)).catch((error: unknown) => {
			if (this.failure !== undefined) throw error;
		});
		if (!(await this.tryMove(range, folder))) throw why;
	}

	/** Where the server knows no MOVE (RFC 6851), messages are copied and deleted. */
	private async tryMove(range: string, folder: string): Promise<boolean> {
		const { client } = this;
		if (client.capabilities.has('MOVE'))
			return Boolean(await this.guard(client.messageMove(range, folder, { uid: true })));
		if (!(await this.guard(client.messageCopy(range, folder, { uid: true })))) return false;
		return await this.delete(range);
	}

	/**
	 * Marks as deleted, and expunges only where that can be done for these messages alone (UIDPLUS, RFC
	 * 4315), never with what other programs have marked.
	 */
	private delete(range: string): Promise<boolean> {
		const { client } = this;
		return this.guard(
			client.capabilities.has('UIDPLUS')
				? client.messageDelete(range, { uid: true })
				: client.messageFlagsAdd(range, ['\\Deleted'], { uid: true, silent: true }),
		);
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
