import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { mailStoreTest } from '../shared/mail-store-credential';
import {
	authenticationProperty,
	smtpAccountTest,
	WITH_ACCOUNT,
	WITH_OAUTH2,
} from '../shared/smtp-account';
import { OUTPUTS } from './outcome-item';
import { campaignOptions, campaignProperties } from './properties/campaign';
import { contentOptions, contentProperties } from './properties/content';
import { recipientProperties } from './properties/recipients';
import { sendingOptions } from './properties/sending';
import { sendCampaign } from './send-campaign';

export class SmtpBulkSend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SMTP Bulk Send',
		name: 'smtpBulkSend',
		icon: {
			light: 'file:../../icons/smtp-bulk-send.svg',
			dark: 'file:../../icons/smtp-bulk-send.dark.svg',
		},
		group: ['output'],
		version: 1,
		subtitle: '={{ $parameter["campaignId"] }}',
		description: 'Send a personalised mail to every item, each recipient once per campaign',
		defaults: { name: 'SMTP Bulk Send' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS.map(() => NodeConnectionTypes.Main),
		outputNames: [...OUTPUTS],
		credentials: [
			{
				name: 'smtpAccount',
				required: true,
				testedBy: 'smtpAccountTest',
				displayOptions: WITH_ACCOUNT,
			},
			{ name: 'smtpOAuth2Api', required: true, displayOptions: WITH_OAUTH2 },
			{ name: 'mailStorePostgres', testedBy: 'mailStoreTest' },
		],
		properties: [
			authenticationProperty,
			...campaignProperties,
			...recipientProperties,
			...contentProperties,
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [...contentOptions, ...campaignOptions, ...sendingOptions].sort((a, b) =>
					a.displayName.localeCompare(b.displayName),
				),
			},
		],
	};

	methods = { credentialTest: { mailStoreTest, smtpAccountTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await sendCampaign(this);
	}
}
