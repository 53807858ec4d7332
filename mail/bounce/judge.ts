import type { Blame } from '../model/blame';
import { parseEnhancedStatus } from '../model/enhanced-status';
import type { EnhancedStatus } from '../model/enhanced-status';
import type { Advice, BounceReason, ReportedRecipient } from '../model/report';
import { PROVIDER_CODES } from './provider-codes';
import { REASON_PATTERNS } from './reason-patterns';
import type { ReasonPattern } from './reason-patterns';
import { REASONS } from '../model/reasons';

/** What a report says of one recipient. */
export interface Evidence {
	action: ReportedRecipient['action'];
	/** The report's own Status field. */
	status?: string;
	/** The server's words about this recipient. */
	diagnostic: string;
	/** The report's other words, asked only where these say nothing. */
	context?: () => string;
}

/** What a recipient's status and the server's words come to. */
export type Judgement = Pick<
	ReportedRecipient,
	'severity' | 'reason' | 'blame' | 'advice' | 'status' | 'smtpCode'
>;

/** Words beyond this decide nothing. */
const MAX_WORDS = 1_500;
/** So much of the report's other words is looked at: for each of thousands of recipients anew. */
export const MAX_CONTEXT = 6_000;

/** How lasting a failure is, why it happened, whose fault it is and what to do. */
export function judge(evidence: Evidence): Judgement {
	const { action, diagnostic } = evidence;
	const context = () => evidence.context?.().slice(0, MAX_CONTEXT) ?? '';
	const said = codesOf(evidence.status, diagnostic);
	const { status, smtpCode } = said.status || said.smtpCode ? said : codesOf(undefined, context());
	const cause = causeOf(status, smtpCode, diagnostic, context);
	const isRefused = cause !== 'userunknown' || isSureOfUser(status, `${diagnostic} ${context()}`);
	const reason = isRefused ? cause : 'filtered';
	if (action === 'delivered' || action === 'relayed' || action === 'expanded')
		return {
			status: status?.class === 2 ? status.code : '2.0.0',
			severity: 'none',
			reason: 'delivered',
			advice: 'none',
		};
	const digit = action === 'delayed' ? 4 : smtpCode === undefined ? 5 : Math.floor(smtpCode / 100);
	const codes = {
		status: status?.code ?? `${digit}.${REASONS[cause].implies}`,
		...(smtpCode === undefined ? {} : { smtpCode }),
	};
	// A mailbox that does not exist is as bad whoever says so.
	const { severity, blame, advice } = REASONS[cause];
	if (action === 'delayed') return { ...codes, severity: 'none', reason, blame, advice: 'none' };
	const isTemporary = (status?.class ?? Math.floor((smtpCode ?? 500) / 100)) === 4;
	if (!isTemporary || severity !== 'hard') return { ...codes, severity, reason, blame, advice };
	return { ...codes, severity: 'soft', reason, blame, advice: 'retryLater' };
}

/**
 * The status in the refusing server's words is nearer to the cause than the one that the reporting
 * server chose for its Status field; either counts only when it says more than 5.0.0.
 */
function codesOf(
	field: string | undefined,
	diagnostic: string,
): { status?: EnhancedStatus; smtpCode?: number } {
	const own = field === undefined ? undefined : parseEnhancedStatus(field);
	const told = bestStatusIn(diagnostic);
	const status =
		told && !isVague(told) && !isLessThan(told, own)
			? told
			: own && !isVague(own)
				? own
				: (told ?? own);
	return { status, smtpCode: smtpCodeIn(diagnostic) };
}

/** 5.1.0 beside 5.1.1. */
function isLessThan(told: EnhancedStatus, own: EnhancedStatus | undefined): boolean {
	return (
		own !== undefined && told.code.endsWith('.0') && own.code.startsWith(told.code.slice(0, -1))
	);
}

function isVague({ code }: EnhancedStatus): boolean {
	return code.endsWith('.0.0');
}

/** Says what followed from a cause (too long in the queue, no valid recipients left), or nothing. */
const CONSEQUENCE = /\.(?:0\.0|1\.0|5\.[01]|4\.7)$/;

