import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { RecipientOutcome } from '../../mail/index';

/** The node's outputs, in their order. */
export const OUTPUTS = ['Sent', 'Deferred', 'Failed', 'Skipped'] as const;

/**
 * The recipient's item as it came, with `delivery` added: what became of the mail. The item keeps its
 * own fields, so that one that was deferred can be led back into the node after a while.
 */
export function outcomeToItem(
	outcome: RecipientOutcome,
	item: INodeExecutionData,
	campaignId: string,
): INodeExecutionData {
	return {
		json: { ...item.json, delivery: describe(outcome, campaignId) },
		...(item.binary ? { binary: item.binary } : {}),
		pairedItem: { item: outcome.index },
	};
}

/** Which output an outcome leaves by. `unknown` is no success: a person has to look at it. */
export function outputOf(outcome: RecipientOutcome): (typeof OUTPUTS)[number] {
	switch (outcome.outcome) {
		case 'sent':
			return 'Sent';
		case 'deferred':
			return 'Deferred';
		case 'failed':
		case 'unknown':
			return 'Failed';
		case 'skipped':
			return 'Skipped';
	}
}

function describe(outcome: RecipientOutcome, campaignId: string): IDataObject {
	const { outcome: name, recipient } = outcome;
	const common = { outcome: name, campaignId, recipient };
	if (name === 'skipped')
		return { ...common, skipReason: outcome.skipReason, reason: outcome.reason };
	const attempted = {
		...common,
		messageId: outcome.messageId,
		attempts: outcome.attempts,
		at: new Date(outcome.at).toISOString(),
	};
	switch (name) {
		case 'sent':
			return { ...attempted, reply: outcome.reply };
		case 'deferred':
			return {
				...attempted,
				reason: outcome.reason,
				retryAt: new Date(outcome.retryAt).toISOString(),
				...(outcome.reply ? { reply: outcome.reply } : {}),
				...(outcome.blame ? { blame: outcome.blame } : {}),
			};
		case 'failed':
			return {
				...attempted,
				reason: outcome.reason,
				blame: outcome.blame,
				...(outcome.reply ? { reply: outcome.reply } : {}),
			};
		case 'unknown':
			return { ...attempted, reason: outcome.reason };
	}
}
