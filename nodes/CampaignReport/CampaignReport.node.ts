import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import { NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';

import { openNodeStoreNamed } from '../shared/mail-store';
import { mailStoreCredential, mailStoreTest } from '../shared/mail-store-credential';
import { operationProperties, operationSubtitle } from '../shared/operations';
import { bounces } from './operations/bounces.operation';
import { compare } from './operations/compare.operation';
import { links } from './operations/links.operation';
import type { Operation } from './operations/operation';
import { recipients } from './operations/recipients.operation';
import { summary } from './operations/summary.operation';
import { timeline } from './operations/timeline.operation';

const OPERATIONS: readonly Operation[] = [bounces, compare, links, recipients, summary, timeline];

export class CampaignReport implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Campaign Report',
		name: 'campaignReport',
		icon: {
			light: 'file:../../icons/campaign-report.svg',
			dark: 'file:../../icons/campaign-report.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: operationSubtitle(OPERATIONS),
		description:
			'See what became of a campaign, while it runs and after: as items, page and charts',
		defaults: { name: 'Campaign Report' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		// In letters for once: the lint of community packages looks for a node that tests the credential.
		credentials: [{ ...mailStoreCredential, name: 'mailStorePostgres', testedBy: 'mailStoreTest' }],
		properties: operationProperties(OPERATIONS, 'summary'),
	};

	methods = { credentialTest: { mailStoreTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0);
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		const { store } = await openNodeStoreNamed(this);
		return [await operation.execute(this, store)];
	}
}
