import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

import { compileMessage, runCampaign } from '../../mail/index';
import type { CompiledMessage, RecipientOutcome } from '../../mail/index';
import { openNodeStoreNamed } from '../shared/mail-store';
import { tellOfOtherStores } from '../shared/other-stores';
import { readSmtpAccount, warmPool } from '../shared/smtp-account';
import { OUTPUTS, outcomeToItem, outputOf } from './outcome-item';
import { readCampaign } from './properties/campaign';
import type { CampaignFields } from './properties/campaign';
import { readContent } from './properties/content';
import { readRecipients } from './properties/recipients';
import { readSending } from './properties/sending';

/**
 * One run of the node: every input item comes out by one of the outputs, with what became of its mail.
 *
 * What is wrong with the node itself (an account that cannot sign in, a template that does not
 * compile) stops it with an error; where On Error says to continue, the items leave by Failed, or by
 * the error output, and carry that error.
 */
export async function sendCampaign(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const items = context.getInputData();
	if (items.length === 0) return OUTPUTS.map(() => []);
	try {
		return await sendAll(context, items);
	} catch (error) {
		const nodeError =
			error instanceof NodeOperationError
				? error
				: new NodeOperationError(context.getNode(), error as Error);
		if (!context.continueOnFail()) throw nodeError;
		return allFailed(items, nodeError, context.getNode().onError === 'continueErrorOutput');
	}
}

async function sendAll(
	context: IExecuteFunctions,
	items: readonly INodeExecutionData[],
): Promise<INodeExecutionData[][]> {
	const campaign = readCampaign(context);
	const message = readMessage(context, campaign);
	const account = await readSmtpAccount(context);
	const opened = await openNodeStoreNamed(context);
	const { store } = opened;
	await tellOfOtherStores(context, opened, { campaignId: campaign.id, account });

	const outcomes: RecipientOutcome[] = [];
	for await (const outcome of runCampaign({
		store,
		pool: warmPool(account),
		message,
		campaign: { id: campaign.id },
		signingKey: await store.signingKeys.current(),
		from: campaign.from.address,
		...(campaign.bounceAddress ? { bounceAddress: campaign.bounceAddress } : {}),
		recipients: readRecipients(context),
		concurrency: account.limits.connections,
		...readSending(context),
		clock: store.clock,
		signal: context.getExecutionCancelSignal(),
	}))
		outcomes.push(outcome);

	refuseIfNothingWent(context, outcomes);
	return toOutputs(outcomes, items, campaign.id);
}

/** @throws NodeOperationError that names every template's problem, with line and column */
function readMessage(context: IExecuteFunctions, campaign: CampaignFields): CompiledMessage {
	const { subject, html, text, missing } = readContent(context);
	const compiled = compileMessage(
		{ from: campaign.from, replyTo: campaign.replyTo, subject, html, text },
		{ missing },
	);
	if (compiled.ok) return compiled.message;
	const [first, ...others] = compiled.problems.map((problem) => problem.message);
	throw new NodeOperationError(context.getNode(), first ?? 'The templates cannot be read.', {
		description: [...others, 'Nobody was mailed.'].join(' '),
	});
}

/** Where the account kept everybody waiting, a red node tells more than a list of deferred items. */
function refuseIfNothingWent(
	context: IExecuteFunctions,
	outcomes: readonly RecipientOutcome[],
): void {
	if (context.continueOnFail() || context.getExecutionCancelSignal()?.aborted) return;
	const owed = outcomes.filter(({ outcome }) => outcome !== 'skipped');
	const [first] = owed;
	const allWait = owed.every(
		(outcome) => outcome.outcome === 'deferred' && outcome.attempts === 0 && !outcome.reply,
	);
	if (first?.outcome !== 'deferred' || !allWait) return;
	throw new NodeOperationError(context.getNode(), first.reason, {
		description: `Nobody was mailed. ${owed.length} recipients are waiting in the ledger; run the node again when this is mended.`,
	});
}

function toOutputs(
	outcomes: readonly RecipientOutcome[],
	items: readonly INodeExecutionData[],
	campaignId: string,
): INodeExecutionData[][] {
	const outputs: INodeExecutionData[][] = OUTPUTS.map(() => []);
	for (const outcome of outcomes.toSorted((a, b) => a.index - b.index)) {
		const item = items[outcome.index];
		if (item)
			outputs[OUTPUTS.indexOf(outputOf(outcome))]?.push(outcomeToItem(outcome, item, campaignId));
	}
	return outputs;
}

/** n8n takes an item to its error output only by `error`, and then replaces its fields. */
function allFailed(
	items: readonly INodeExecutionData[],
	error: NodeOperationError,
	byErrorOutput: boolean,
): INodeExecutionData[][] {
	const failed = items.map((item, index) => ({
		json: {
			...item.json,
			delivery: { outcome: 'failed', reason: error.message, details: error.description ?? '' },
		},
		pairedItem: { item: index },
		...(byErrorOutput ? { error } : {}),
	}));
	return OUTPUTS.map((name) => (name === 'Failed' ? failed : []));
}
