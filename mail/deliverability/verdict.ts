import { RECEIVERS } from './finding';
import type { Finding, FindingStatus, MailProfile, Receiver } from './finding';

/** Whether mail is fit for one receiver, by the worst finding that this receiver requires. */
export type Fitness = 'fit' | 'fitWithWarnings' | 'unfit' | 'unknown';

export interface Verdict {
	profile: MailProfile;
	/** The worst of all receivers. */
	overall: Fitness;
	receivers: Record<Receiver, Fitness>;
}

/**
 * What each receiver makes of these findings. No mark out of ten: what a receiver requires is there or
 * not. A `fail` or `unknown` counts for those who require it; a `warning`, and a `fail` that nobody
 * requires, makes fit with warnings.
 */
export function judge(findings: readonly Finding[], profile: MailProfile): Verdict {
	const receivers = Object.fromEntries(
		RECEIVERS.map((receiver) => [receiver, fitnessFor(findings, profile, receiver)]),
	) as Record<Receiver, Fitness>;
	const overall = WORST_FIRST.find((fitness) => Object.values(receivers).includes(fitness));
	return { profile, overall: overall ?? 'fit', receivers };
}

const WORST_FIRST: readonly Fitness[] = ['unfit', 'unknown', 'fitWithWarnings', 'fit'];

function fitnessFor(
	findings: readonly Finding[],
	profile: MailProfile,
	receiver: Receiver,
): Fitness {
	const isRequired = ({ requiredBy }: Finding) => requiredBy[profile]?.includes(receiver) ?? false;
	const has = (status: FindingStatus, required: boolean) =>
		findings.some((finding) => finding.status === status && (!required || isRequired(finding)));
	if (has('fail', true)) return 'unfit';
	if (has('unknown', true)) return 'unknown';
	return has('warning', false) || has('fail', false) ? 'fitWithWarnings' : 'fit';
}
