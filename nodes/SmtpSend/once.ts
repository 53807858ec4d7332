import { createHash } from 'node:crypto';
import type { IExecuteFunctions, INodeExecutionData, IWorkflowDataProxyData } from 'n8n-workflow';

import { digestOf } from '../../mail/index';
import type { Draft, MailStore, OnceOptions, ReceiptRun } from '../../mail/index';
import { isToolCall } from '../shared/tool-call';
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
	if (isToolCall(context)) return undefined;
	const { id } = context.getNode();
	const proxy = context.getWorkflowDataProxy(0);
	const node = `${context.getWorkflow().id}:${id}`;
	const origin = originOf(proxy);
	return {
		id: `n8n:${context.getExecutionId()}:${id}`,
		node: origin === undefined ? node : `${node}:${origin}`,
		sameExecution: origin !== undefined,
		index: indexOf(context, proxy),
		isRetry: context.getMode() === 'retry',
	};
}

/**
 * n8n's Retry makes a new execution that does not name the one that it retries. But it goes on with its
 * data, and with the random token there that signs the address for resuming it. Only its digest is kept.
 *
 * @returns the same for an execution and all its retries, and for no other; undefined where n8n has no token
 */
function originOf(proxy: IWorkflowDataProxyData): string | undefined {
	const { resumeUrl } = (proxy.$execution ?? {}) as { resumeUrl?: unknown };
	if (typeof resumeUrl !== 'string' || !URL.canParse(resumeUrl)) return undefined;
	const token = new URL(resumeUrl).searchParams.get('signature');
	return token ? createHash('sha256').update(token).digest('hex').slice(0, 32) : undefined;
}

/**
 * Of an execution that died, n8n recovers one run of each node from its log, without what came out. The
 * retry begins anew and keeps that run, so that its own runs count from one where the first try's
 * counted from nought. Of an execution that failed all runs are kept as they were, and it goes on.
 */
function indexOf(context: IExecuteFunctions, proxy: IWorkflowDataProxyData): number {
	const index = proxy.$runIndex as number;
	if (index === 0 || context.getMode() !== 'retry') return index;
	return isRecovered(() => proxy.$items(context.getNode().name, 0, 0)) ? index - 1 : index;
}

/** What n8n puts in the place of an output that it does not know; nothing where the node had not ended. */
function isRecovered(read: () => INodeExecutionData[]): boolean {
	try {
		return read()[0]?.json.isArtificialRecoveredEventItem === true;
	} catch {
		return true;
	}
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
