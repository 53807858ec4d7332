import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { scrub } from '../smtp/diagnose';
import type { ImapAccount } from './account';
import { MailboxConnection } from './connection';
import type { MailboxProblem } from './problem';
import { describeImapError } from './problem';
import { secretsOf } from './secrets';
import { signIn } from './sign-in';

export type VerifiedMailbox =
	/** `idle`: the server tells of new mail by itself; else it is asked from time to time. */
	{ ok: true; idle: boolean } | { ok: false; problem: MailboxProblem };

/**
 * Connects, secures the connection, signs in and says good-bye; never throws.
 *
 * @param options.mailbox a folder that must be there as well; it is opened read-only
 * @param options.timeoutMs for connecting and signing in together
 */
export async function verifyImapAccount(
	account: ImapAccount,
	options: { mailbox?: string; timeoutMs?: number } = {},
): Promise<VerifiedMailbox> {
	const { mailbox, timeoutMs = 10_000 } = options;
	const timing = { connectMs: timeoutMs, silenceMs: timeoutMs };
	try {
		if (mailbox !== undefined) {
			const connection = await MailboxConnection.open(account, mailbox, { timing, readOnly: true });
			await connection.logout();
			return { ok: true, idle: connection.canIdle };
		}
		const client = await signIn(account, { timing });
		const idle = client.capabilities.has('IDLE');
		const timer = setTimeout(() => {
			client.close();
		}, 2_000);
		await client.logout().catch(() => undefined);
		clearTimeout(timer);
		client.close();
		return { ok: true, idle };
	} catch (error) {
		const problem = describeImapError(error, account);
		return { ok: false, problem: await explainTimeout(problem, account, timeoutMs) };
	}
}

/**
 * Why nothing came of it: an IMAP client waits in vain alike for one that waits for TLS, and for SMTP.
 *
 * @returns the problem as it was when it is no timeout, or nothing more can be found out
 */
export async function explainTimeout(
	problem: MailboxProblem,
	account: ImapAccount,
	timeoutMs = 10_000,
): Promise<MailboxProblem> {
	const waitMs = Math.min(timeoutMs, 1_500);
	if (problem.code !== 'timeout') return problem;
	const encrypted = account.security === 'tls';
	const heard = await listen(account, encrypted, waitMs);
	if (heard.words !== '' && !heard.words.startsWith('* '))
		return {
			code: 'notAMailServer',
			message: `What answers at ${account.host}, port ${account.port} is no IMAP server.`,
			advice:
				'Check host and port in the credential; IMAP is usually at 993 (TLS) or 143 (STARTTLS).',
			reply: scrub(heard.words, secretsOf(account)).slice(0, 100),
		};
	if (encrypted || heard.words !== '' || !(await listen(account, true, waitMs)).connected)
		return problem;
	return {
		code: 'wrongSecurity',
		message: `${account.host}, port ${account.port} expects TLS from the first byte.`,
		advice: 'Choose TLS as security in the credential.',
	};
}

/** Connects and hears the server's first words, saying nothing. */
function listen(
	{ host, port }: ImapAccount,
	encrypted: boolean,
	waitMs: number,
): Promise<{ connected: boolean; words: string }> {
	return new Promise((resolve) => {
		let connected = false;
		// Nothing is sent over this connection, so it does not matter whose certificate it is.
		const socket = encrypted
			? connectTls({ host, port, rejectUnauthorized: false })
			: connect({ host, port });
		const finish = (words: string): void => {
			socket.destroy();
			resolve({ connected, words });
		};
		socket.setTimeout(waitMs, () => {
			finish('');
		});
		socket.on('error', () => {
			finish('');
		});
		socket.on(encrypted ? 'secureConnect' : 'connect', () => {
			connected = true;
		});
		socket.on('end', () => {
			finish('');
		});
		socket.on('data', (words: Buffer) => {
			finish(words.toString('latin1'));
		});
	});
}
