import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	INodeCredentialTestResult,
	ITriggerFunctions,
} from 'n8n-workflow';

import { IMAP_PRESETS, verifyImapAccount } from '../../mail/index';
import type { ImapAccount } from '../../mail/index';
import { asText } from './as-text';
import { readServer } from './server-fields';
import { explainFailedTest } from './mail-problem';

/** The account that the node's credential describes. */
export async function readImapAccount(context: ITriggerFunctions): Promise<ImapAccount> {
	return imapAccountFrom(await context.getCredentials('imapAccount'));
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
