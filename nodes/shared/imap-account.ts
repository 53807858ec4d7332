import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IExecuteFunctions,
	INodeCredentialTestResult,
	INodeProperties,
	ITriggerFunctions,
} from 'n8n-workflow';

import { IMAP_OAUTH2_SERVICES, IMAP_PRESETS, verifyImapAccount } from '../../mail/index';
import type { ImapAccount } from '../../mail/index';
import { asText } from './as-text';
import { explainFailedTest } from './mail-problem';
import { readAccessTokens } from './oauth2-tokens';
import { readServer } from './server-fields';

/** For a node's `credentials`: which of the two is shown. */
export const WITH_IMAP_ACCOUNT = { show: { authentication: ['imapAccount'] } };
export const WITH_IMAP_OAUTH2 = { show: { authentication: ['imapOAuth2Api'] } };

/** Which of them is used. */
export const imapAuthenticationProperty: INodeProperties = {
	displayName: 'Authentication',
	name: 'authentication',
	type: 'options',
	default: 'imapAccount',
	options: [
		{ name: 'IMAP Account', value: 'imapAccount', description: 'Sign in with a password' },
		{
			name: 'OAuth2',
			value: 'imapOAuth2Api',
			description: 'Google, Microsoft 365 and others: you connect the account, without a password',
		},
	],
};

/** The account that the node's credential describes, by its parameter Authentication. */
export async function readImapAccount(context: ITriggerFunctions): Promise<ImapAccount> {
	const chosen = context.getNodeParameter('authentication', 'imapAccount');
	const type = chosen === 'imapOAuth2Api' ? 'imapOAuth2Api' : 'imapAccount';
	return await readImapCredential(context, type);
}

/**
 * The account that a credential of this type describes. With OAuth2 its tokens are read from n8n and
 * renewed through it whenever they are needed, for as long as the account is in use.
 */
export async function readImapCredential(
	context: ITriggerFunctions | IExecuteFunctions,
	type: 'imapAccount' | 'imapOAuth2Api',
): Promise<ImapAccount> {
	const credential = await context.getCredentials(type);
	if (type === 'imapAccount') return imapAccountFrom(credential);
	const user = asText(credential.user).trim();
	if (user === '')
		throw new Error('The OAuth2 credential has no user. Fill in the address of the mailbox.');
	const tokens = await readAccessTokens(context, type);
	return { ...readServer(credential, IMAP_OAUTH2_SERVICES), auth: { user, tokens } };
}

/** The credential's test button: connects, signs in and says good-bye. */
export async function imapAccountTest(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	try {
		const verified = await verifyImapAccount(imapAccountFrom(credential.data ?? {}));
		return verified.ok
			? { status: 'OK', message: 'Connected and signed in' }
			: explainFailedTest(verified.problem);
	} catch (error) {
		return { status: 'Error', message: (error as Error).message };
	}
}

function imapAccountFrom(credential: ICredentialDataDecryptedObject): ImapAccount {
	const user = asText(credential.user).trim();
	const pass = asText(credential.password);
	if (user === '' || pass === '')
		throw new Error('The credential has no user or no password. Fill in both.');
	return { ...readServer(credential, IMAP_PRESETS), auth: { user, pass } };
}
