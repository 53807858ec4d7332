import type { IExecuteFunctions } from 'n8n-workflow';

import type { MailStore, OnceOptions } from '../../mail/index';

/**
 * What keeps n8n's Retry On Fail from sending a mail twice: it runs the node again with all its items,
 * within the same execution and with the same run index.
 *
 * @returns undefined for a mail that an agent sends: its tool calls may share a run, and each is meant
 */
export function onceByRun(
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
