import { resolveMx } from 'node:dns/promises';
import type { ICredentialDataDecryptedObject, IExecuteFunctions } from 'n8n-workflow';

import {
	accountName,
	DAY,
	HOUR,
	mergePlans,
	MINUTE,
	NO_PLAN,
	PACE_PRESETS,
	Pacer,
	Providers,
	SECOND,
} from '../../mail/index';
import type { MailStore, PacePlan, SmtpAccount } from '../../mail/index';
import { asText } from './as-text';

/** What was learnt of domains' mail servers serves every run of the process. */
export const mailProviders = new Providers({ resolveMx });

/** The limits that the node's credential sets for its account. */
export async function readAccountPlan(context: IExecuteFunctions): Promise<PacePlan> {
	const isOAuth2 = context.getNodeParameter('authentication', 0, 'smtpAccount') === 'smtpOAuth2Api';
	return planOf(await context.getCredentials(isOAuth2 ? 'smtpOAuth2Api' : 'smtpAccount'));
}

const OWN_LIMITS = [
	['perSecond', SECOND],
	['perMinute', MINUTE],
	['perHour', HOUR],
	['perDay', DAY],
] as const;

/** A credential that was saved before there were limits goes by its service. */
export function planOf(credential: ICredentialDataDecryptedObject): PacePlan {
	const chosen = credential.pace ?? 'service';
	if (chosen === 'none') return NO_PLAN;
	if (chosen === 'own') {
		const limits = OWN_LIMITS.map(([field, perMs]) => ({
			count: Math.floor(Number(credential[field] ?? 0)),
			perMs,
		}));
		return { limits: limits.filter(({ count }) => count >= 1), providers: [] };
	}
	const preset = PACE_PRESETS.find(({ id, services }) =>
		chosen === 'service' ? services?.includes(asText(credential.service)) : id === chosen,
	);
	return preset?.plan ?? NO_PLAN;
}

/** The account with no more connections, nor messages on one, than the plan has. */
export function withinPlan(account: SmtpAccount, plan: PacePlan): SmtpAccount {
	const { connections, messagesPerConnection } = account.limits;
	return {
		...account,
		limits: {
			connections: Math.min(connections, plan.connections ?? connections),
			messagesPerConnection: Math.min(
				messagesPerConnection,
				plan.messagesPerConnection ?? messagesPerConnection,
			),
		},
	};
}

/** Keeps pace for one run of this account; to be closed when it is over. */
export async function startPacer(
	store: MailStore,
	account: SmtpAccount,
	plans: readonly PacePlan[],
): Promise<Pacer> {
	return await Pacer.start({
		book: store.paceBook,
		account: accountName(account),
		plan: plans.reduce((merged, plan) => mergePlans(merged, plan), NO_PLAN),
		providers: mailProviders,
	});
}
