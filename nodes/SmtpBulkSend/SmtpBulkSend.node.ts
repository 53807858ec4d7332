import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { dkimKeyTest, SHOWN_WHEN_SIGNED } from '../shared/dkim-key';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { operationProperties } from '../shared/operations';
import { authenticationProperty, smtpAccountTest } from '../shared/smtp-account';
import { cancel } from './operations/cancel.operation';
import { cleanUp } from './operations/clean-up.operation';
import { dryRun } from './operations/dry-run.operation';
import type { Operation } from './operations/operation';
import { pause } from './operations/pause.operation';
import { resume } from './operations/resume.operation';
import { send } from './operations/send.operation';
import { status } from './operations/status.operation';
import { testSend } from './operations/test-send.operation';

const OPERATIONS: readonly Operation[] = [
	cancel,
	cleanUp,
	dryRun,
	pause,
	resume,
	send,
	status,
	testSend,
];

/**
 * Those that only look into the store. By `hide`, not `show`: what Authentication is shown for counts as
 * part of the sign-in in n8n's editor, which then leaves the choice of the operation out.
 */
const WITHOUT_ACCOUNT = {
	hide: { operation: [pause, cancel, cleanUp, status].map(({ choice }) => choice.value as string) },
};

/** Evaluated by the editor, so it names nothing of ours. */
const OUTPUTS: INodeTypeDescription['outputs'] = `={{ (({ send: ["Sent", "Deferred", "Failed", "Skipped"], resume: ["Sent", "Deferred", "Failed", "Skipped"], dryRun: ["Report", "Left Out"], testSend: ["Sent", "Failed"] })[$parameter["operation"] || "send"] || ["Result"]).filter((name, index) => index === 0 || $parameter["outputItems"] !== "summary" || !["send", "resume"].includes($parameter["operation"])).map((name) => ({ type: "${NodeConnectionTypes.Main}", displayName: $parameter["outputItems"] === "summary" && ["send", "resume"].includes($parameter["operation"]) ? "Summary" : name })) }}`;

const SUBTITLE =
	'={{ ({ send: "send", resume: "resume", dryRun: "dry run", testSend: "test", pause: "pause", cancel: "cancel", cleanUp: "clean up", status: "status" })[$parameter["operation"]] + ($parameter["campaignId"] ? ": " + $parameter["campaignId"] : "") }}';

const shownForSending = (authentication: string) => ({
	show: { authentication: [authentication] },
	...WITHOUT_ACCOUNT,
});

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
		subtitle: SUBTITLE,
		description: 'Send a personalised mail to every item, each recipient once per campaign',
		defaults: { name: 'SMTP Bulk Send' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		credentials: [
			{
				name: 'smtpAccount',
				required: true,
				testedBy: 'smtpAccountTest',
				displayOptions: shownForSending('smtpAccount'),
			},
			{
				name: 'smtpOAuth2Api',
				required: true,
				displayOptions: shownForSending('smtpOAuth2Api'),
			},
			{
				name: 'dkimKey',
				required: true,
				testedBy: 'dkimKeyTest',
				displayOptions: SHOWN_WHEN_SIGNED,
			},
			mailStoreCredential,
		],
		properties: withAuthentication(operationProperties(OPERATIONS, 'send')),
	};

	methods = { credentialTest: { mailStoreTest, smtpAccountTest, dkimKeyTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0, 'send');
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		return await operation.execute(this);
	}
}

/** Which account, below the operation and above its form. */
function withAuthentication([operation, ...form]: INodeProperties[]): INodeProperties[] {
	const authentication = {
		...authenticationProperty,
		displayOptions: WITHOUT_ACCOUNT,
	};
	return [...(operation ? [operation] : []), authentication, ...form];
}
