import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import type { RecipientOutcome } from '../../mail/index';
import { readDkimSigner } from '../shared/dkim-key';
import { openNodeStoreNamed } from '../shared/mail-store';
import { tellOfOtherStores } from '../shared/other-stores';
import { readSmtpAccount } from '../shared/smtp-account';
import { compileDefinition, readForm } from './form';
import { tellOfMissingUnsubscribe } from './hints';
import { linksOf } from './links';
import { OUTPUTS } from './outcome-item';
import { collectItems, collectSummary } from './outcome-outputs';
import { readRecipients } from './properties/recipients';
import { readSkipping } from './properties/skipping';
import { runPaced } from './run';

/**
 * One run of the node: every input item comes out by one of the outputs, with what became of its mail.
 *
 * What is wrong with the node itself (an account that cannot sign in, a template that does not
 * compile) stops it with an error; where On Error says to continue, the items leave by Failed, or by
 * the error output, and carry that error.
 */
export async function sendCampaign(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const items = context.getInputData();
	const isSummary = context.getNodeParameter('outputItems', 0, 'recipients') === 'summary';
	if (items.length === 0) return isSummary ? [[]] : OUTPUTS.map(() => []);
	try {
		return await sendAll(context, items, isSummary);
	} catch (error) {
		const nodeError =
			error instanceof NodeOperationError
				? error
				: new NodeOperationError(context.getNode(), error as Error);
		if (!context.continueOnFail()) throw nodeError;
		const failed = failedItems(
			items,
			nodeError,
			context.getNode().onError === 'continueErrorOutput',
		);
		return isSummary ? [failed] : OUTPUTS.map((name) => (name === 'Failed' ? failed : []));
	}
}

async function sendAll(
	context: IExecuteFunctions,
	items: readonly INodeExecutionData[],
	isSummary: boolean,
): Promise<INodeExecutionData[][]> {
	const form = await readForm(context);
	const signer = await readDkimSigner(context);
	const account = await readSmtpAccount(context);
	const opened = await openNodeStoreNamed(context);
	const message = compileDefinition(context, form.definition, {
		...(signer ? { signer } : {}),
		...(await linksOf(context, opened.store, form)),
	});
	await tellOfOtherStores(context, opened, { campaignId: form.id, account });
	tellOfMissingUnsubscribe(context, form.definition);

	const collector = isSummary
		? collectSummary(form, [...items.keys()])
		: collectItems(form.id, ({ index }) => items[index]);
	const wait = new WaitForEverybody();
	for await (const outcome of runPaced(context, {
		...form,
		message,
		account,
		store: opened.store,
		recipients: readRecipients(context),
		skip: readSkipping(context),
	})) {
		collector.add(outcome);
		wait.add(outcome);
	}
	if (!context.continueOnFail() && !context.getExecutionCancelSignal()?.aborted)
		wait.refuse(context);
	return collector.outputs();
}

/** Where the account kept everybody waiting, a red node tells more than a list of deferred items. */
class WaitForEverybody {
	#waiting = 0;
	#others = 0;
	#reason = '';

	add(outcome: RecipientOutcome): void {
		if (outcome.outcome === 'skipped') return;
		const isWaiting = outcome.outcome === 'deferred' && outcome.waitsFor === 'account';
		if (!isWaiting) this.#others += 1;
		else if (++this.#waiting === 1) this.#reason = outcome.reason;
	}

	refuse(context: IExecuteFunctions): void {
		if (this.#waiting === 0 || this.#others > 0) return;
		throw new NodeOperationError(context.getNode(), this.#reason, {
			description: `Nobody was mailed. ${this.#waiting} recipients are waiting in the ledger; run the node again when this is mended.`,
		});
	}
}

/** n8n takes an item to its error output only by `error`, and then replaces its fields. */
function failedItems(
	items: readonly INodeExecutionData[],
	error: NodeOperationError,
	byErrorOutput: boolean,
): INodeExecutionData[] {
	return items.map((item, index) => ({
		json: {
			...item.json,
			delivery: { outcome: 'failed', reason: error.message, details: error.description ?? '' },
		},
		pairedItem: { item: index },
		...(byErrorOutput ? { error } : {}),
	}));
}
