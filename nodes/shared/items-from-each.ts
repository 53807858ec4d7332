import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { asNodeError } from './for-each-item';

/**
 * What comes of the input items, one after the other: any number of items each, paired with theirs. A
 * failed one stops the node, or with On Error set to continue carries its error and the others go on.
 */
export async function itemsFromEach(
	context: IExecuteFunctions,
	work: (itemIndex: number) => Promise<INodeExecutionData[]>,
): Promise<INodeExecutionData[]> {
	const output: INodeExecutionData[] = [];
	for (const itemIndex of context.getInputData().keys()) {
		const pairedItem = { item: itemIndex };
		try {
			for (const item of await work(itemIndex)) output.push({ ...item, pairedItem });
		} catch (thrown) {
			const error = asNodeError(context, thrown, itemIndex);
			if (!context.continueOnFail()) throw error;
			output.push({ json: { error: error.message }, error, pairedItem });
		}
	}
	return output;
}
