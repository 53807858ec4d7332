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
import { tellOfOtherStores } from '../shared/other-stores';
import { add } from './operations/add.operation';
import { check } from './operations/check.operation';
import { exportFile } from './operations/export.operation';
import { getMany } from './operations/get-many.operation';
import { get } from './operations/get.operation';
import { importItems } from './operations/import.operation';
import type { Operation } from './operations/operation';
import { remove } from './operations/remove.operation';

const OPERATIONS: readonly Operation[] = [
	add,
	check,
	exportFile,
	get,
	getMany,
	importItems,
	remove,
];

export class SuppressionList implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Suppression List',
		name: 'suppressionList',
		icon: {
			light: 'file:../../icons/suppression-list.svg',
			dark: 'file:../../icons/suppression-list.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: operationSubtitle(OPERATIONS),
		description: 'Keep the list of addresses that must not be mailed, and check against it',
		defaults: { name: 'Suppression List' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		// Two outputs for Check, one for all else. Evaluated by the editor, so it names nothing of ours.
		outputs: `={{ $parameter["operation"] === "check" ? [{ type: "${NodeConnectionTypes.Main}", displayName: "Suppressed" }, { type: "${NodeConnectionTypes.Main}", displayName: "Not Suppressed" }] : ["${NodeConnectionTypes.Main}"] }}`,
		credentials: [mailStoreCredential],
		properties: operationProperties(OPERATIONS, 'check'),
	};

	methods = { credentialTest: { mailStoreTest } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const chosen = this.getNodeParameter('operation', 0);
		const operation = OPERATIONS.find(({ choice }) => choice.value === chosen);
		if (!operation)
			throw new NodeOperationError(this.getNode(), `There is no operation "${chosen}".`);
		const opened = await openNodeStoreNamed(this);
		await tellOfOtherStores(this, opened, {});
		return await operation.execute(this, opened.store.suppressions);
	}
}
