import type { SuppressionReason } from '../model/event';
import type { LedgerState, RecipientOutcome, RecipientRef, SkipReason } from '../model/outcome';
import type { LedgerEntry, Suppression } from '../store/store';

export type SkippedOutcome = Extract<RecipientOutcome, { outcome: 'skipped' }>;

/** The outcome of a recipient who is not mailed, with the reason in a sentence for the user. */
export function skipped(
	{ index, recipient }: RecipientRef,
	skipReason: SkipReason,
	reason: string,
): SkippedOutcome {
	return { index, recipient, outcome: 'skipped', skipReason, reason };
}

const SUPPRESSED_FOR: Readonly<Record<SuppressionReason, string>> = {
	hardBounce: 'mail to it bounced for good',
	softBounces: 'mail to it bounced again and again',
	complained: 'its owner reported a mail as spam',
	unsubscribed: 'its owner unsubscribed',
	manual: 'it was added by hand',
};

export function skippedAsSuppressed(ref: RecipientRef, entry: Suppression): SkippedOutcome {
	const detail = entry.detail ? ` (${entry.detail})` : '';
	const of = entry.list ? ` of "${entry.list}"` : '';
	return skipped(
		ref,
		'suppressed',
		`${ref.recipient} is on the suppression list${of} since ${day(entry.createdAt)}: ${SUPPRESSED_FOR[entry.reason]}${detail}.`,
	);
}

type ServedState = Extract<LedgerState, 'sent' | 'failed' | 'unknown'>;

const SERVED: Readonly<
	Record<ServedState, { skipReason: SkipReason; says: (entry: LedgerEntry) => string }>
> = {
	sent: {
		skipReason: 'alreadySent',
		says: (entry) => `This campaign was sent to ${entry.address} on ${moment(entry.updatedAt)}.`,
	},
	failed: {
		skipReason: 'alreadyFailed',
		says: (entry) =>
			`${entry.address} refused this campaign for good on ${moment(entry.updatedAt)}: ${entry.reply ?? entry.reason ?? 'no reason given'}`,
	},
	unknown: {
		skipReason: 'outcomeUnknown',
		says: (entry) =>
			`${entry.address} may have been sent this campaign on ${moment(entry.updatedAt)}: the connection ended before the server's answer. It is not sent again unless you choose so.`,
	},
};

/** For a recipient whom the campaign has served: who they were, what became of it, and when. */
export function skippedAsServed(ref: RecipientRef, entry: LedgerEntry): SkippedOutcome | undefined {
	if (entry.state !== 'sent' && entry.state !== 'failed' && entry.state !== 'unknown')
		return undefined;
	const { skipReason, says } = SERVED[entry.state];
	return skipped(ref, skipReason, says(entry));
}

function day(time: number): string {
	return new Date(time).toISOString().slice(0, 10);
}

function moment(time: number): string {
	return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

export function skippedAsCancelled(ref: RecipientRef, since: number): SkippedOutcome {
	return skipped(
		ref,
		'campaignCancelled',
		`The campaign was cancelled on ${moment(since)}, so ${ref.recipient} is not mailed. Choose a new campaign ID to send it after all.`,
	);
}
