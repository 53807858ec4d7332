import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { composeMessage } from '../message/compose';
import type { Draft } from '../message/draft';
import { domainOf } from '../model/address';
import { readReply } from '../smtp/reply';
import type { ReplyVerdict } from '../smtp/reply';
import type {
	Envelope,
	RejectedRecipient,
	SendResult,
	SmtpPool,
	SmtpProblem,
} from '../smtp/send-result';

/** What became of one mail. */
export type Receipt = { messageId: string; envelope: Envelope } & (
	| {
			/** `partlySent`: the server took the mail, and refused some of its recipients. */
			outcome: 'sent' | 'partlySent';
			accepted: string[];
			rejected: RejectedRecipient[];
			reply: string;
			/** Octets of the message. */
			size: number;
			/** The connection had served another mail before. */
			warm: boolean;
	  }
	| { outcome: 'refused'; reply: string; rejected: RejectedRecipient[]; verdict: ReplyVerdict }
	/** No server can have the mail. */
	| { outcome: 'notSent'; problem: SmtpProblem }
	/** The connection died after the last byte: the server may have the mail or not. */
	| { outcome: 'unknown'; problem: SmtpProblem }
);

export interface TransactionalOptions {
	clock?: () => number;
	/** Pauses before further tries when the connection broke before the mail can have got through, in ms. */
	pausesMs?: readonly number[];
	signal?: AbortSignal;
}

/** Composes and sends one mail; never throws for anything that a server or a network does. */
export async function sendTransactional(
	pool: SmtpPool,
	draft: Draft,
	{ clock = Date.now, pausesMs = [500, 2_000], signal }: TransactionalOptions = {},
): Promise<Receipt> {
	const composed = await composeMessage(draft, {
		messageId: `<${randomUUID()}@${domainOf(draft.from.address)}>`,
		date: new Date(clock()),
	});
	const { envelope, messageId, raw } = composed;
	let result = await pool.send(envelope, raw, { signal });
	for (const pause of pausesMs) {
		if (!mayTryAgain(result) || signal?.aborted) break;
		await sleep(pause);
		result = await pool.send(envelope, raw, { signal });
	}
	return { messageId, envelope, ...receiptOf(result, raw.length) };
}

/** Only where nobody can have the mail, and another try may meet a better connection. */
function mayTryAgain(result: SendResult): boolean {
	return result.result === 'notSent' && result.problem.code === 'connectionLost';
}

function receiptOf(result: SendResult, size: number) {
	switch (result.result) {
		case 'accepted': {
			const { accepted, rejected, reply, warm } = result;
			const outcome = rejected.length > 0 ? ('partlySent' as const) : ('sent' as const);
			return { outcome, accepted, rejected, reply, size, warm };
		}
		case 'refused': {
			const { reply, rejected } = result;
			return { outcome: 'refused' as const, reply, rejected, verdict: readReply(reply) };
		}
		case 'notSent':
		case 'unknown':
			return { outcome: result.result, problem: result.problem };
		case 'withdrawn':
			throw new Error('A mail without a gate cannot be withdrawn.');
	}
}
