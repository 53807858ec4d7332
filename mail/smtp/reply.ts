import type { Blame } from '../model/blame';
import { parseEnhancedStatus } from '../model/enhanced-status';
import type { EnhancedStatus } from '../model/enhanced-status';
import { CLOCK_DELAY, DELAY, REPLY_PATTERNS } from './reply-patterns';
import type { PaceSignal, ReplyMeaning, ReplyPattern } from './reply-patterns';
import type { SmtpStage } from './send-result';

export type { PaceSignal } from './reply-patterns';

export type ReplyVerdict =
	| { verdict: 'accepted' }
	| ({ verdict: 'transient'; blame: Blame; retryAfterMs?: number } & Consequences)
	| ({ verdict: 'permanent'; blame: Blame; addressIsBad: boolean } & Consequences);

/** What a refusal means beyond its recipient. */
export interface Consequences {
	/** What it asks of our pace, towards the recipient's provider, or of the account as a whole. */
	pace?: PaceSignal;
	/** It is about the account that we sent by: throttled, out of quota, or not allowed to send so. */
	account?: ReplyPattern['account'];
	greylisted?: true;
	/** What its words are about, where they are known. */
	means?: ReplyMeaning;
}

/**
 * What an SMTP reply means for one recipient.
 *
 * The reply's enhanced status code decides before its basic code, and known words correct whose fault
 * it is (RFC 3463 section 2; RFC 5321 section 4.2.1).
 *
 * @param reply the server's last reply, as received; several lines are read as one
 * @param about what it answers: a refusal that says nothing more is of what was just handed over
 * @returns `accepted`, `transient` (with the delay the server asked for, in ms, if it named one) or
 *   `permanent` (`addressIsBad` when it says that the address itself does not exist); never throws:
 *   an unreadable reply is `transient`
 */
export function readReply(
	reply: string,
	about: 'recipient' | 'message' = 'recipient',
): ReplyVerdict {
	const text = reply.slice(0, 4_000).replace(/[\r\n]+/g, ' ');
	const basic = Number(/^\d{3}/.exec(text)?.[0] ?? 0);
	if (basic >= 200 && basic < 300) return { verdict: 'accepted' };
	const status = parseEnhancedStatus(text.slice(3));
	const pattern = REPLY_PATTERNS.find(({ words }) => words.test(text));
	const blame = pattern?.blame ?? blameByCodes(basic, status, about);
	if (isPermanent(basic, status?.class, pattern?.verdict))
		return {
			verdict: 'permanent',
			blame,
			addressIsBad: blame === 'recipient' && (pattern?.addressIsBad ?? isBadAddress(text, status)),
			...consequences(pattern, basic, status?.code, false),
		};
	const retryAfterMs = delayIn(text);
	return {
		verdict: 'transient',
		blame,
		...(retryAfterMs ? { retryAfterMs } : {}),
		...consequences(pattern, basic, status?.code, true),
	};
}

/** What a refusal at this stage of the dialogue means; see `readReply`. */
export function readReplyAt(reply: string, stage: SmtpStage): ReplyVerdict {
	return readReply(reply, stage === 'body' ? 'message' : 'recipient');
}

/** Who has to sign in first, or was not believed (RFC 4954 section 6): no recipient changes that. */
const SIGN_IN_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/**
 * 421 ends the whole connection (RFC 5321 section 3.8), and 4.3.x is about the server: that is no
 * recipient's fault, whatever the registry says.
 */
function blameByCodes(
	basic: number,
	status: EnhancedStatus | undefined,
	about: 'recipient' | 'message',
): Blame {
	if (SIGN_IN_CODES.has(basic)) return 'senderPolicy';
	if (status?.blame === 'recipient' && (basic === 421 || status.code.startsWith('4.3.')))
		return 'capacity';
	if (status) return status.blame;
	if (basic !== 550) return 'capacity';
	return about === 'recipient' ? 'recipient' : 'content';
}

/** What known words ask for, and without them the codes. */
function consequences(
	pattern: ReplyPattern | undefined,
	basic: number,
	status: string | undefined,
	isTransient: boolean,
): Consequences {
	const { greylisted, means } = pattern ?? {};
	const account = pattern?.account ?? (SIGN_IN_CODES.has(basic) ? 'refused' : undefined);
	const asked = pattern ? pattern.pace : paceByStatus(status);
	// What is refused for now may be a greylist in words of its own: only words that are known stop a
	// provider then. 421 closes the door for a while.
	const pace =
		isTransient && asked && MAYBE.has(asked)
			? 'slower'
			: (asked ?? (basic === 421 && pattern?.blame !== 'recipient' ? 'slower' : undefined));
	return {
		...(means ? { means } : {}),
		...(pace ? { pace } : {}),
		...(account ? { account } : {}),
		...(greylisted ? { greylisted } : {}),
	};
}

const MAYBE: ReadonlySet<PaceSignal> = new Set(['maybeStopPolicy', 'maybeStopReputation']);

function paceByStatus(status: string | undefined): PaceSignal | undefined {
	return status && POLICY.test(status) ? 'maybeStopPolicy' : undefined;
}

/** RFC 3463 section 3.8, less what is about the recipient's own account (7.13, 7.17, 7.18). */
const POLICY = /^[45]\.7\.(?!1[378]$)\d+$/;

function isPermanent(basic: number, statusClass?: number, byWords?: string): boolean {
	if (byWords === 'transient') return false;
	// A server that says 550 4.2.1 means the more exact of the two.
	if (statusClass === 4 || statusClass === 5) return statusClass === 5;
	return basic >= 500 && basic < 600;
}

/** Codes that say no more than what kind of refusal it is; Yandex says 5.7.1 of whom it does not know. */
const SAYS_LITTLE = /^5\.(?:\d+\.0|7\.1)$/;

/** Only words or codes that name the address count: a bare 550 may mean anything. */
function isBadAddress(text: string, status: EnhancedStatus | undefined): boolean {
	if (status?.severity === 'hard') return true;
	if (status && !SAYS_LITTLE.test(status.code)) return false;
	return /unknown|no such|does not exist|doesn't exist|not found|invalid (?:user|recipient|mailbox)|unrout(?:e)?able/i.test(
		text,
	);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

function delayIn(text: string): number | undefined {
	const clock = CLOCK_DELAY.exec(text);
	if (clock) {
		const [hours = 0, minutes = 0, seconds = 0] = clock.slice(1).map(Number);
		return ((hours * 60 + minutes) * 60 + seconds) * 1_000;
	}
	const found = DELAY.exec(text);
	const unit = UNITS[(found?.[2] ?? '').charAt(0).toLowerCase()];
	return found && unit ? Number(found[1]) * unit : undefined;
}
