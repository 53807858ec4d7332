import type { ImapFlow } from 'imapflow';

import type { ImapAccount } from './account';
import { asError } from './failure';
import { signIn } from './sign-in';

/** What a folder is for; mail that nobody asked for goes to `junk`. */
export type FolderRole = 'inbox' | 'junk' | 'other';

/** A mail that came into some folder since the watch began. */
export interface Arrival {
	folder: string;
	role: FolderRole;
	uid: number;
	uidValidity: string;
	/** When the server took it in, in ms since the epoch. */
	internalDate?: number;
	/** Its first bytes. */
	start: Buffer;
	size: number;
}

interface Folder {
	path: string;
	role: FolderRole;
	/** Copies of what lies in other folders: Gmail's All Mail. Looked at last. */
	isView: boolean;
}

interface Mark {
	uidNext: number;
	uidValidity: string;
}

/** How far each folder went at one moment, by its path. */
export type FolderMarks = ReadonlyMap<string, Readonly<Mark>>;

/** Enough for the header of any mail, and for what a bounce says. */
const START_BYTES = 64 * 1024;
const PIECE_BYTES = 4 * 2 ** 20;
const MAX_FOLDERS = 60;
const MAX_NEW = 100;
/** Mail that we write or sent lies there, and has not arrived. */
const OWN = new Set(['\\Sent', '\\Drafts']);
const VIEWS = new Set(['\\All', '\\Flagged', '\\Important']);
/** For servers that do not say which folder it is (RFC 6154), in the languages of large providers. */
const JUNK_NAME =
	/^(?:junk|spam|bulk)(?:[ -]?(?:e-?)?mail)?$|^spamverdacht$|^unerwünscht$|^courrier indésirable$|^correo no deseado$|^posta indesiderata$|^lixo eletr|^ongewenst|^спам$|^нежелательная/i;

/**
 * Whatever arrives in any folder of a mailbox from now on. Folders are only asked for their numbers
 * (STATUS), and opened read-only where there is something new: nothing is marked as read. After a lost
 * connection the next look connects anew and misses nothing. Not shared: one call at a time.
 */
export class Arrivals {
	readonly #marks = new Map<string, Mark>();
	#begin: FolderMarks = new Map();
	#client: ImapFlow | undefined;
	#folders: Folder[] = [];

	private constructor(
		private readonly account: ImapAccount,
		private readonly timeoutMs: number,
		private readonly signal: AbortSignal | undefined,
	) {}

	/**
	 * Signs in and notes how far each folder goes.
	 *
	 * @param options.since the begin of an earlier watch: what came since then has arrived as well
	 * @throws what `describeImapError` understands
	 */
	static async open(
		account: ImapAccount,
		{
			timeoutMs = 30_000,
			signal,
			since,
		}: { timeoutMs?: number; signal?: AbortSignal; since?: FolderMarks } = {},
	): Promise<Arrivals> {
		const arrivals = new Arrivals(account, timeoutMs, signal);
		try {
			const client = await arrivals.#connected();
			arrivals.#folders = await listFolders(client);
			for (const { path } of since ? [] : arrivals.#folders) {
				const mark = await markOf(client, path);
				if (mark) arrivals.#marks.set(path, mark);
			}
			for (const [path, mark] of since ?? []) arrivals.#marks.set(path, mark);
			arrivals.#begin = new Map(arrivals.#marks);
			return arrivals;
		} catch (error) {
			await arrivals.close();
			throw asError(error);
		}
	}

	/** How far each folder went when the watch began: for a later one that goes on from there. */
	get begin(): FolderMarks {
		return this.#begin;
	}

	/**
	 * What came since the last look, oldest first in each folder, the inbox and junk before others.
	 *
	 * @param where `likely`: only in the inbox and junk, which costs two short questions; `all`: folders
	 *   that were made meanwhile too; `views`: also in folders that hold copies of others
	 * @throws what `describeImapError` understands
	 */
	async look(where: 'likely' | 'all' | 'views'): Promise<Arrival[]> {
		const client = await this.#connected();
		if (where !== 'likely') this.#folders = await listFolders(client);
		const found: Arrival[] = [];
		for (const folder of this.#folders) {
			if (where === 'likely' && folder.role === 'other') continue;
			if (where !== 'views' && folder.isView) continue;
			found.push(...(await this.#lookInto(client, folder)));
		}
		return found;
	}

	/** All of it, up to `maxBytes`, a few megabytes at a time. */
	async whole({ folder, uid, size, start }: Arrival, maxBytes: number): Promise<Buffer> {
		if (start.length >= size) return start;
		return await this.#within(folder, true, async (client) => {
			const pieces: Buffer[] = [];
			const end = Math.min(size, maxBytes);
			for (let from = 0; from < end;) {
				const source = { start: from, maxLength: Math.min(PIECE_BYTES, end - from) };
				const row = await client.fetchOne(String(uid), { uid: true, source }, { uid: true });
				const piece = row ? row.source : undefined;
				if (!piece || piece.length === 0) break;
				pieces.push(piece);
				from += piece.length;
			}
			return Buffer.concat(pieces);
		});
	}

