import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

import { digestOf } from '../../mail/index';
import type { Draft, MailStore, OnceOptions } from '../../mail/index';
import type { RepeatChoices } from './properties/repeats';

/** How often a mail may leave, and the key that its Message-ID is made of. */
export interface Once {
	once?: OnceOptions;
	messageKey?: string;
}

/**
 * What keeps the mail of this item from being sent twice: the user's key where there is one, and
 * otherwise the run. That stops n8n's Retry On Fail, which runs the node again with all its items
 * within the same execution and with the same run index, and Retry of an execution that failed or died.
 *
 * A mail that an agent sends is not held back by the run: its tool calls may share one, and each is meant.
 */
export async function onceFor(
	context: IExecuteFunctions,
	store: MailStore,
	itemIndex: number,
	draft: Draft,
	{ idempotency, resendUnknown }: RepeatChoices,
): Promise<Once> {
	const { receipts } = store;
	const own = runKey(context, itemIndex);
	if (idempotency) {
		const { key, countsForMs } = idempotency;
		const once = { receipts, key: keyInNode(context, key), countsForMs, resendUnknown };
		return { once, messageKey: own };
	}
	if (own === undefined) return {};
	const digest = await digestOf(draft);
	const key = (await keyOfRetried(context, store, itemIndex, digest)) ?? own;
	return { once: { receipts, key, digest, resendUnknown }, messageKey: key };
}

/**
 * Runs the node's work, and tells the store once it has ended well: until then, a retry may be one of
 * this execution.
 *
 * @throws StoreError when the store cannot be told of the run; nothing is sent then
 */
export async function withinRun<T>(
	context: IExecuteFunctions,
	{ receipts }: MailStore,
	work: () => Promise<T>,
): Promise<T> {
	if (context.isToolExecution()) return await work();
	const run = runOf(context);
	await receipts.openRun(run);
	const result = await work();
	// Of a stopped execution, the items that are left may be asked for by a retry.
	if (!context.getExecutionCancelSignal()?.aborted)
		// The mails are out, and the run stays open: no reason to fail it.
		await receipts.closeRun(run.id).catch(() => undefined);
	return result;
}

/** The same for each try of this item in this run of the node, and for nothing else. */
export function runKey(context: IExecuteFunctions, itemIndex: number): string | undefined {
	if (context.isToolExecution()) return undefined;
	return `${runOf(context).id}:${placeOf(context, itemIndex)}`;
}

/** n8n's Retry makes a new execution that does not name the one that it retries. */
async function keyOfRetried(
	context: IExecuteFunctions,
	{ receipts }: MailStore,
	itemIndex: number,
	digest: string,
): Promise<string | undefined> {
	if (context.getMode() !== 'retry') return undefined;
	return await receipts.inherit(runOf(context), { place: placeOf(context, itemIndex), digest });
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

function runOf(context: IExecuteFunctions) {
	const { id } = context.getNode();
	return {
		id: `n8n:${context.getExecutionId()}:${id}`,
		node: `${context.getWorkflow().id}:${id}`,
	};
}

/** A node in a loop runs several times in one execution. */
function placeOf(context: IExecuteFunctions, itemIndex: number): string {
	return `${context.getWorkflowDataProxy(itemIndex).$runIndex as number}:${itemIndex}`;
}
