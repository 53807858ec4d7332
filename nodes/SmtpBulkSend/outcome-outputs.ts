import type { INodeExecutionData, INodeProperties } from 'n8n-workflow';

import type { RecipientOutcome } from '../../mail/index';
import { OUTPUTS, outcomeToItem, outputOf } from './outcome-item';

export const outputItemsProperty: INodeProperties = {
	displayName: 'Output',
	name: 'outputItems',
	type: 'options',
	default: 'recipients',
	options: [
		{
			name: 'One Item per Recipient',
			value: 'recipients',
			description:
				'By the outputs Sent, Deferred, Failed and Skipped, with what became of each mail',
		},
		{
			name: 'One Item per Run',
			value: 'summary',
			description: 'The figures only: for lists that are too long for the execution data of n8n',
		},
	],
};

/** Gathers what a run tells; the order of the items is that of the recipients. */
export interface OutcomeCollector {
	add(outcome: RecipientOutcome): void;
	outputs(): INodeExecutionData[][];
}

/** @param itemOf the item that an outcome is about, as it is given on */
export function collectItems(
	campaignId: string,
	itemOf: (outcome: RecipientOutcome) => INodeExecutionData | undefined,
	pairWith?: number,
): OutcomeCollector {
	const outcomes: RecipientOutcome[] = [];
	return {
		add: (outcome) => outcomes.push(outcome),
		outputs() {
			const outputs: INodeExecutionData[][] = OUTPUTS.map(() => []);
			for (const outcome of outcomes.toSorted((a, b) => a.index - b.index)) {
				const item = itemOf(outcome);
				if (!item) continue;
				const made = outcomeToItem(outcome, item, campaignId);
				if (pairWith !== undefined) made.pairedItem = { item: pairWith };
				outputs[OUTPUTS.indexOf(outputOf(outcome))]?.push(made);
			}
			return outputs;
		},
	};
}

/** So many of those who were not mailed are named in a summary. */
const NAMED = 100;

/** The figures of one run, however long its list is. */
export function collectSummary(
	campaign: { id: string; name: string },
	pairedItem: number[],
): OutcomeCollector {
	const startedAt = Date.now();
	const counts = { sent: 0, deferred: 0, failed: 0, unknown: 0, skipped: 0 };
	const skipped: Record<string, number> = {};
	const problems: { recipient: string; outcome: string; reason: string }[] = [];
	let retryAt = Infinity;
	return {
		add(outcome) {
			counts[outcome.outcome] += 1;
			if (outcome.outcome === 'skipped')
				skipped[outcome.skipReason] = (skipped[outcome.skipReason] ?? 0) + 1;
			if (outcome.outcome === 'deferred') retryAt = Math.min(retryAt, outcome.retryAt);
			if (
				(outcome.outcome === 'failed' || outcome.outcome === 'unknown') &&
				problems.length < NAMED
			)
				problems.push({
					recipient: outcome.recipient,
					outcome: outcome.outcome,
					reason: outcome.reason,
				});
		},
		outputs() {
			const seconds = (Date.now() - startedAt) / 1_000;
			const json = {
				campaignId: campaign.id,
				campaignName: campaign.name,
				recipients: Object.values(counts).reduce((sum, count) => sum + count, 0),
				...counts,
				skippedBy: skipped,
				problems,
				...(Number.isFinite(retryAt) ? { retryAt: new Date(retryAt).toISOString() } : {}),
				startedAt: new Date(startedAt).toISOString(),
				seconds: Math.round(seconds * 10) / 10,
				perSecond: Math.round((counts.sent / Math.max(seconds, 0.001)) * 10) / 10,
			};
			return [[{ json, pairedItem: pairedItem.map((item) => ({ item })) }]];
		},
	};
}
