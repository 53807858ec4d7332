import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { describePlan, mergePlans, rehearse } from '../../../mail/index';
import { mailProviders, readAccountPlan } from '../../shared/account-pace';
import { readDkimSigner } from '../../shared/dkim-key';
import { openNodeStore } from '../../shared/mail-store';
import { campaignForm, compileDefinition, optionsProperty, readForm } from '../form';
import { askAboutSender, describeFitness } from '../fitness';
import { hasUnsubscribe, NO_UNSUBSCRIBE } from '../hints';
import { trialLinksOf } from '../links';
import { readRecipients } from '../properties/recipients';
import { readSkipping } from '../properties/skipping';
import { signalOf } from '../run';
import type { Operation } from './operation';

/** Everything but the sending. */
export const dryRun: Operation = {
	choice: {
		name: 'Dry Run',
		value: 'dryRun',
		description:
			'Make every mail and send none: see who would be left out, which fields are missing, sizes, providers, and how long it would take',
		action: 'Try a campaign without sending it',
	},
	properties: [...campaignForm, optionsProperty],
	execute: rehearseCampaign,
};

/** So many providers and reasons are named. */
const NAMED = 100;

async function rehearseCampaign(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const items = context.getInputData();
	const form = await readForm(context);
	const { definition } = form;
	const store = await openNodeStore(context);
	const plan = mergePlans(await readAccountPlan(context), definition.plan);
	const links = await trialLinksOf(context, store, form);
	const signer = definition.isSigned ? await readDkimSigner(context) : undefined;
	const { from, bounceAddress } = definition.run;
	const asking = askAboutSender({
		from,
		...(bounceAddress !== undefined && { returnPath: bounceAddress }),
		...(signer && { key: signer.key }),
		...signalOf(context),
	});
	const rehearsal = await rehearse({
		...definition.run,
		store,
		campaign: { id: form.id },
		signingKey: await store.signingKeys.current(),
		message: compileDefinition(context, definition, links),
		...(definition.missing === 'empty'
			? { strict: compileDefinition(context, definition, { ...links, strict: true }) }
			: {}),
		...(signer && { signed: compileDefinition(context, definition, { ...links, signer }) }),
		skip: readSkipping(context),
		recipients: readRecipients(context),
		providers: mailProviders,
		plan,
		...signalOf(context),
	});
	const { sizes, sample, problems, reasons, providers, leastMs, ...counts } = rehearsal;
	const hints = hasUnsubscribe(definition) ? [] : [NO_UNSUBSCRIBE];
	const json: IDataObject = {
		campaignId: form.id,
		...counts,
		reasons: reasons.slice(0, NAMED),
		...(sizes ? { sizes } : {}),
		providers: providers.slice(0, NAMED),
		pace: describePlan(plan),
		leastMinutes: Math.ceil(leastMs / 60_000),
		hints,
		deliverability: await describeFitness(await asking, sample),
	};
	const left = problems.map(
		({ index, recipient, outcome, skipReason, reason }): INodeExecutionData => ({
			json: {
				...items[index]?.json,
				delivery: { outcome, recipient, ...(skipReason ? { skipReason } : {}), reason },
			},
			pairedItem: { item: index },
		}),
	);
	return [[{ json, pairedItem: [...items.keys()].map((item) => ({ item })) }], left];
}
