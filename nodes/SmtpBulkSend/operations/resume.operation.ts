import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';

import { accountName, readDefinition, readProgress } from '../../../mail/index';
import type { MailStore, SmtpAccount } from '../../../mail/index';
import { readDkimSigner, signWithDkimProperty } from '../../shared/dkim-key';
import { openNodeStore } from '../../shared/mail-store';
import { readSmtpAccount } from '../../shared/smtp-account';
import { compileDefinition } from '../form';
import { linksOf } from '../links';
import { OUTPUTS } from '../outcome-item';
import { collectItems, collectSummary, outputItemsProperty } from '../outcome-outputs';
import { campaignIdProperty, readCampaignId } from '../properties/campaign';
import { runPaced } from '../run';
import type { Operation } from './operation';

const whichProperty: INodeProperties = {
	displayName: 'Campaigns',
	name: 'resumeWhich',
	type: 'options',
	default: 'any',
	options: [
		{
			name: 'Any That Owes Mail',
			value: 'any',
			description:
				'All campaigns of this account that were begun and not finished; those that are paused stay so, and those that are being sent are left alone',
		},
		{
			name: 'One',
			value: 'one',
			description: 'The campaign with this ID; one that was paused goes on',
		},
	],
};

const optionsProperty: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	options: [signWithDkimProperty],
};

/** Finishes what campaigns still owe, without the items that they were begun with. */
export const resume: Operation = {
	choice: {
		name: 'Resume',
		value: 'resume',
		description:
			'Finish what a campaign still owes, without its source; harmless when nothing is owed',
		action: 'Resume campaigns',
	},
	properties: [
		whichProperty,
		{
			...campaignIdProperty,
			hint: 'As it stands in the node that sent it',
			default: '',
			displayOptions: { show: { resumeWhich: ['one'] } },
		},
		outputItemsProperty,
		optionsProperty,
	],
	execute: resumeCampaigns,
};

async function resumeCampaigns(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const isSummary = context.getNodeParameter('outputItems', 0, 'recipients') === 'summary';
	const account = await readSmtpAccount(context);
	const store = await openNodeStore(context);
	const ids =
		context.getNodeParameter('resumeWhich', 0, 'any') === 'one'
			? await oneCampaign(context, store)
			: await owingCampaigns(store, account);
	const outputs: INodeExecutionData[][] = (isSummary ? ['Summary'] : OUTPUTS).map(() => []);
	for (const id of ids) {
		if (context.getExecutionCancelSignal()?.aborted) break;
		const made = await resumeOne(context, id, { store, account, isSummary });
		for (const [index, items] of made.entries())
			for (const item of items) outputs[index]?.push(item);
	}
	return outputs;
}

async function resumeOne(
	context: IExecuteFunctions,
	id: string,
	{ store, account, isSummary }: { store: MailStore; account: SmtpAccount; isSummary: boolean },
): Promise<INodeExecutionData[][]> {
	const record = await store.campaigns.get(id);
	const definition = readDefinition((await store.campaigns.definition(id)) ?? '');
	if (!record || !definition) {
		hint(
			context,
			`The campaign "${id}" cannot be resumed: the store does not hold its mail. Run its Send operation again.`,
		);
		return [];
	}
	const signer = await readDkimSigner(context);
	if (definition.isSigned && !signer)
		throw new Error(
			`The campaign "${record.name}" was begun with DKIM signatures. Add Sign With DKIM under Options, with the same key.`,
		);
	const message = compileDefinition(context, definition, {
		...(signer ? { signer } : {}),
		...(await linksOf(context, store, { id, definition })),
	});
	const { name } = record;
	const collector = isSummary
		? collectSummary({ id, name }, [0])
		: collectItems(id, ({ recipient }) => ({ json: { email: recipient } }), 0);
	for await (const outcome of runPaced(context, {
		id,
		name,
		definition,
		message,
		account,
		store,
		recipients: 'owed',
		isKnown: true,
	}))
		collector.add(outcome);
	return collector.outputs();
}

/** The one that is named; whoever resumes it wants a paused one to go on. */
async function oneCampaign(context: IExecuteFunctions, store: MailStore): Promise<string[]> {
	const id = readCampaignId(context);
	const record = await store.campaigns.get(id);
	if (!record) {
		hint(
			context,
			`There is no campaign "${id}" in the mail store, so there was nothing to resume.`,
		);
		return [];
	}
	if (record.state === 'cancelled') {
		hint(context, `The campaign "${record.name}" was cancelled; a cancelled one cannot go on.`);
		return [];
	}
	if (record.state === 'paused') await store.campaigns.setState(id, 'running');
	return record.finishedAt === undefined ? [id] : [];
}

/** Those of this account with somebody due whom nobody is sending to now. */
async function owingCampaigns(store: MailStore, account: SmtpAccount): Promise<string[]> {
	const own = accountName(account);
	const ids: string[] = [];
	for (const { id, account: by, dueAt } of await store.campaigns.owing())
		if (by === own && dueAt <= store.clock() && !(await isUnderWay(store, id))) ids.push(id);
	return ids;
}

const LOOK_MS = 1_000;

/**
 * Whether a run of it lives: it says so every few seconds. One that said so last a moment ago, before it
 * died, is given the time to say it once more.
 */
async function isUnderWay(store: MailStore, id: string): Promise<boolean> {
	const first = await readProgress(store.paceBook, id, store.clock());
	for (;;) {
		const now = await readProgress(store.paceBook, id, store.clock());
		if (!first || !now) return false;
		if (now.at > first.at) return true;
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
	}
}

function hint(context: IExecuteFunctions, message: string): void {
	context.addExecutionHints({ message, type: 'info', location: 'outputPane' });
}
