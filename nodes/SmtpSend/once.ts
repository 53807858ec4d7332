import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

import type { MailStore, OnceOptions } from '../../mail/index';
import type { RepeatChoices } from './properties/repeats';

/**
 * What keeps the mail of this item from being sent twice: the user's key where there is one, and
 * otherwise the run.
 */
export function onceFor(
	context: IExecuteFunctions,
	store: MailStore,
	itemIndex: number,
	{ idempotency, resendUnknown }: RepeatChoices,
): OnceOptions | undefined {
	if (!idempotency) {
		const once = onceByRun(context, store, itemIndex);
		return once && { ...once, resendUnknown };
	}
	const { key, countsForMs } = idempotency;
	return { receipts: store.receipts, key: keyInNode(context, key), countsForMs, resendUnknown };
}

/**
 * A key is of one node: an order's confirmation and its invoice may both have the order's number, and
 * neither must keep the other from leaving. What the user wrote may name a person, so only its digest
 * is kept.
 */
function keyInNode(context: IExecuteFunctions, key: string): string {
	const parts = [context.getWorkflow().id, context.getNode().id, key];
	return `key:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`;
}

/**
 * What keeps n8n's Retry On Fail from sending a mail twice: it runs the node again with all its items,
 * within the same execution and with the same run index.
 *
 * @returns undefined for a mail that an agent sends: its tool calls may share a run, and each is meant
 */
function onceByRun(
	context: IExecuteFunctions,
	store: MailStore,
	itemIndex: number,
): OnceOptions | undefined {
	const key = runKey(context, itemIndex);
	return key === undefined ? undefined : { receipts: store.receipts, key };
}

/** The same for each try of this item in this run of the node, and for nothing else. */
export function runKey(context: IExecuteFunctions, itemIndex: number): string | undefined {
	if (context.isToolExecution()) return undefined;
	const runIndex = context.getWorkflowDataProxy(itemIndex).$runIndex as number;
	const parts = [context.getExecutionId(), context.getNode().id, runIndex, itemIndex];
	return `n8n:${parts.join(':')}`;
}