/** The most telling enhanced status in a text: the first that names a cause. */
function bestStatusIn(text: string): EnhancedStatus | undefined {
	let best: EnhancedStatus | undefined;
	let rest = text.slice(0, 4_000);
	for (let tries = 0; tries < 6; tries++) {
		const found = parseEnhancedStatus(rest);
		if (!found) break;
		if (found.class !== 2) {
			if (!CONSEQUENCE.test(found.code)) return found;
			best ??= found;
		}
		rest = rest.slice(rest.indexOf(found.code) + found.code.length);
	}
	return best;
}

/** The reply code in a server's words: not a part of a longer number, of an address or of a date. */
function smtpCodeIn(text: string): number | undefined {
	const found = /(?:^|[\s:;(<["'=,#>])([45][0-5]\d)(?=[\s\-#:,;)\]>'"]|$)/.exec(
		text.slice(0, 4_000),
	);
	return found ? Number(found[1]) : undefined;
}

function causeOf(
	status: EnhancedStatus | undefined,
	smtpCode: number | undefined,
	diagnostic: string,
	context: () => string,
): BounceReason {
	const said = reasonInWords(diagnostic);
	const byStatus = status && !isVague(status) ? status.reason : undefined;
	if (said === 'userunknown' && byStatus && OF_A_MAILBOX.has(byStatus))
		return saysOnlyUnavailable(diagnostic) ? byStatus : said;
	// A domain that was not found for now is one that the DNS did not answer for.
	if (said === 'hostunknown' && status?.class === 4) return 'networkerror';
	if (said) return said;
	if (byStatus && byStatus !== 'onhold') return byStatus;
	return (
		reasonInWords(context()) ??
		(smtpCode === 552 ? 'mailboxfull' : diagnostic ? 'onhold' : 'undefined')
	);
}

/** What the status of a mailbox says of one that exists. */
const OF_A_MAILBOX: ReadonlySet<BounceReason> = new Set(['suspend', 'mailboxfull', 'hasmoved']);
const UNAVAILABLE = /\b(?:not |un-?)available\b/gi;

/** Of a mailbox that is not available, a server may say why in its status alone. */
function saysOnlyUnavailable(words: string): boolean {
	const rest = words.replace(UNAVAILABLE, ' ');
	return rest !== words && reasonInWords(rest) !== 'userunknown';
}

/** The address itself was refused: in reply to RCPT TO, by a name that servers have for it, or of a name list. */
const REFUSED_ADDRESS =
	/\brcpt(?:\b|_to)|address (?:was )?not found|address you entered|address couldn't be found|\(state 1[34]\)|does not like recipient|recipients? (?:address |was |were )rejected|invalid (?:recipient|final delivery)|no mailbox here|remote smtp server returned|not listed in|domino|unknown recipient/i;
const ENGLISH = /\b(?:user|recipients?|account|mail ?box|addressee|unknown|valid)\b/i;
const ADDRESS_STATUS = /^\d\.(?:1\.|4\.[14]$|5\.0$|3\.0$)/;

/**
 * That a user is unknown is certain when the address itself was refused. Said later, or of its own
 * accord, a filter may have said it: there are some that answer everybody so whom they do not like.
 */
function isSureOfUser(status: EnhancedStatus | undefined, words: string): boolean {
	if (status && !isVague(status) && ADDRESS_STATUS.test(status.code)) return true;
	if (status && /\.2\.(?!1$)\d+$/.test(status.code)) return false;
	// A reply of SMTP is in English: in another language, the server that reports speaks for itself.
	return REFUSED_ADDRESS.test(words) || !ENGLISH.test(words);
}

/** In reply to which command the words were said, where that changes what they mean. */
const STAGES: readonly { words: RegExp; from: readonly BounceReason[]; to: BounceReason }[] = [
	{
		words: /(?:in reply to|after) mail from|but sender was rejected/i,
		from: ['userunknown', 'hostunknown', 'policyviolation', 'filtered', 'securityerror'],
		to: 'rejected',
	},
	{
		words:
			/refused to talk to me|after (?:initial connection|ehlo|helo)|in reply to (?:ehlo|helo)/i,
		from: ['userunknown', 'policyviolation', 'securityerror', 'filtered', 'rejected'],
		to: 'blocked',
	},
	{ words: /(?:in reply to|after) end of data/i, from: ['userunknown'], to: 'filtered' },
];

function reasonInWords(words: string): BounceReason | undefined {
	const text = bareWords(words);
	if (text === '') return undefined;
	const reason = remember(text);
	const stage = STAGES.find((each) => each.words.test(words.slice(0, 4_000)));
	if (!stage) return reason;
	return reason === undefined || stage.from.includes(reason)
		? reason === undefined && stage.to === 'filtered'
			? undefined
			: stage.to
		: reason;
}

/** Whether a server's words say why, in words or by a code. */
export function tellsReason(words: string): boolean {
	return reasonInWords(words) !== undefined || smtpCodeIn(words) !== undefined;
}

/** Most replies have no code at all: one look tells so. */
const ANY_CODE = new RegExp(PROVIDER_CODES.map(({ words }) => words.source).join('|'), 'i');

const BEYOND_ASCII = /[^\0-\x7f]/;

/** Ten thousand recipients of one report are refused in the same words, and a day's reports in few. */
const MAX_REMEMBERED = 1_000;
const remembered = new Map<string, BounceReason | undefined>();

function remember(text: string): BounceReason | undefined {
	if (remembered.has(text)) return remembered.get(text);
	const isAscii = !BEYOND_ASCII.test(text);
	const fits = ({ words, isBeyondAscii }: ReasonPattern) =>
		!(isAscii && isBeyondAscii) && words.test(text);
	// What a receiver publishes of its codes is surer than its words.
	const code = ANY_CODE.test(text) ? PROVIDER_CODES.find(fits) : undefined;
	const reason = (code ?? REASON_PATTERNS.find(fits))?.reason;
	if (remembered.size >= MAX_REMEMBERED) remembered.clear();
	remembered.set(text, reason);
	return reason;
}

/** Behind these, a server that passes a refusal on quotes it; Cisco's names its own status in words first. */
const SAID_BY_OTHER =
	/^[245]\.\d\.\d - [\w ,-]{3,80} \d{3}-'|(?:error that the other server returned was|the response (?:from the remote server )?was|remote host said|remote server (?:said|returned|responded))\b ?:?/i;

/** Follows the words that matter: the reply to what a server sent after a refusal, and a scanner's advertisement. */
const AFTERTHOUGHT =
	/\b503[- ](?:5\.5\.[01] )?(?:[\w']+ ){0,3}(?:rcpt|recipient)|this (?:e-?mail|message) (?:has been|was) (?:scanned|checked|processed)/i;

/** Links, addresses and codes hold words that nobody said. */
function bareWords(words: string): string {
	const quoted = SAID_BY_OTHER.exec(words);
	const from = quoted ? quoted.index + quoted[0].length : 0;
	const own = words.slice(from, from + MAX_WORDS);
	const end = own.search(AFTERTHOUGHT);
	return (
		(end > 20 ? own.slice(0, end) : own)
			.replace(/https?:\/\/[^\s>"')\]]{1,2000}/g, ' ')
			.replace(/[^\s<>()[\],;:"@]{1,64}@[\w.-]{1,190}/g, 'a@b')
			// Its dots would end a sentence.
			.replace(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g, 'ip')
			// The lines of a longer reply begin with its codes again.
			.replace(/(?<=\S )[45]\d\d[- ](?:[45]\.\d{1,3}\.\d{1,3} ?)?(?=\S)/g, '')
			// Postfix's own words before those of a filter behind it.
			.replace(/recipient address rejected: (?!access denied|undeliverable)(?=\w)/gi, '')
			.replace(/\s+/g, ' ')
			.trim()
	);
}

/** For what is no failure: a complaint, an automatic answer. */
export function adviceFor(reason: BounceReason): { blame?: Blame; advice: Advice } {
	const { blame, advice } = REASONS[reason];
	return { ...(blame ? { blame } : {}), advice };
}
