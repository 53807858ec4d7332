import type { IExecuteFunctions } from 'n8n-workflow';

import {
	accountName,
	describePlan,
	keepProgress,
	runCampaign,
	writeDefinition,
} from '../../mail/index';
import type {
	CampaignDefinition,
	CampaignRunOptions,
	CompiledMessage,
	MailStore,
	RecipientOutcome,
	RunProgress,
	SmtpAccount,
} from '../../mail/index';
import { readAccountPlan, startPacer, withinPlan } from '../shared/account-pace';
import { warmPool } from '../shared/smtp-account';

export interface CampaignToRun {
	id: string;
	name: string;
	definition: CampaignDefinition;
	message: CompiledMessage;
	account: SmtpAccount;
	store: MailStore;
	recipients: CampaignRunOptions['recipients'];
	skip?: CampaignRunOptions['skip'];
	/** A campaign that is taken up again is defined already. */
	isKnown?: boolean;
}

/** Runs a campaign at its pace; what goes on is told to the editor, and to Status in any process. */
export async function* runPaced(
	context: IExecuteFunctions,
	{ id, name, definition, message, account, store, recipients, skip, isKnown }: CampaignToRun,
): AsyncGenerator<RecipientOutcome, void> {
	const plan = await readAccountPlan(context);
	const pacer = await startPacer(store, account, [plan, definition.plan]);
	const { limits } = withinPlan(account, pacer.plan);
	// Connections that the credential allows are those of all its senders: they share the pool.
	const { connections } = withinPlan(account, plan).limits;
	const progress = keepProgress(store.paceBook, id, store.clock);
	const tell = tellEditor(context, name, describePlan(pacer.plan));
	try {
		yield* runCampaign({
			...definition.run,
			store,
			message,
			recipients,
			pacer,
			...(skip ? { skip } : {}),
			pool: warmPool({
				...account,
				limits: { connections, messagesPerConnection: limits.messagesPerConnection },
			}),
			concurrency: limits.connections,
			campaign: {
				id,
				...(isKnown
					? {}
					: {
							define: {
								name,
								account: accountName(account),
								definition: writeDefinition(definition),
							},
						}),
			},
			signingKey: await store.signingKeys.current(),
			clock: store.clock,
			onProgress: (now) => {
				tell(progress.tell(now));
			},
			...signalOf(context),
		});
	} finally {
		await progress.stop();
		await pacer.close();
	}
}

export function signalOf(context: IExecuteFunctions): { signal?: AbortSignal } {
	const signal = context.getExecutionCancelSignal();
	return signal ? { signal } : {};
}

/** How often a person who watches a manual run is told of it, in ms. */
const EVERY_MS = 3_000;

/** Words in the browser's console: the only thing that n8n lets a node show while it runs. */
function tellEditor(
	context: IExecuteFunctions,
	name: string,
	pace: string,
): (running: RunProgress) => void {
	if (context.getMode() !== 'manual') return () => undefined;
	let toldAt = 0;
	return ({ outcomes, remaining, perMinute }) => {
		const now = Date.now();
		if (now - toldAt < EVERY_MS && remaining > 0) return;
		toldAt = now;
		const { sent, deferred, failed, unknown, skipped } = outcomes;
		const left =
			remaining > 0 && perMinute > 0 ? `, about ${Math.ceil(remaining / perMinute)} min to go` : '';
		context.sendMessageToUI(
			`${name}: ${sent} sent, ${deferred} deferred, ${failed + unknown} failed, ${skipped} skipped, ${remaining} remaining; ${perMinute} a minute${left}. Pace: ${pace}.`,
		);
	};
}
