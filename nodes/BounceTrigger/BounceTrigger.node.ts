import type {
	INodeType,
	INodeTypeDescription,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import {
	imapAccountTest,
	imapAuthenticationProperty,
	readImapAccount,
	WITH_IMAP_ACCOUNT,
	WITH_IMAP_OAUTH2,
} from '../shared/imap-account';
import { openNodeStore } from '../shared/mail-store';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { listenOnce } from './listen-once';
import { eventOptions, eventProperties, readEventFields } from './properties/events';
import { mailboxProperties, readMailboxFields } from './properties/mailbox';
import { watchForReports } from './watch-for-reports';

export class BounceTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Bounce Trigger',
		name: 'bounceTrigger',
		icon: {
			light: 'file:../../icons/bounce-trigger.svg',
			dark: 'file:../../icons/bounce-trigger.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["mailbox"] }}',
		description:
			'Starts the workflow when a mail bounces, is complained about or is answered automatically',
		eventTriggerDescription: '',
		defaults: { name: 'Bounce Trigger' },
		usableAsTool: undefined,
		triggerPanel: {
			header: '',
			executionsHelp: {
				inactive:
					"<b>While building your workflow</b>, click \"execute step\": the newest bounce in the mailbox is shown at once, and if there is none, the next one that arrives.<br /><br /><b>Once you're happy with it</b>, publish the workflow. Then every bounce starts it. Those executions show up in the <a data-key='executions'>executions list</a>, but not in the editor.",
				active:
					'<b>While building your workflow</b>, click "execute step": the newest bounce in the mailbox is shown at once, and if there is none, the next one that arrives.<br /><br /><b>Your workflow also runs by itself</b>, since it is published. Those executions show up in the <a data-key=\'executions\'>executions list</a>, but not in the editor.',
			},
			activationHint:
				"Once you've finished building your workflow, publish it to have it listen continuously (you just won't see those executions here).",
		},
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'imapAccount',
				required: true,
				testedBy: 'imapAccountTest',
				displayOptions: WITH_IMAP_ACCOUNT,
			},
			{ name: 'imapOAuth2Api', required: true, displayOptions: WITH_IMAP_OAUTH2 },
			mailStoreCredential,
		],
		properties: [
			imapAuthenticationProperty,
			...eventProperties,
			...mailboxProperties,
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [...eventOptions].sort((a, b) => a.displayName.localeCompare(b.displayName)),
			},
		],
	};

	methods = { credentialTest: { mailStoreTest, imapAccountTest } };

	async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		const source = {
			account: await readImapAccount(this),
			store: await openNodeStore(this),
			...readMailboxFields(this),
			...readEventFields(this),
		};
		return this.getMode() === 'manual'
			? listenOnce(this, source)
			: await watchForReports(this, source);
	}
}
