import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { openDns } from '../../mail/index';
import { asText } from '../shared/as-text';
import { dkimKeyTest } from '../shared/dkim-key';
import { imapAccountTest } from '../shared/imap-account';
import { itemsFromEach } from '../shared/items-from-each';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { operationProperties, operationSubtitle } from '../shared/operations';
import {
	authenticationProperty,
	smtpAccountTest,
	WITH_ACCOUNT,
	WITH_OAUTH2,
} from '../shared/smtp-account';
import { listIn } from './list-in';
import { domain } from './operations/domain.operation';
import { message } from './operations/message.operation';
import type { Operation } from './operations/operation';
import { roundTrip } from './operations/round-trip.operation';
import { server } from './operations/server.operation';
import { giveOut, outputProperties, WITHOUT_STORE } from './output';
import { markRunOver } from './runs-over';

const OPERATIONS: readonly Operation[] = [domain, message, roundTrip, server];

/**
 * By `hide`, not `show`: what a credential or Authentication is shown for counts as part of the sign-in in
 * n8n's editor, which then leaves the choice of the operation, or the field, out.
 */
function hiddenFor(...operations: readonly Operation[]) {
	return { operation: operations.map(valueOf) };
}

/** The sending account: for a round trip, and for a server where it is to be tried. */
function shownForAccount(show: { authentication?: string[] }) {
	return { show, hide: { ...hiddenFor(domain, message), tryAccount: [false] } };
}

const OWN_MAILBOX_BY_OAUTH2 = ['imapOAuth2Api'];

function valueOf({ choice }: Operation): string {
	return choice.value as string;
}

const dnsProperty: INodeProperties = {
	displayName: 'DNS Options',
	name: 'dnsOptions',
	type: 'collection',
	placeholder: 'Add Option',
	default: {},
	displayOptions: { hide: hiddenFor(message) },
	options: [
		{
			displayName: 'Name Servers',
			name: 'servers',
			type: 'string',
			default: '',
			placeholder: 'e.g. 192.0.2.53',
			description:
				'Addresses of the name servers to ask, separated by commas. Left empty, those of the machine that n8n runs on.',
		},
		{
			displayName: 'Time Limit (Seconds)',
			name: 'seconds',
			type: 'number',
			default: 20,
			typeOptions: { minValue: 1, maxValue: 120 },
			description:
				'How long all lookups for an item may take. What has no answer by then is unknown.',
		},
	],
};

/** What everybody fills in stands above what few need. */
function collectionsLast(properties: INodeProperties[]): INodeProperties[] {
	const isCollection = ({ type }: INodeProperties) => type === 'collection';
	return [
		...properties.filter((property) => !isCollection(property)),
		...properties.filter(isCollection),
	];
}

export class DeliverabilityCheck implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Deliverability Check',
		name: 'deliverabilityCheck',
		icon: {
			light: 'file:../../icons/deliverability-check.svg',
			dark: 'file:../../icons/deliverability-check.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: operationSubtitle(OPERATIONS),
		description:
			'Find out whether mail will arrive at Gmail, Yahoo, Microsoft and Apple, and which record or setting must change if not',
		defaults: { name: 'Deliverability Check' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{ ...mailStoreCredential, displayOptions: { hide: { output: WITHOUT_STORE } } },
			{
				name: 'dkimKey',
				required: true,
				testedBy: 'dkimKeyTest',
				displayOptions: {
					show: { '/domainOptions.compareDkimKey': [true] },
					hide: hiddenFor(message, roundTrip, server),
				},
			},
			{
				name: 'smtpAccount',
				required: true,
				testedBy: 'smtpAccountTest',
				displayOptions: shownForAccount(WITH_ACCOUNT.show),
			},
			{
				name: 'smtpOAuth2Api',
				required: true,
				displayOptions: shownForAccount(WITH_OAUTH2.show),
			},
			{
				name: 'imapAccount',
				displayName: 'Mailbox of To Email',
				required: true,
				testedBy: 'imapAccountTest',
				displayOptions: {
					hide: {
						...hiddenFor(domain, message, server),
						'/roundTripOptions.mailboxSignIn': OWN_MAILBOX_BY_OAUTH2,
					},
				},
			},
			{
				name: 'imapOAuth2Api',
				displayName: 'Mailbox of To Email',
				required: true,
				displayOptions: {
					show: { '/roundTripOptions.mailboxSignIn': OWN_MAILBOX_BY_OAUTH2 },
					hide: hiddenFor(domain, message, server),
				},
			},
		],
		properties: collectionsLast([
			...operationProperties(OPERATIONS, 'domain'),
			{ ...authenticationProperty, displayOptions: shownForAccount({}) },
			...outputProperties,
			dnsProperty,
		]),
	};

	methods = { credentialTest: { dkimKeyTest, imapAccountTest, mailStoreTest, smtpAccountTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0);
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		const results = await itemsFromEach(this, async (itemIndex) => {
			const looked = await operation.look(this, itemIndex, () => dnsFor(this, itemIndex));
			return await giveOut(this, itemIndex, looked);
		});
		if (this.getNodeParameter('output', 0) === 'changes') markRunOver(this);
		return [results];
	}
}

/** A view of the DNS of its own for each item: none waits for the time that another used up. */
function dnsFor(context: IExecuteFunctions, itemIndex: number) {
	const { servers, seconds = 20 } = context.getNodeParameter('dnsOptions', itemIndex, {}) as {
		servers?: string;
		seconds?: number;
	};
	const signal = context.getExecutionCancelSignal();
	return openDns({
		servers: listIn(asText(servers)),
		totalMs: seconds * 1_000,
		...(signal && { signal }),
	});
}
