import type {
	IHookFunctions,
	INodeType,
	INodeTypeDescription,
	IWebhookFunctions,
	IWebhookResponseData,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { reachOf } from '../../mail/index';
import { openNodeStore } from '../shared/mail-store';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { answerRequest } from './answer-request';
import { eventProperties, readEventFields } from './properties/events';
import { pageProperty, readPageFields } from './properties/pages';

export class EmailTrackingTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Email Tracking Trigger',
		name: 'emailTrackingTrigger',
		icon: {
			light: 'file:../../icons/email-tracking-trigger.svg',
			dark: 'file:../../icons/email-tracking-trigger.dark.svg',
		},
		group: ['trigger'],
		// To a trigger of version 1 n8n puts a question of its own with each request, which takes it
		// milliseconds.
		version: [1, 1.1],
		defaultVersion: 1.1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description:
			'Serves the tracking links and unsubscribe pages of your mails, and starts the workflow when somebody opens, clicks or unsubscribes',
		eventTriggerDescription: '',
		defaults: { name: 'Email Tracking Trigger' },
		usableAsTool: undefined,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [mailStoreCredential],
		// What a mail program asks for, what a form sends, and what some scanners ask instead of GET; n8n keeps
		// them under one path.
		webhooks: [
			{
				name: 'default',
				httpMethod: 'GET',
				responseMode: 'onReceived',
				path: 'm',
				ndvHideMethod: true,
			},
			{
				name: 'setup',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				path: 'm',
				ndvHideUrl: true,
				ndvHideMethod: true,
			},
			{
				name: 'default',
				httpMethod: 'HEAD',
				responseMode: 'onReceived',
				path: 'm',
				ndvHideUrl: true,
				ndvHideMethod: true,
			},
		],
		properties: [...eventProperties, pageProperty],
	};

	methods = { credentialTest: { mailStoreTest } };

	webhookMethods = {
		default: {
			/** Noted anew at each activation: the address changes with n8n's settings. */
			async checkExists(this: IHookFunctions): Promise<boolean> {
				return await Promise.resolve(false);
			},
			/** New mails point here from now on. Never to a test address, which ends within minutes. */
			async create(this: IHookFunctions): Promise<boolean> {
				const url = this.getNodeWebhookUrl('default');
				if (url === undefined || this.getMode() === 'manual') return true;
				const store = await openNodeStore(this);
				await store.tracking.openSite({ id: url, url });
				if (reachOf(url) !== 'public')
					this.logger.warn(
						`${this.getNode().name}: ${new URL(url).origin} is no public https address. Readers elsewhere may not reach it, and mail programs offer no one-click unsubscribe. Set WEBHOOK_URL to one, and publish the workflow again.`,
					);
				return true;
			},
			/** A test's end is told here too; its address was never noted. */
			async delete(this: IHookFunctions): Promise<boolean> {
				const url = this.getNodeWebhookUrl('default');
				if (url === undefined) return true;
				const store = await openNodeStore(this);
				await store.tracking.closeSite(url);
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { choice, keepVisitor, isDirect } = readEventFields(this);
		const desk = { keepVisitor, look: readPageFields(this) };
		const settings = { desk, choice, isWanted: isDirect };
		return await answerRequest(this, () => openNodeStore(this), settings);
	}
}
