import type { Blame } from '../model/blame';
import { parseEnhancedStatus } from '../model/enhanced-status';
import { CLOCK_DELAY, DELAY, REPLY_PATTERNS } from './reply-patterns';
import type { PaceSignal, ReplyMeaning, ReplyPattern } from './reply-patterns';

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
 * @returns `accepted`, `transient` (with the delay the server asked for, in ms, if it named one) or
 *   `permanent` (`addressIsBad` when it says that the address itself does not exist); never throws:
 *   an unreadable reply is `transient`
 */
export function readReply(reply: string): ReplyVerdict {
	const text = reply.slice(0, 4_000).replace(/[\r\n]+/g, ' ');
	const basic = Number(/^\d{3}/.exec(text)?.[0] ?? 0);
	if (basic >= 200 && basic < 300) return { verdict: 'accepted' };
	const status = parseEnhancedStatus(text.slice(3));
	const pattern = REPLY_PATTERNS.find(({ words }) => words.test(text));
	const blame = pattern?.blame ?? blameByCodes(basic, status?.blame);
	if (isPermanent(basic, status?.class, pattern?.verdict))
		return {
			verdict: 'permanent',
			blame,
			addressIsBad:
				blame === 'recipient' && (pattern?.addressIsBad ?? isBadAddress(text, status?.severity)),
			...consequences(pattern, basic, status?.code),
		};
	const retryAfterMs = delayIn(text);
	return {
		verdict: 'transient',
		blame,
		...(retryAfterMs ? { retryAfterMs } : {}),
		...consequences(pattern, basic, status?.code),
	};
}

/** 421 ends the whole connection (RFC 5321 section 3.8): that is no recipient's fault, whatever comes with it. */
function blameByCodes(basic: number, byStatus: Blame | undefined): Blame {
	if (basic === 421 && byStatus === 'recipient') return 'capacity';
	return byStatus ?? (basic === 550 ? 'recipient' : 'capacity');
}

/** Without words that are known, the codes: 421 closes the door for a while, x.7.x is policy. */
function consequences(
	pattern: ReplyPattern | undefined,
	basic: number,
	status: string | undefined,
): Consequences {
	if (!pattern) {
		if (basic === 421) return { pace: 'slower' };
		if (status && POLICY.test(status)) return { pace: 'maybeStopPolicy' };
		return {};
	}
	const { account, greylisted, means } = pattern;
	const pace =
		pattern.pace ?? (basic === 421 && pattern.blame === 'capacity' ? 'slower' : undefined);
	return {
		means,
		...(pace ? { pace } : {}),
		...(account ? { account } : {}),
		...(greylisted ? { greylisted } : {}),
	};
}

/** RFC 3463 section 3.8, less what is about the recipient's own account (7.13, 7.17, 7.18). */
const POLICY = /^[45]\.7\.(?!1[378]$)\d+$/;

function isPermanent(basic: number, statusClass?: number, byWords?: string): boolean {
	if (byWords === 'transient') return false;
	// A server that says 550 4.2.1 means the more exact of the two.
	if (statusClass === 4 || statusClass === 5) return statusClass === 5;
	return basic >= 500 && basic < 600;
}

/** Only words or codes that name the address count: a bare 550 may mean anything. */
function isBadAddress(text: string, severity: string | undefined): boolean {
	if (severity !== undefined) return severity === 'hard';
	return /unknown|no such|does not exist|doesn't exist|not found|invalid (?:user|recipient|mailbox)/i.test(
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
