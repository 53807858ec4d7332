import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { sendTransactional } from '../../mail/index';
import { readVersions } from '../shared/email-format';
import { forEachItem } from '../shared/for-each-item';
import { openNodeStore } from '../shared/mail-store';
import { readSmtpAccount, smtpAccountTest, warmPool } from '../shared/smtp-account';
import { onceByRun } from './once';
import { addressOptions, addressProperties, readAddresses } from './properties/addresses';
import { attachmentProperties, readAttachments } from './properties/attachments';
import { contentProperties } from './properties/content';
import { receiptToItem } from './receipt-item';

export class SmtpSend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SMTP Send',
		name: 'smtpSend',
		icon: { light: 'file:../../icons/smtp-send.svg', dark: 'file:../../icons/smtp-send.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle: '={{ "to: " + $parameter["toEmail"] }}',
		description: 'Send one email for each item, over connections that stay warm',
		defaults: { name: 'SMTP Send' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'smtpAccount', required: true, testedBy: 'smtpAccountTest' }],
		properties: [
			...addressProperties,
			...contentProperties,
			...attachmentProperties,
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: addressOptions,
			},
		],
	};

	methods = { credentialTest: { smtpAccountTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const account = await readSmtpAccount(this);
		const pool = warmPool(account);
		const store = await openNodeStore();
		const items = await forEachItem(
			this,
			{
				atATime: account.limits.connections,
				done: (count) =>
					`${count} ${count === 1 ? 'mail of this run was' : 'mails of this run were'} sent before. Retry On Fail does not send them again; executing the workflow again does.`,
			},
			async (itemIndex) => {
				const draft = {
					...readAddresses(this, itemIndex),
					...readVersions(this, itemIndex),
					attachments: await readAttachments(this, itemIndex),
				};
				const once = onceByRun(this, store, itemIndex);
				return receiptToItem(this.getNode(), await sendTransactional(pool, draft, { once }));
			},
		);
		return [items];
	}
}
