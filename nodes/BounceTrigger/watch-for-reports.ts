import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { INodeExecutionData, IRun, ITriggerFunctions, ITriggerResponse } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { explainTimeout, neededParts, watchMailbox } from '../../mail/index';
import type { MailBatch, ReadMail, Verdict, WatchChange } from '../../mail/index';
import { problemToError } from '../shared/mail-problem';
import { readMessage, toItems } from './source';
import type { ReportSource } from './source';

/**
 * How long to wait for an execution to end before its mails count as handed on. By then n8n has
 * recorded that it was started, which is what must not be lost.
 */
const EXECUTION_WAIT_MS = 10_000;
/** How long activating may wait for the mailbox to be opened: n8n gives it 84 seconds. */
const BEGIN_WAIT_MS = 60_000;
/** So many executions may run at a time, where each mail has one. */
const EXECUTIONS = 10;
/** So many mails are in one execution at most, where all that is new comes together. */
const MAILS_TOGETHER = 500;

/**
 * Watches the mailbox for as long as the workflow is active: each report in one execution, whatever the
 * network does in between.
 *
 * @throws NodeOperationError when a person who is activating the workflow should know at once that
 *   the mailbox cannot be opened. After a restart of n8n the watch waits for the server instead.
 */
export async function watchForReports(
	context: ITriggerFunctions,
	source: ReportSource,
): Promise<ITriggerResponse> {
	const { account, mailbox, startWith, store } = source;
	const name = nameOfMark(context, source);
	const watch = watchMailbox(account, {
		mailbox,
		startWith,
		neededParts,
		loadMark: () => store.mailboxMarks.get(name),
		saveMark: (mark, handedOn) => store.mailboxMarks.set(name, mark, handedOn),
		lookUp: (digests) => store.mailboxMarks.lookUp(name, digests),
		...(source.together
			? {
					together: MAILS_TOGETHER,
					take: (digests, batch) => store.mailboxMarks.take(name, digests, batch),
				}
			: { together: EXECUTIONS }),
		onMail: (batch) => handOn(context, source, batch),
		onState: (change) => {
			tellState(context, change);
		},
		onProblem: ({ message, advice }) => {
			fail(context, new NodeOperationError(context.getNode(), message, { description: advice }));
		},
	});
	// Whoever activates the workflow and then sends must not have the first bounce taken for old mail.
	if (['activate', 'update', 'manual'].includes(context.getActivationMode())) {
		const begun = await Promise.race([
			watch.begun,
			sleep(BEGIN_WAIT_MS, { ok: true } as const, { ref: false }),
		]);
		if (!begun.ok) {
			await watch.stop();
			throw problemToError(context.getNode(), await explainTimeout(begun.problem, account));
		}
	}
	return { closeFunction: () => watch.stop() };
}

/**
 * The order matters: the store learns first, then the workflow, and only then is the message marked
 * and passed. Whatever dies in between, the message comes again in the same batch, and the key keeps
 * n8n from starting a second execution for it.
 */
async function handOn(
	context: ITriggerFunctions,
	source: ReportSource,
	batch: MailBatch,
): Promise<Verdict[]> {
	const items: INodeExecutionData[] = [];
	const verdicts: Verdict[] = [];
	for (const message of batch.messages) {
		const { kind, wanted } = await readMessage(source, message, true);
		items.push(...(await toItems(context, source, wanted, () => batch.whole(message))));
		verdicts.push(verdictFor(kind, source));
	}
	if (items.length > 0) await startExecution(context, items, batch.id);
	return verdicts;
}

function verdictFor(kind: ReadMail['kind'], { afterReading, otherMail }: ReportSource): Verdict {
	switch (kind) {
		case 'report':
			return afterReading;
		case 'reply':
			return { action: 'leave' };
		case 'other':
			return otherMail;
	}
}

async function startExecution(
	context: ITriggerFunctions,
	items: INodeExecutionData[],
	batchId: string,
): Promise<void> {
	const done = context.helpers.createDeferredPromise<IRun>();
	const key = `bounce:${context.getWorkflow().id ?? ''}:${context.getNode().id}:${batchId}`;
	context.emit([items], undefined, done, key);
	let timer: NodeJS.Timeout | undefined;
	const waited = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, EXECUTION_WAIT_MS);
	});
	try {
		await Promise.race([done.promise, waited]);
	} finally {
		clearTimeout(timer);
	}
}

/** n8n is told of a lasting failure once, so that an error workflow can tell a person. */
function tellState(context: ITriggerFunctions, change: WatchChange): void {
	if (change.state === 'lost') fail(context, problemToError(context.getNode(), change.problem));
	if (change.state === 'recovered')
		context.logger.info(
			`The mailbox is being watched again, after ${Math.round((Date.now() - change.since) / 1_000)} seconds.`,
		);
}

/** Whoever is somebody else at another server has another mark. */
function nameOfMark(context: ITriggerFunctions, { account, mailbox }: ReportSource): string {
	const { host, auth } = account;
	const parts = [context.getWorkflow().id, context.getNode().id, host, auth.user, mailbox];
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** As an execution that failed; the first n8n 2 has no such thing for a trigger, and gets it in its log. */
function fail(context: ITriggerFunctions, error: NodeOperationError): void {
	const { saveFailedExecution } = context as Partial<ITriggerFunctions>;
	if (saveFailedExecution) saveFailedExecution.call(context, error);
	else
		context.logger.error(
			[`${context.getNode().name}: ${error.message}`, error.description].filter(Boolean).join(' '),
		);
}
