import type { IExecuteFunctions } from 'n8n-workflow';

import type { SentProbe } from '../../mail/index';
import type { Looked } from './operations/operation';

/** What a try of one item came to: the mail that left, and what was seen of it. */
export interface EarlierTrip {
	sent: SentProbe;
	looked: Looked;
	/** Nothing more will be learned of it. */
	isOver: boolean;
}

const MOST = 500;
const KEPT_MS = 24 * 60 * 60_000;

/*
 * Retry On Fail runs the node again with all its items, within the same execution and so within the same
 * process: what the first try sent need not outlive it.
 */
const trips = new Map<string, EarlierTrip>();

/** The same for each try of this item in this run of the node, and for nothing else. */
export function tripKey(context: IExecuteFunctions, itemIndex: number): string {
	const run = String(context.getWorkflowDataProxy(0).$runIndex);
	return [context.getExecutionId(), context.getNode().id, run, itemIndex].join(' ');
}

export function earlierTrip(key: string): EarlierTrip | undefined {
	return trips.get(key);
}

/** Forgotten after a day, or when many others came. */
export function keepTrip(key: string, trip: EarlierTrip): void {
	trips.delete(key);
	trips.set(key, trip);
	const oldest = Date.now() - KEPT_MS;
	for (const [other, { sent }] of trips) {
		if (trips.size <= MOST && sent.at > oldest) break;
		trips.delete(other);
	}
}
