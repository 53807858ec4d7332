import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes } from 'n8n-workflow';

import { readFeedbackFields, softBounceOption, suppressProperty } from '../shared/feedback-fields';
import { openNodeStore } from '../shared/mail-store';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { parseItems } from './parse-items';
import { messageProperties } from '../shared/message-input';

export class BounceParser implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Bounce Parser',
		name: 'bounceParser',
		icon: {
			light: 'file:../../icons/bounce-parser.svg',
			dark: 'file:../../icons/bounce-parser.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ { file: "binary file", item: "item of a mail node", notification: "Amazon SES notification", text: "text" }[$parameter["messageIn"]] }}',
		description:
			'Read a mail that came another way: who bounced, why, and what to do about it. Tells complaints, delays and automatic answers apart too.',
		defaults: { name: 'Bounce Parser' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [mailStoreCredential],
		properties: [
			...messageProperties,
			suppressProperty,
			{
				displayName: 'Options',
				name: 'options',
				type: 'collection',
				placeholder: 'Add option',
				default: {},
				options: [
					{
						displayName: 'Leave Out Other Mail',
						name: 'leaveOutOther',
						type: 'boolean',
						default: false,
						description:
							'Whether a mail that reports nothing gives no item. Otherwise it gives one with the event "other".',
					},
					softBounceOption,
				],
			},
		],
	};

	methods = { credentialTest: { mailStoreTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const read = (name: string, otherwise: unknown): unknown =>
			this.getNodeParameter(name, 0, otherwise);
		const items = await parseItems(this, {
			store: await openNodeStore(this),
			...readFeedbackFields(read),
			leaveOutOther: read('options.leaveOutOther', false) === true,
		});
		return [items];
	}
}
