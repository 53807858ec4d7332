import type { Blame } from '../model/blame';
import { readReplyAt } from '../smtp/reply';
import type { PaceSignal } from '../smtp/reply';
import type { SendResult, SmtpProblem, SmtpStage } from '../smtp/send-result';

/** What one try to bring a message to the server came to, and so what may be done next. */
export type Delivery =
	| { became: 'sent'; reply: string }
	| ({
			became: 'deferred';
			reply: string;
			reason: string;
			blame: Blame;
			retryAfterMs?: number;
			greylisted?: boolean;
	  } & AsksOfPace)
	| ({
			became: 'failed';
			reply?: string;
			reason: string;
			blame: Blame;
			addressIsBad: boolean;
	  } & AsksOfPace)
	| { became: 'unknown'; reason: string }
	/** The gate was shut: no server has it. */
	| { became: 'withdrawn' }
	/** The connection ended within the message; no server has it. */
	| { became: 'cutOff'; problem: SmtpProblem }
	/** The server was not reached: this says nothing about the recipient. */
	| { became: 'unreached'; problem: SmtpProblem }
	/** The server does not let this account send: the next recipient would meet the same. */
	| { became: 'accountRefused'; reason: string; retryAfterMs?: number };

export interface AsksOfPace {
	pace?: PaceSignal;
	/** It is the whole account that is too fast, not the mail to one provider. */
	paceOfAccount?: boolean;
}

const FAILED_BY: Readonly<Record<Blame, string>> = {
	recipient: 'The server refused this recipient for good.',
	senderPolicy:
		'The server refuses mail from this sender: check its rights, and SPF, DKIM and DMARC of its domain.',
	reputation: 'The server refuses mail because of the reputation of the sender or of its network.',
	content: 'The server refuses the content of this mail.',
	capacity: 'The server cannot take this mail.',
};

const DEFERRED_BY: Readonly<Record<Blame, string>> = {
	recipient: 'The mailbox cannot take mail now.',
	senderPolicy: 'The server takes no more mail from this sender for now.',
	reputation: 'The server holds mail from this sender back because of its reputation.',
	content: 'The server does not take this mail now, because of its content.',
	capacity: 'The server asks to try again later.',
};

/**
 * @param hasAnswered whether the server has said anything in this run: one that never did is set up
 *   wrongly, one that stopped answering is expected back
 */
export function readResult(result: SendResult, hasAnswered: boolean): Delivery {
	switch (result.result) {
		case 'accepted':
			return { became: 'sent', reply: result.reply };
		case 'withdrawn':
			return { became: 'withdrawn' };
		case 'unknown':
			return {
				became: 'unknown',
				reason: `The connection ended after the whole message was out and before the server answered, so it may have been delivered. ${result.problem.message}`,
			};
		case 'refused':
			return readRefusal(result);
		case 'notSent':
			return readProblem(result.problem, result.stage, hasAnswered);
	}
}

/** The size declared with MAIL FROM, or letters outside ASCII (RFC 1870 section 6.1, RFC 6531 section 3.5). */
const IS_ABOUT_THE_MESSAGE = /^552|\b5\.3\.4\b|\b5\.6\.\d/;

/** A quota is by the hour or by the day, and the reply does not say which. */
const QUOTA_PAUSE_MS = 3_600_000;

type Refusal = Extract<SendResult, { result: 'refused' }>;

function readRefusal({ reply, stage }: Refusal): Delivery {
	const verdict = readReplyAt(reply, stage);
	if (verdict.verdict === 'accepted')
		return { became: 'deferred', reply, reason: DEFERRED_BY.capacity, blame: 'capacity' };
	const { blame, pace, account } = verdict;
	if (account === 'exhausted')
		return {
			became: 'accountRefused',
			reason: `The account may send no more for now: ${reply}`,
			retryAfterMs: QUOTA_PAUSE_MS,
		};
	// No recipient was named yet, or it is not about them: the answer would be the same for all.
	const isAboutAll = stage === 'mailFrom' && !IS_ABOUT_THE_MESSAGE.test(reply);
	if (account === 'refused' || (verdict.verdict === 'permanent' && isAboutAll))
		return {
			became: 'accountRefused',
			reason: `The server does not let this account send as this sender: ${reply}`,
		};
	const asks = { ...(pace ? { pace } : {}), paceOfAccount: account === 'throttled' || isAboutAll };
	if (verdict.verdict === 'transient') {
		const { retryAfterMs, greylisted } = verdict;
		const reason = DEFERRED_BY[blame];
		return { became: 'deferred', reply, reason, blame, retryAfterMs, greylisted, ...asks };
	}
	const { addressIsBad } = verdict;
	const reason = addressIsBad ? 'The address does not exist.' : FAILED_BY[blame];
	return { became: 'failed', reply, reason, blame, addressIsBad, ...asks };
}

/** Whether a problem is one of the account's settings, which waiting does not mend. */
const OF_THE_ACCOUNT: Readonly<Record<SmtpProblem['code'], 'yes' | 'no' | 'untilAnswered'>> = {
	hostNotFound: 'untilAnswered',
	nobodyListening: 'untilAnswered',
	timeout: 'no',
	notAMailServer: 'untilAnswered',
	wrongSecurity: 'untilAnswered',
	starttlsMissing: 'yes',
	certificate: 'yes',
	wrongPassword: 'yes',
	tokenRefused: 'yes',
	signInRefused: 'yes',
	signInUnsupported: 'yes',
	connectionLost: 'no',
	refusedByServer: 'yes',
	protocol: 'no',
	limitReached: 'no',
	cancelled: 'no',
};

const WITHIN_A_MESSAGE: ReadonlySet<SmtpStage> = new Set(['mailFrom', 'rcptTo', 'data', 'body']);

function readProblem(problem: SmtpProblem, stage: SmtpStage, hasAnswered: boolean): Delivery {
	if (WITHIN_A_MESSAGE.has(stage)) return { became: 'cutOff', problem };
	const ofTheAccount = OF_THE_ACCOUNT[problem.code];
	const passes = problem.reply?.startsWith('4') === true;
	if (!passes && (ofTheAccount === 'yes' || (ofTheAccount === 'untilAnswered' && !hasAnswered)))
		return { became: 'accountRefused', reason: wordsOf(problem) };
	return { became: 'unreached', problem };
}

export function wordsOf({ message, advice }: SmtpProblem): string {
	return `${message} ${advice}`;
}
