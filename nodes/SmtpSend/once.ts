import { createHash } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';

import { digestOf } from '../../mail/index';
import type { Draft, MailStore, OnceOptions, ReceiptRun } from '../../mail/index';
import type { RepeatChoices } from './properties/repeats';

/** How often a mail may leave, and the key that its Message-ID is made of. */
export interface Once {
	once?: OnceOptions;
	messageKey?: string;
}

/** What the node does in one execution, for all of its items. */
export interface NodeRun extends ReceiptRun {
	/** A node in a loop runs several times in one execution. */
	index: number;
	isRetry: boolean;
}

/** @returns undefined for an agent's tool call: it may share its run with others, and each is meant */
export function readRun(context: IExecuteFunctions): NodeRun | undefined {
	if (context.isToolExecution()) return undefined;
	const { id } = context.getNode();
	return {
		id: `n8n:${context.getExecutionId()}:${id}`,
		node: `${context.getWorkflow().id}:${id}`,
		index: context.getWorkflowDataProxy(0).$runIndex as number,
		isRetry: context.getMode() === 'retry',
	};
}

/** The same for each try of this item in this run of the node, and for nothing else. */
export function runKey(run: NodeRun | undefined, itemIndex: number): string | undefined {
	return run && `${run.id}:${placeOf(run, itemIndex)}`;
}

/**
 * What keeps the mail of this item from being sent twice: the user's key where there is one, and
 * otherwise the run. That stops n8n's Retry On Fail, which runs the node again with all its items
 * within the same execution and with the same run index, and Retry of an execution that failed or died.
 * Without a run, only a key holds a mail back.
 */
export async function onceFor(
	run: NodeRun | undefined,
	context: IExecuteFunctions,
	{ receipts }: MailStore,
	itemIndex: number,
	draft: Draft,
	{ idempotency, resendUnknown }: RepeatChoices,
): Promise<Once> {
	const own = runKey(run, itemIndex);
	if (idempotency) {
		const { key, countsForMs } = idempotency;
		const once = { receipts, key: keyInNode(context, key), countsForMs, resendUnknown };
		return { once, messageKey: own };
	}
	if (!run || own === undefined) return {};
	const digest = await digestOf(draft);
	const place = placeOf(run, itemIndex);
	// n8n's Retry makes a new execution that does not name the one that it retries.
	const inherited = run.isRetry ? await receipts.inherit(run, { place, digest }) : undefined;
	const key = inherited ?? own;
	return { once: { receipts, key, digest, resendUnknown }, messageKey: key };
}

/**
 * Runs the node's work, and tells the store once it has ended well: until then, a retry may be one of
 * this execution.
 *
 * @throws StoreError when the store cannot be told of the run; nothing is sent then
 */
export async function withinRun<T>(
	run: NodeRun | undefined,
	context: IExecuteFunctions,
	{ receipts }: MailStore,
	work: (later: NonNullable<OnceOptions['later']>) => Promise<T>,
): Promise<T> {
	const writing = new Set<Promise<void>>();
	const later = (written: Promise<void>) => {
		writing.add(written);
		void written.then(() => writing.delete(written));
	};
	if (run) await receipts.openRun(run);
	const result = await work(later).finally(() => Promise.all(writing));
	if (!run) return result;
	// Of a stopped execution, the items that are left may be asked for by a retry.
	if (!context.getExecutionCancelSignal()?.aborted)
		// The mails are out, and the run stays open: no reason to fail it.
		await receipts.closeRun(run.id).catch(() => undefined);
	return result;
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

function placeOf({ index }: NodeRun, itemIndex: number): string {
	return `${index}:${itemIndex}`;
}
