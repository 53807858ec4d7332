import type { SmtpAccount } from './account';
import { SmtpConnection } from './connection';
import type { ServerOffer } from './offer';
import type { SmtpProblem } from './send-result';

export type Verified = { ok: true; offer: ServerOffer } | { ok: false; problem: SmtpProblem };

/**
 * Connects, secures the connection, signs in and says good-bye; no mail is sent.
 *
 * @param options.timeoutMs for connecting and greeting together
 */
export async function verifySmtpAccount(
	account: SmtpAccount,
	{ timeoutMs = 15_000 }: { timeoutMs?: number } = {},
): Promise<Verified> {
	const opened = await SmtpConnection.open(account, { connectMs: timeoutMs, silenceMs: timeoutMs });
	if (!opened.ok) return { ok: false, problem: opened.problem };
	const { offer } = opened.connection;
	opened.connection.quit();
	return { ok: true, offer };
}
