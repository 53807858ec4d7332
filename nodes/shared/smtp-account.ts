import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IExecuteFunctions,
	INodeCredentialTestResult,
} from 'n8n-workflow';

import { accountKey, createSmtpPool, SMTP_PRESETS, verifySmtpAccount } from '../../mail/index';
import type { SmtpAccount, SmtpPool } from '../../mail/index';
import { asText } from './as-text';
import { readServer } from './server-fields';
import { explainFailedTest } from './mail-problem';

/** Warm connections outlive the execution: one pool an account, for every node of the process. */
const pools = new Map<string, SmtpPool>();

/** The account that the node's credential describes. */
export async function readSmtpAccount(context: IExecuteFunctions): Promise<SmtpAccount> {
	return smtpAccountFrom(await context.getCredentials('smtpAccount'));
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
	const server = readServer(credential, SMTP_PRESETS);
	const ehloName = asText(credential.ehloName).trim();
	return {
		...server,
		...(credential.authentication === 'none' ? {} : { auth: readAuth(credential) }),
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
