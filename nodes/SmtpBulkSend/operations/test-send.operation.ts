import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { sendTrial } from '../../../mail/index';
import type { CampaignRecipient } from '../../../mail/index';
import { readAccountPlan, startPacer, withinPlan } from '../../shared/account-pace';
import { readMailboxes } from '../../shared/address-fields';
import { readDkimSigner } from '../../shared/dkim-key';
import { openNodeStore } from '../../shared/mail-store';
import { readSmtpAccount, warmPool } from '../../shared/smtp-account';
import { campaignForm, compileDefinition, optionsProperty, readForm } from '../form';
import { trialLinksOf } from '../links';
import { readRecipients } from '../properties/recipients';
import { signalOf } from '../run';
import type { Operation } from './operation';

/** The campaign's mail to people who look at it before it goes out. */
export const testSend: Operation = {
	choice: {
		name: 'Test Send',
		value: 'testSend',
		description:
			'Send the mail to addresses of yours, with the data of the first recipients; they themselves get nothing',
		action: 'Send a test of a campaign',
	},
	properties: [
		{
			displayName: 'Test Email',
			name: 'testEmail',
			type: 'string',
			default: '',
			required: true,
			placeholder: 'e.g. me@example.com, editor@example.com',
			description: 'Who gets the test mails; several addresses are separated by commas',
		},
		{
			displayName: 'Number of Recipients',
			name: 'samples',
			type: 'number',
			default: 1,
			typeOptions: { minValue: 1, maxValue: 50 },
			description: 'With the data of how many of the first items; each makes one mail an address',
		},
		...campaignForm,
		optionsProperty,
	],
	execute: sendTests,
};

async function sendTests(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const to = readMailboxes('Test Email', context.getNodeParameter('testEmail', 0));
	if (to.length === 0) throw new Error('Test Email is empty. Name who is to get the test mails.');
	const form = await readForm(context);
	const { definition } = form;
	const signer = await readDkimSigner(context);
	const account = await readSmtpAccount(context);
	const store = await openNodeStore(context);
	const plan = await readAccountPlan(context);
	const pacer = await startPacer(store, account, [plan, definition.plan]);
	const outputs: [INodeExecutionData[], INodeExecutionData[]] = [[], []];
	try {
		for await (const { index, ...mail } of sendTrial({
			...definition.run,
			campaign: { id: form.id },
			signingKey: await store.signingKeys.current(),
			message: compileDefinition(context, definition, {
				...(signer ? { signer } : {}),
				...(await trialLinksOf(context, store, form)),
			}),
			pool: warmPool(withinPlan(account, plan)),
			pacer,
			to: to.map(({ address }) => address),
			samples: await first(
				readRecipients(context),
				Number(context.getNodeParameter('samples', 0, 1)),
			),
			...signalOf(context),
		}))
			outputs[mail.outcome === 'sent' ? 0 : 1].push({ json: mail, pairedItem: { item: index } });
	} finally {
		await pacer.close();
	}
	return outputs;
}

async function first(
	recipients: AsyncIterable<CampaignRecipient>,
	count: number,
): Promise<CampaignRecipient[]> {
	const taken: CampaignRecipient[] = [];
	for await (const recipient of recipients) {
		taken.push(recipient);
		if (taken.length >= count) break;
	}
	return taken;
}
