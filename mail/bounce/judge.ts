import type { Blame, Severity } from '../model/blame';
import { parseEnhancedStatus } from '../model/enhanced-status';
import type { Advice, ReportedRecipient } from '../model/report';
import { readReply } from '../smtp/reply';

/** What a recipient's status and the server's words come to. */
export type Judgement = Pick<
	ReportedRecipient,
	'severity' | 'reason' | 'blame' | 'advice' | 'status' | 'smtpCode'
>;

/**
 * How lasting a failure is, why it happened, whose fault it is and what to do.
 *
 * A status such as 5.0.0 says nothing, so a fuller one in the server's words counts before it; the
 * words decide whose fault it is, as they do for a reply on the wire.
 *
 * @param status the report's own enhanced status code
 * @param diagnostic the server's words
 */
export function judge(
	action: ReportedRecipient['action'],
	status: string | undefined,
	diagnostic: string,
): Judgement {
	const smtpCode = smtpCodeIn(diagnostic);
	const told = parseEnhancedStatus(diagnostic);
	const own = status === undefined ? undefined : parseEnhancedStatus(status);
	const best = own && !own.code.endsWith('.0.0') ? own : (told ?? own);
	const common = {
		...(best ? { status: best.code } : {}),
		...(smtpCode === undefined ? {} : { smtpCode }),
	};
	if (action === 'delivered' || action === 'relayed' || action === 'expanded')
		return { ...common, severity: 'none', reason: 'delivered', advice: 'none' };

	const reply = readReply(
		`${smtpCode ?? (best?.class === 4 ? 450 : 550)} ${best?.code ?? ''} ${diagnostic}`,
	);
	const blame: Blame = reply.verdict === 'accepted' ? 'recipient' : reply.blame;
	const addressIsBad = reply.verdict === 'permanent' && reply.addressIsBad;
	const reason =
		addressIsBad && best?.reason === 'onhold'
			? 'userunknown'
			: (best?.reason ?? (addressIsBad ? 'userunknown' : 'undefined'));
	if (action === 'delayed') return { ...common, severity: 'none', reason, blame, advice: 'none' };
	const severity: Severity = addressIsBad && best?.class !== 4 ? 'hard' : 'soft';
	return { ...common, severity, reason, blame, advice: adviceFor(severity, blame) };
}

function adviceFor(severity: Severity, blame: Blame): Advice {
	if (severity === 'hard') return 'remove';
	switch (blame) {
		case 'senderPolicy':
		case 'reputation':
			return 'fixSender';
		case 'content':
			return 'review';
		default:
			return 'retryLater';
	}
}

/** The reply code in a server's words: not a part of a longer number, of an address or of a date. */
function smtpCodeIn(diagnostic: string): number | undefined {
	const found = /(?:^|[\s:;(<[])([45][0-5]\d)(?=[\s\-#:]|$)/.exec(diagnostic);
	return found ? Number(found[1]) : undefined;
}