	/**
	 * Takes one mail out of its folder, and no other. Gmail only archives what is deleted, so that there
	 * it goes to the trash.
	 *
	 * @returns whether the server did it
	 */
	async remove({ folder, uid }: Arrival): Promise<boolean> {
		return await this.#within(folder, false, async (client) => {
			const range = String(uid);
			const trash = client.capabilities.has('X-GM-EXT-1')
				? (await client.list()).find(({ specialUse }) => specialUse === '\\Trash')
				: undefined;
			if (trash) return Boolean(await client.messageMove(range, trash.path, { uid: true }));
			// Without UIDPLUS an EXPUNGE would take with it what other programs have marked.
			return client.capabilities.has('UIDPLUS')
				? await client.messageDelete(range, { uid: true })
				: await client.messageFlagsAdd(range, ['\\Deleted'], { uid: true, silent: true });
		});
	}

	/** Says good-bye; never rejects. */
	async close(): Promise<void> {
		const client = this.#client;
		this.#client = undefined;
		if (!client || client.isClosed) return;
		const timer = setTimeout(() => {
			client.close();
		}, 2_000);
		await client.logout().catch(() => undefined);
		clearTimeout(timer);
		client.close();
	}

	async #connected(): Promise<ImapFlow> {
		if (this.#client?.usable) return this.#client;
		this.#client?.close();
		const timing = { connectMs: this.timeoutMs, silenceMs: this.timeoutMs };
		const client = await signIn(this.account, {
			timing,
			...(this.signal && { signal: this.signal }),
		});
		this.signal?.addEventListener(
			'abort',
			() => {
				client.close();
			},
			{ once: true },
		);
		this.#client = client;
		return client;
	}

	async #lookInto(client: ImapFlow, { path, role }: Folder): Promise<Arrival[]> {
		const now = await markOf(client, path);
		if (!now) return [];
		const before = this.#marks.get(path);
		// A folder that was made meanwhile, or made anew, may hold nothing but new mail.
		const from = before?.uidValidity === now.uidValidity ? before.uidNext : 1;
		if (now.uidNext <= from) return [];
		const found = await this.#within(path, true, async () => {
			const uids = await client.search({ uid: `${from}:*` }, { uid: true });
			// `n:*` names the last message even when its UID is below n (RFC 9051 section 6.4.8).
			const fresh = (Array.isArray(uids) ? uids : []).filter((uid) => uid >= from).slice(-MAX_NEW);
			return fresh.length === 0
				? []
				: await client.fetchAll(
						fresh.join(','),
						{
							uid: true,
							internalDate: true,
							size: true,
							source: { start: 0, maxLength: START_BYTES },
						},
						{ uid: true },
					);
		});
		this.#marks.set(path, {
			...now,
			uidNext: Math.max(now.uidNext, ...found.map(({ uid }) => uid + 1)),
		});
		return found
			.flatMap(({ uid, internalDate, size, source }) => {
				if (source === undefined) return [];
				const at = internalDate === undefined ? NaN : new Date(internalDate).getTime();
				return [
					{
						folder: path,
						role,
						uid,
						uidValidity: now.uidValidity,
						...(!Number.isNaN(at) && { internalDate: at }),
						start: source,
						size: size ?? source.length,
					},
				];
			})
			.sort((one, other) => one.uid - other.uid);
	}

	/**
	 * With the folder open, and closed again, so that STATUS tells what is true of it. CLOSE expunges what
	 * others have marked as deleted, unless the folder is open read-only (RFC 9051 section 6.4.1).
	 */
	async #within<Result>(
		path: string,
		readOnly: boolean,
		work: (client: ImapFlow) => Promise<Result>,
	): Promise<Result> {
		const client = await this.#connected();
		const lock = await client.getMailboxLock(path, { readOnly, acquireTimeout: this.timeoutMs });
		try {
			return await work(client);
		} finally {
			lock.release();
			if (client.usable) {
				if (!readOnly) await client.mailboxOpen(path, { readOnly: true });
				await client.mailboxClose();
			}
		}
	}
}

async function listFolders(client: ImapFlow): Promise<Folder[]> {
	const folders = (await client.list())
		.filter(
			({ flags, specialUse = '' }) =>
				!flags.has('\\Noselect') && !flags.has('\\NonExistent') && !OWN.has(specialUse),
		)
		.map(({ path, name, specialUse = '' }) => ({
			path,
			role: roleOf(path, name, specialUse),
			isView: VIEWS.has(specialUse),
		}));
	const order: readonly FolderRole[] = ['inbox', 'junk', 'other'];
	return folders
		.sort((one, other) => order.indexOf(one.role) - order.indexOf(other.role))
		.slice(0, MAX_FOLDERS);
}

function roleOf(path: string, name: string, specialUse: string): FolderRole {
	if (path.toUpperCase() === 'INBOX' || specialUse === '\\Inbox') return 'inbox';
	return specialUse === '\\Junk' || JUNK_NAME.test(name) ? 'junk' : 'other';
}

/** Undefined where the server does not tell: somebody else's folder, or one that is gone. */
async function markOf(client: ImapFlow, path: string): Promise<Mark | undefined> {
	const status = await client
		.status(path, { uidNext: true, uidValidity: true })
		.catch((error: unknown) => {
			if (!client.usable) throw asError(error);
			return false as const;
		});
	if (!status || status.uidNext === undefined) return undefined;
	return { uidNext: status.uidNext, uidValidity: String(status.uidValidity) };
}
