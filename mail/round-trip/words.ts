import { ALWAYS, BY_NONE } from '../deliverability/finding';
import type { Finding } from '../deliverability/finding';
import type { MailboxProblem } from '../mailbox/problem';
import type { ReportedRecipient } from '../model/report';
import { describeRefusal } from '../smtp/refusal';
import type { SendResult } from '../smtp/send-result';

const FIELD = { area: 'roundTrip', fixes: [], evidence: [], source: 'RFC 5321' } as const;

/** The sending account did not take the mail. */
export function notSent(
	host: string,
	result: Exclude<SendResult, { result: 'accepted' | 'unknown' }>,
): Finding {
	if (result.result !== 'refused')
		return {
			...FIELD,
			id: 'roundTrip.notSent',
			subject: host,
			status: 'unknown',
			title:
				result.result === 'notSent'
					? `The test mail could not be sent: ${result.problem.message}`
					: 'The test mail was not sent.',
			why: 'Nothing is known of how mail from this account fares.',
			requiredBy: ALWAYS,
			fixes: result.result === 'notSent' ? [{ kind: 'setting', text: result.problem.advice }] : [],
		};
	const { message, advice } = describeRefusal(result.reply);
	return {
		...FIELD,
		id: 'roundTrip.refused',
		subject: host,
		status: 'fail',
		title: `${host} refused the test mail. ${message}`,
		why: 'What the sending account does not take reaches nobody.',
		requiredBy: ALWAYS,
		fixes: [{ kind: 'setting', text: advice }],
		evidence: [result.reply, ...result.rejected.map(({ reply }) => reply)].slice(0, 5),
	};
}

/** It came back. */
export function bouncedTo(
	{ diagnostic, reason, status = '' }: ReportedRecipient,
	reportingMta = 'a server on the way',
): Finding {
	return {
		...FIELD,
		id: 'roundTrip.bounced',
		subject: reportingMta,
		status: 'fail',
		title: `The test mail came back (${[reason, status].filter(Boolean).join(', ')}).`,
		why: 'The receiver refused it, or there is no such mailbox.',
		requiredBy: ALWAYS,
		fixes: [
			{
				kind: 'setting',
				text: 'The words of the server below say why. Check the address first, then your domain with the operation Domain.',
			},
		],
		evidence: [diagnostic.slice(0, 1_000)],
		source: 'RFC 3464',
	};
}

/** A server still tries. */
export function delayed(
	{ diagnostic }: ReportedRecipient,
	reportingMta = 'A server on the way',
): Finding {
	return {
		...FIELD,
		id: 'roundTrip.delayed',
		subject: reportingMta,
		status: 'info',
		title: `${reportingMta} tells that the test mail is delayed, and goes on trying.`,
		why: 'The receiver does not take it now: it may be greylisting, or a limit.',
		requiredBy: BY_NONE,
		evidence: [diagnostic.slice(0, 1_000)],
		source: 'RFC 3464',
	};
}

/** Taken by the account, and not seen since: that proves nothing against anybody. */
export function notArrived(
	patienceMs: number,
	host: string,
	problem: MailboxProblem | undefined,
): Finding {
	const minutes = Math.max(Math.round(patienceMs / 60_000), 1);
	const base = { ...FIELD, subject: host, status: 'unknown', requiredBy: ALWAYS } as const;
	if (problem)
		return {
			...base,
			id: 'roundTrip.mailboxLost',
			title: `The mailbox could no longer be looked into: ${problem.message}`,
			why: 'The test mail was sent; whether it arrived is not known.',
			fixes: [{ kind: 'setting', text: problem.advice }],
		};
	return {
		...base,
		id: 'roundTrip.notArrived',
		title: `The test mail was sent, but not seen in any folder within ${minutes} ${minutes === 1 ? 'minute' : 'minutes'}.`,
		why: 'Some receivers let an unknown sender wait for ten minutes and more (greylisting), others drop mail without a word.',
		fixes: [
			{
				kind: 'setting',
				text: 'Check that the mailbox is that of To Email. Look for a bounce in the mailbox of From Email, then try again with a longer Time Limit.',
			},
		],
	};
}

export function notRemoved(folder: string): Finding {
	return {
		...FIELD,
		id: 'roundTrip.notRemoved',
		subject: folder,
		status: 'info',
		title: `The test mail still lies in "${folder}": the server did not delete it.`,
		why: 'It does no harm there.',
		requiredBy: BY_NONE,
	};
}
