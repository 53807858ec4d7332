import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IExecuteFunctions,
	INodeCredentialTestResult,
	INodeProperties,
} from 'n8n-workflow';

import {
	accountKey,
	createSmtpPool,
	SMTP_OAUTH2_SERVICES,
	SMTP_PRESETS,
	verifySmtpAccount,
} from '../../mail/index';
import type { PacePlan, SmtpAccount, SmtpAuth, SmtpPool } from '../../mail/index';
import { planOf } from './account-pace';
import { asText } from './as-text';
import { readAccessTokens } from './oauth2-tokens';
import { readServer } from './server-fields';
import { explainFailedTest } from './mail-problem';

/** Warm connections outlive the execution: one pool an account, for every node of the process. */
const pools = new Map<string, SmtpPool>();

/** For a node's `credentials`: which of the two is shown. */
export const WITH_ACCOUNT = { show: { authentication: ['smtpAccount'] } };
export const WITH_OAUTH2 = { show: { authentication: ['smtpOAuth2Api'] } };

/** Which of them is used. */
export const authenticationProperty: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	default: 'smtpAccount',
	options: [
		{
			name: 'SMTP Account',
			value: 'smtpAccount',
			description: 'Sign in with a password, or with none',
		},
		{
			name: 'OAuth2',
			value: 'smtpOAuth2Api',
			description: 'Google, Microsoft 365 and others: you connect the account, without a password',
		},
	],
};

/** The account that the node's credential describes. */
export async function readSmtpAccount(context: IExecuteFunctions): Promise<SmtpAccount> {
	return (await readSmtpSender(context)).account;
}

/** The account, and the limits that its credential sets: n8n is asked for the credential once. */
export async function readSmtpSender(
	context: IExecuteFunctions,
): Promise<{ account: SmtpAccount; plan: PacePlan }> {
	if (context.getNodeParameter('authentication', 0, 'smtpAccount') !== 'smtpOAuth2Api') {
		const credential = await context.getCredentials('smtpAccount');
		return { account: smtpAccountFrom(credential), plan: planOf(credential) };
	}
	const credential = await context.getCredentials('smtpOAuth2Api');
	const user = asText(credential.user).trim();
	if (user === '')
		throw new Error('The OAuth2 credential has no user. Fill in the address of the mailbox.');
	const tokens = await readAccessTokens(context, 'smtpOAuth2Api');
	const account = accountFrom(credential, SMTP_OAUTH2_SERVICES, { user, tokens });
	return { account, plan: planOf(credential) };
}

/** The pool of this account; any change of the credential makes another. */
export function warmPool(account: SmtpAccount): SmtpPool {
	const key = accountKey(account);
	let pool = pools.get(key);
	if (!pool) {
		pool = createSmtpPool(account);
		pools.set(key, pool);
	}
	return pool;
}

/** The credential's test button: connects, signs in and says good-bye. */
export async function smtpAccountTest(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const verified = await verifySmtpAccount(smtpAccountFrom(credential.data ?? {}));
		return verified.ok
			? { status: 'OK', message: 'Connected and signed in' }
			: explainFailedTest(verified.problem);
	} catch (error) {
		return { status: 'Error', message: (error as Error).message };
	}
}

function smtpAccountFrom(credential: ICredentialDataDecryptedObject): SmtpAccount {
	const auth = credential.authentication === 'none' ? undefined : readAuth(credential);
	return accountFrom(credential, SMTP_PRESETS, auth);
}

function accountFrom(
	credential: ICredentialDataDecryptedObject,
	services: typeof SMTP_PRESETS,
	auth: SmtpAuth | undefined,
): SmtpAccount {
	const ehloName = asText(credential.ehloName).trim();
	return {
		...readServer(credential, services),
		...(auth ? { auth } : {}),
		...(ehloName ? { ehloName } : {}),
		limits: {
			connections: atLeastOne(credential.maxConnections, 5),
			messagesPerConnection: atLeastOne(credential.messagesPerConnection, 100),
		},
	};
}

function readAuth(credential: ICredentialDataDecryptedObject): { user: string; pass: string } {
	const user = asText(credential.user).trim();
	const pass = asText(credential.password);
	if (user === '' || pass === '')
		throw new Error(
			'The credential has no user or no password. Fill in both, or choose to sign in with nothing.',
		);
	return { user, pass };
}

function atLeastOne(value: unknown, otherwise: number): number {
	const number = Math.floor(Number(value));
	return number >= 1 ? number : otherwise;
}
