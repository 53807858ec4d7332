import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { openDns } from '../../mail/index';
import { asText } from '../shared/as-text';
import { dkimKeyTest } from '../shared/dkim-key';
import { itemsFromEach } from '../shared/items-from-each';
import { operationProperties } from '../shared/operations';
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
import { server } from './operations/server.operation';
import { giveOut, outputProperties } from './output';

const OPERATIONS: readonly Operation[] = [domain, message, server];

/**
 * By `hide`, not `show`: an operation that a credential or Authentication is shown for counts as part of the sign-in in n8n's
 * editor, which then leaves the choice of the operation out.
 */
function shownForAccount(show: { authentication?: string[] }) {
	return {
		show: { ...show, '/serverOptions.tryAccount': [true] },
		hide: { operation: [domain, message].map(valueOf) },
	};
}

function valueOf({ choice }: Operation): string {
	return choice.value as string;
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
		subtitle: '={{ $parameter["operation"] }}',
		description:
			'Find out whether mail will arrive at Gmail, Yahoo, Microsoft and Apple, and which record or setting must change if not',
		defaults: { name: 'Deliverability Check' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [
			{
				name: 'dkimKey',
				required: true,
				testedBy: 'dkimKeyTest',
				displayOptions: {
					show: { '/domainOptions.compareDkimKey': [true] },
					hide: { operation: [message, server].map(valueOf) },
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
		],
		properties: [
			...operationProperties(OPERATIONS, 'domain'),
			{ ...authenticationProperty, displayOptions: shownForAccount({}) },
			...outputProperties,
			{
				displayName: 'DNS Options',
				name: 'dnsOptions',
				type: 'collection',
				placeholder: 'Add Option',
				default: {},
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
			},
		],
	};

	methods = { credentialTest: { dkimKeyTest, smtpAccountTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0);
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		const results = await itemsFromEach(this, async (itemIndex) => {
			const looked = await operation.look(this, itemIndex, dnsFor(this, itemIndex));
			return await giveOut(this, itemIndex, looked);
		});
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
