import { Resolver } from 'node:dns/promises';
import type {
	ICredentialDataDecryptedObject,
	ICredentialsDecrypted,
	ICredentialTestFunctions,
	IExecuteFunctions,
	INodeCredentialTestResult,
	INodeProperties,
} from 'n8n-workflow';

import { checkDkimRecord, makeDkimSigner } from '../../mail/index';
import type { DkimSigner } from '../../mail/index';
import { asText } from './as-text';

/** Shown under Options of the nodes that send. */
export const signWithDkimProperty: INodeProperties = {
	displayName: 'Sign With DKIM',
	name: 'signWithDkim',
	type: 'boolean',
	default: true,
	description:
		'Whether to sign the mail with a DKIM key of yours, chosen above. Only needed when your mail server does not sign by itself.',
};

/** For the credential `dkimKey`: it is asked for when the option is on. */
export const SHOWN_WHEN_SIGNED = { show: { '/options.signWithDkim': [true] } };

/**
 * The signer that the node's credential describes; undefined when the mail is not to be signed.
 *
 * @throws Error when the key cannot sign: a mail that should be signed never leaves unsigned
 */
export async function readDkimSigner(context: IExecuteFunctions): Promise<DkimSigner | undefined> {
	if (context.getNodeParameter('options.signWithDkim', 0, false) !== true) return undefined;
	const made = await loadSigner(context);
	if (!made.ok) throw new Error(`The DKIM key cannot sign, so nothing was sent. ${made.problem}`);
	return made.signer;
}

/**
 * The key that the node's credential holds, to look at and not to sign with.
 *
 * @throws Error when it cannot be read
 */
export async function readDkimKeyOf(context: IExecuteFunctions): Promise<DkimSigner['key']> {
	const made = await loadSigner(context);
	if (!made.ok) throw new Error(`The DKIM Key credential cannot be used. ${made.problem}`);
	return made.signer.key;
}

async function loadSigner(context: IExecuteFunctions) {
	return signerFrom(await context.getCredentials('dkimKey'));
}

/** The credential's test button: reads the key, and looks for its public half in the DNS. */
export async function dkimKeyTest(
	this: ICredentialTestFunctions,
	credential: ICredentialsDecrypted,
): Promise<INodeCredentialTestResult> {
	const made = signerFrom(credential.data ?? {});
	if (!made.ok) return { status: 'Error', message: made.problem };
	const { key, warnings } = made.signer;
	const [warning] = warnings;
	// n8n shows the words of a test only when it failed, so what should be mended fails it.
	if (warning) return { status: 'Error', message: `The key can sign, but: ${warning.message}` };
	const resolver = new Resolver({ timeout: 3_000, tries: 2 });
	const finding = await checkDkimRecord(key, (name) => resolver.resolveTxt(name));
	if (finding.found === 'published')
		return { status: 'OK', message: 'The key can sign, and the DNS record matches' };
	if (finding.found === 'unknown')
		return { status: 'OK', message: `The key can sign. ${finding.message}` };
	return { status: 'Error', message: `The key can sign, but: ${finding.message}` };
}

function signerFrom(credential: ICredentialDataDecryptedObject) {
	return makeDkimSigner({
		domain: asText(credential.domain),
		selector: asText(credential.selector),
		privateKey: asText(credential.privateKey),
	});
}
