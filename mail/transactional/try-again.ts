import { readReply } from '../smtp/reply';
import type { SmtpProblem } from '../smtp/send-result';
import type { Receipt } from './receipt';

/** A server that asks for a longer delay than this is not waited for. */
const LONGEST_WAIT_MS = 60_000;

/**
 * How long to wait before the mail is tried again: only where nobody can have it, and where another
 * try may meet a better moment.
 *
 * @param pauseMs our own pause; a longer one that the server asks for counts before it
 * @returns undefined where trying again makes no sense
 */
export function pauseBeforeNextTry(receipt: Receipt, pauseMs: number): number | undefined {
	if (receipt.outcome === 'notSent') return passes(receipt.problem) ? pauseMs : undefined;
	if (receipt.outcome !== 'refused') return undefined;
	const replies = [receipt.reply, ...receipt.rejected.map(({ reply }) => reply)];
	const transient = replies
		.map((reply) => readReply(reply))
		.find(({ verdict }) => verdict === 'transient');
	if (transient?.verdict !== 'transient') return undefined;
	const waitMs = Math.max(transient.retryAfterMs ?? 0, pauseMs);
	return waitMs <= LONGEST_WAIT_MS ? waitMs : undefined;
}

/** A host that is not there, a wrong password or silence (a firewall) would be met by the next try too. */
function passes({ code, reply }: SmtpProblem): boolean {
	return code === 'connectionLost' || code === 'protocol' || reply?.startsWith('4') === true;
}
