import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { verifySmtpAccount } from '../../../mail/index';
import type { SmtpAccount } from '../../../mail/index';
import { forEachItem } from '../../shared/for-each-item';
import { problemToError } from '../../shared/mail-problem';
import { readSmtpAccount } from '../../shared/smtp-account';
import type { Operation } from './operation';

export const verify: Operation = {
	choice: {
		name: 'Verify',
		value: 'verify',
		description: 'Connect and sign in, send nothing, and tell what the server offers',
		action: 'Verify the account',
	},
	properties: [],
	execute: verifyOnce,
};

/** The server is asked once, and its answer stands for every item. */
async function verifyOnce(context: IExecuteFunctions): Promise<INodeExecutionData[]> {
	const account = await readSmtpAccount(context);
	const asked = verifySmtpAccount(account);
	return await forEachItem(context, { atATime: 1, done: () => '' }, async () => {
		const answer = await asked;
		if (!answer.ok) throw problemToError(context.getNode(), answer.problem);
		return { json: { ...describe(account), ...answer.offer } };
	});
}

function describe({ host, port, security, auth }: SmtpAccount): IDataObject {
	return { host, port, security, ...(auth ? { user: auth.user } : {}) };
}
