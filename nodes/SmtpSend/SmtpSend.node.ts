import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { dkimKeyTest, SHOWN_WHEN_SIGNED } from '../shared/dkim-key';
import { imapAccountTest } from '../shared/imap-account';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { operationProperties } from '../shared/operations';
import {
	authenticationProperty,
	smtpAccountTest,
	WITH_ACCOUNT,
	WITH_OAUTH2,
} from '../shared/smtp-account';
import { answerQuestion } from './answer-question';
import type { Operation } from './operations/operation';
import { preview } from './operations/preview.operation';
import { send } from './operations/send.operation';
import { sendAndWait } from './operations/send-and-wait.operation';
import { verify } from './operations/verify.operation';
import { COPIED_WITH_ACCOUNT, COPIED_WITH_OAUTH2 } from './properties/sent-copy';

const OPERATIONS: readonly Operation[] = [send, sendAndWait, preview, verify];

/** Nobody needs an account to look at a mail. */
const TO_SEND = { hide: { operation: ['preview'] } };

export class SmtpSend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'SMTP Send',
		name: 'smtpSend',
		icon: { light: 'file:../../icons/smtp-send.svg', dark: 'file:../../icons/smtp-send.dark.svg' },
		group: ['output'],
		version: 1,
		subtitle:
			'={{ $parameter["operation"] === "verify" ? "verify the account" : "to: " + $parameter["toEmail"] }}',
		description: 'Send one email for each item, over connections that stay warm',
		defaults: { name: 'SMTP Send' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'smtpAccount',
				required: true,
				testedBy: 'smtpAccountTest',
				displayOptions: { ...WITH_ACCOUNT, ...TO_SEND },
			},
			{ name: 'smtpOAuth2Api', required: true, displayOptions: { ...WITH_OAUTH2, ...TO_SEND } },
			{
				name: 'dkimKey',
				required: true,
				testedBy: 'dkimKeyTest',
				displayOptions: SHOWN_WHEN_SIGNED,
			},
			{
				name: 'imapAccount',
				required: true,
				testedBy: 'imapAccountTest',
				displayOptions: COPIED_WITH_ACCOUNT,
			},
			{ name: 'imapOAuth2Api', required: true, displayOptions: COPIED_WITH_OAUTH2 },
			{ ...mailStoreCredential, displayOptions: TO_SEND },
		],
		waitingNodeTooltip:
			'={{ $parameter["operation"] === "sendAndWait" ? "The workflow goes on when the recipient has answered" : "" }}',
		// n8n keeps both for an execution that waits, and checks the signature of their address.
		webhooks: (['GET', 'POST'] as const).map((httpMethod) => ({
			name: 'default',
			httpMethod,
			responseMode: 'onReceived',
			path: '={{ $nodeId }}',
			restartWebhook: true,
			isFullPath: true,
		})),
		properties: [
			{ ...authenticationProperty, displayOptions: TO_SEND },
			...operationProperties(OPERATIONS, 'send'),
		],
	};

	methods = { credentialTest: { smtpAccountTest, dkimKeyTest, imapAccountTest, mailStoreTest } };

	/** The answer to a question that an execution waits with. */
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		return await answerQuestion(this);
	}

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0);
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		return [await operation.execute(this)];
	}
}
