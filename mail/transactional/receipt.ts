import { readReplyAt } from '../smtp/reply';
import type { ReplyVerdict } from '../smtp/reply';
import { serverIdOf } from '../smtp/server-id';
import type { Envelope, RejectedRecipient, SendResult, SmtpProblem } from '../smtp/send-result';

/** What became of one mail. */
export type Receipt = {
	messageId: string;
	envelope: Envelope;
	/** The mail was sent by an earlier try, and not again by this one. */
	earlier?: true;
} & ReceiptOutcome;

export type ReceiptOutcome =
	| {
			/** `partlySent`: the server took the mail, and refused some of its recipients. */
			outcome: 'sent' | 'partlySent';
			accepted: string[];
			rejected: RejectedRecipient[];
			reply: string;
			/** What the server calls the mail, where its reply says it. */
			serverId?: string;
			/** When the server took the mail (ISO 8601). */
			sentAt: string;
			/** From the mail's turn to the server's reply, with the connection where one had to be made, in ms. */
			durationMs: number;
			/** Octets of the message. */
			size: number;
			/** The connection had served another mail before. */
			warm: boolean;
	  }
	| { outcome: 'refused'; reply: string; rejected: RejectedRecipient[]; verdict: ReplyVerdict }
	/** No server can have the mail. */
	| { outcome: 'notSent'; problem: SmtpProblem }
	/** The connection died after the last byte: the server may have the mail or not. */
	| { outcome: 'unknown'; problem: SmtpProblem };

export type FinishedSend = Exclude<SendResult, { result: 'withdrawn' }>;

/** How a message went out: its octets, and when its turn began and ended, in ms since the epoch. */
export interface Passage {
	size: number;
	begunAt: number;
	endedAt: number;
}

export function outcomeOf(
	result: FinishedSend,
	{ size, begunAt, endedAt }: Passage,
): ReceiptOutcome {
	switch (result.result) {
		case 'accepted': {
			const { accepted, rejected, reply, warm } = result;
			const outcome = rejected.length > 0 ? 'partlySent' : 'sent';
			const serverId = serverIdOf(reply);
			return {
				outcome,
				accepted,
				rejected,
				reply,
				...(serverId === undefined ? {} : { serverId }),
				sentAt: new Date(endedAt).toISOString(),
				durationMs: Math.max(endedAt - begunAt, 0),
				size,
				warm,
			};
		}
		case 'refused': {
			const { reply, rejected, stage } = result;
			const verdict = readReplyAt(reply, stage);
			return { outcome: 'refused', reply, rejected, verdict };
		}
		case 'notSent':
		case 'unknown':
			return { outcome: result.result, problem: result.problem };
	}
}

/** For an earlier try of which nothing is known but that the mail was about to leave. */
export const LEFT_OPEN: SmtpProblem = {
	code: 'connectionLost',
	message:
		'An earlier try of this mail ended after the whole mail was on its way and before the server answered.',
	advice: 'Look for it at the recipient before you send it again.',
};

export const STOPPED: SmtpProblem = {
	code: 'cancelled',
	message: 'Sending was stopped before the mail left.',
	advice: 'Run it again to send the mail.',
};
