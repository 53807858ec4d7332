import type {
	IDataObject,
	IExecuteFunctions,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';

import { checkMessage, rspamdAt, scanMessage, spamAssassinAt } from '../../../mail/index';
import type { MailProfile, Scan, Scanner } from '../../../mail/index';
import { asText } from '../../shared/as-text';
import { messageProperties, readMessage } from '../../shared/message-input';
import { listIn } from '../list-in';
import type { Operation } from './operation';

/** What receivers and filters see in a message, before it is sent. */
export const message: Operation = {
	choice: {
		name: 'Message',
		value: 'message',
		description:
			'Look through a message: before it is sent, such as the file that Preview of SMTP Send gives, or after it arrived, with what its receiver thought',
		action: 'Check a message',
	},
	properties: [
		...messageProperties.map(withoutNotifications),
		{
			displayName: 'Receiving Servers',
			name: 'receivers',
			type: 'string',
			default: '',
			placeholder: 'e.g. mx.example.com',
			description:
				'For a mail that arrived: the servers whose verdict on SPF, DKIM and DMARC is believed, separated by commas. Left empty, the topmost Received line tells.',
		},
		{
			displayName: 'Spam Filters',
			name: 'spamFilters',
			type: 'collection',
			placeholder: 'Add Filter',
			default: {},
			options: [
				{
					displayName: 'Rspamd Address',
					name: 'rspamd',
					type: 'string',
					default: '',
					placeholder: 'e.g. http://127.0.0.1:11333',
					description:
						'Your own rspamd: its score and the rules that gave points. Its normal worker (port 11333) is asked, which needs no password.',
				},
				{
					displayName: 'SpamAssassin Address',
					name: 'spamAssassin',
					type: 'string',
					default: '',
					placeholder: 'e.g. 127.0.0.1:783',
					description:
						'Your own SpamAssassin, by its daemon spamd: its score and the rules that gave points',
				},
			],
		},
	],
	async look(context, itemIndex) {
		const raw = await readMessage(context, itemIndex);
		const profile = context.getNodeParameter('profile', itemIndex) as MailProfile;
		const scanners = readScanners(context, itemIndex);
		const [{ findings, subject }, scanned] = await Promise.all([
			checkMessage({
				raw,
				profile,
				receivers: listIn(context.getNodeParameter('receivers', itemIndex, '')),
			}),
			scanMessage(raw, scanners, context.getExecutionCancelSignal()),
		]);
		return {
			subject: subject === '' ? 'a message without a subject' : subject,
			findings: [...findings, ...scanned.findings],
			...(scanners.length > 0 && {
				details: { filters: scanned.scans.map(({ filter, scan }) => describe(filter, scan)) },
			}),
		};
	},
};

/** @throws Error, in the user's words, when an address is none */
function readScanners(context: IExecuteFunctions, itemIndex: number): Scanner[] {
	const filters = context.getNodeParameter('spamFilters', itemIndex, {}) as IDataObject;
	const [rspamd, spamAssassin] = [filters.rspamd, filters.spamAssassin].map((address) =>
		asText(address).trim(),
	);
	return [
		...(rspamd ? [rspamdAt(rspamd)] : []),
		...(spamAssassin ? [spamAssassinAt(spamAssassin)] : []),
	];
}

function describe(filter: Scanner['name'], scan: Scan): IDataObject {
	if (scan.outcome === 'unknown') return { filter, outcome: 'unknown', reason: scan.reason };
	const { score, threshold, action, rules } = scan;
	return {
		filter,
		outcome: 'judged',
		score,
		threshold,
		action,
		rules: rules.map((rule) => ({ ...rule })),
	};
}

/** A notification tells of a mail and is none. */
function withoutNotifications(property: INodeProperties): INodeProperties {
	if (property.name !== 'messageIn') return property;
	const options = (property.options as INodePropertyOptions[]).filter(
		({ value }) => value !== 'notification',
	);
	return { ...property, options };
}
