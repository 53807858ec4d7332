import type { Slot } from '../pacing/desk';
import type { SendOptions, SendResult, SmtpProblem } from '../smtp/send-result';
import type { Passage } from './receipt';

type Gate = SendOptions['beforeFinalDot'];

/** Brings the mail to the server, with this gate before its final dot. */
export type SendOnPool = (gate: Gate) => Promise<{ result: SendResult; passage: Passage }>;

/**
 * One try of a mail in its turn. A mail that took so long to its final dot that its turn is over waits
 * there for another: what counts is when the server takes it.
 *
 * @param gate asked once the mail may leave
 */
export async function sendInTurn(
	turn: () => Promise<Slot | SmtpProblem>,
	send: SendOnPool,
	gate: Gate,
): Promise<Awaited<ReturnType<SendOnPool>> | { problem: SmtpProblem }> {
	const first = await turn();
	if ('message' in first) return { problem: first };
	let slot: Slot | undefined = first;
	let problem: SmtpProblem | undefined;
	let broken: { error: unknown } | undefined;
	const isInTurn = async () => {
		if (!slot?.isOver) return true;
		slot.giveBack();
		slot = undefined;
		const next = await turn();
		if ('message' in next) problem = next;
		else slot = next;
		return slot !== undefined;
	};
	const sent = await send(async () => {
		try {
			if (!(await isInTurn())) return false;
		} catch (error) {
			broken = { error };
			return false;
		}
		return (await gate?.()) ?? true;
	});
	// Refusals count as well: servers count what they are asked to take.
	const { result } = sent.result;
	const last = slot as Slot | undefined;
	if (result === 'notSent' || result === 'withdrawn') last?.giveBack();
	else last?.finish();
	if (broken) throw broken.error;
	return problem && result === 'withdrawn' ? { problem } : sent;
}
