import type { ImapFlow } from 'imapflow';

import { scrub } from '../smtp/diagnose';
import type { ImapAccount } from './account';
import { asError, FolderMissing, ServerSilent } from './failure';
import { nearNames } from './near-names';
import type { MailboxProblem } from './problem';
import { describeImapError } from './problem';
import { secretsOf } from './secrets';
import { signIn } from './sign-in';

export type SentCopy = { kept: true; folder: string } | { kept: false; problem: MailboxProblem };

interface Opened {
	client: ImapFlow;
	folder: string;
}

/** One copy, however large, is given up after so long. */
const APPEND_MS = 120_000;

/**
 * Where an account keeps the mails that it sent. Connects with the first copy, once for all of them,
 * and again when the connection was lost; an account that cannot be opened is not tried twice, so that
 * a thousand mails do not wait for it a thousand times.
 */
export class SentFolder {
	#opening: Promise<Opened> | undefined;
	/** Why the folder cannot be opened. */
	#failure: unknown;

	/**
	 * @param options.folder its full name; left out, it is found by its special use (RFC 6154), or else
	 *   by the names that mail programs give it
	 * @param options.timeoutMs for connecting, and for each silence of the server
	 */
	constructor(
		private readonly account: ImapAccount,
		private readonly options: { folder?: string; timeoutMs?: number } = {},
	) {}

	/** Puts the mail there as one that was read. Never rejects. */
	async add(raw: Buffer): Promise<SentCopy> {
		const { account } = this;
		if (this.#failure !== undefined)
			return { kept: false, problem: describeImapError(this.#failure, account) };
		let opened: Opened;
		try {
			opened = await this.#open();
		} catch (error) {
			this.#failure = error;
			return { kept: false, problem: describeImapError(error, account) };
		}
		try {
			await append(opened, raw);
			return { kept: true, folder: opened.folder };
		} catch (error) {
			return { kept: false, problem: this.#describe(error, opened.folder) };
		}
	}

	/** Says good-bye; never rejects. */
	async close(): Promise<void> {
		const opened = await this.#opening?.catch(() => undefined);
		if (!opened) return;
		const { client } = opened;
		const timer = setTimeout(() => {
			client.close();
		}, 2_000);
		await client.logout().catch(() => undefined);
		clearTimeout(timer);
		client.close();
	}

	async #open(): Promise<Opened> {
		const current = (this.#opening ??= this.#connect());
		const opened = await current;
		if (opened.client.usable) return opened;
		// Another copy may have begun anew while this one waited.
		if (this.#opening === current) this.#opening = this.#connect();
		return await this.#opening;
	}

	async #connect(): Promise<Opened> {
		const { timeoutMs = 30_000 } = this.options;
		const timing = { connectMs: timeoutMs, silenceMs: timeoutMs };
		const client = await signIn(this.account, { timing });
		try {
			return { client, folder: await findFolder(client, this.options.folder) };
		} catch (error) {
			client.close();
			throw error;
		}
	}

	#describe(error: unknown, folder: string): MailboxProblem {
		const { account } = this;
		const { responseStatus, responseText, serverResponseCode } = error as {
			responseStatus?: string;
			responseText?: string;
			serverResponseCode?: string;
		};
		const refused = responseStatus === 'NO' || responseStatus === 'BAD';
		if (!refused && serverResponseCode !== 'APPENDLIMIT')
			return describeImapError(error, account, 'session');
		return {
			code: 'refusedByServer',
			message: `${account.host} did not take the mail into the folder "${folder}".`,
			advice: refused
				? 'Check that the mailbox has room, and that the account may write into this folder.'
				: 'It is larger than what the server keeps.',
			...(responseText ? { reply: scrub(responseText, secretsOf(account)).slice(0, 300) } : {}),
		};
	}
}

async function append({ client, folder }: Opened, raw: Buffer): Promise<void> {
	let silent: unknown;
	const timer = setTimeout(() => {
		silent = new ServerSilent('no answer to APPEND');
		client.close();
	}, APPEND_MS);
	try {
		const answer = await client.append(folder, raw, ['\\Seen']);
		if (!answer) throw new Error('the connection was closed');
	} catch (error) {
		throw asError(silent ?? error);
	} finally {
		clearTimeout(timer);
	}
}

/** @throws FolderMissing with the folders that there are */
async function findFolder(client: ImapFlow, wanted: string | undefined): Promise<string> {
	const folders = (await client.list()).filter(
		({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent'),
	);
	const found = folders.find(({ path, specialUse }) =>
		wanted === undefined ? specialUse === '\\Sent' : path === wanted,
	);
	if (found) return found.path;
	const names = folders.map(({ path }) => path);
	const name = wanted ?? 'Sent';
	throw new FolderMissing(name, nearNames(name, names), names);
}
