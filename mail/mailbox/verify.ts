import { connect } from 'node:tls';

import type { ImapAccount } from './account';
import { MailboxConnection } from './connection';
import type { MailboxProblem } from './problem';
import { describeImapError } from './problem';
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
	const { mailbox, timeoutMs = 15_000 } = options;
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
		return { ok: false, problem: await explain(error, account) };
	}
}

/** A server that keeps silent may wait for TLS: only a try tells that from one that is no mail server. */
async function explain(error: unknown, account: ImapAccount): Promise<MailboxProblem> {
	const problem = describeImapError(error, account);
	if (problem.code !== 'timeout' || account.security === 'tls' || !(await speaksTls(account)))
		return problem;
	return {
		code: 'wrongSecurity',
		message: `${account.host}, port ${account.port} expects TLS from the first byte.`,
		advice: 'Choose TLS as security in the credential.',
	};
}

function speaksTls({ host, port }: ImapAccount, timeoutMs = 3_000): Promise<boolean> {
	return new Promise((resolve) => {
		// Nothing is sent over this connection, so it does not matter whose certificate it is.
		const socket = connect({ host, port, rejectUnauthorized: false });
		const finish = (answer: boolean): void => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(timeoutMs, () => {
			finish(false);
		});
		socket.on('error', () => {
			finish(false);
		});
		socket.on('secureConnect', () => {
			finish(true);
		});
	});
}
