import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/** What one input item became, or the error that it ended in. */
export type ItemResult = { item: INodeExecutionData } | { error: NodeOperationError };

/**
 * Runs `work` for every input item, a few at a time, and gives the results in the items' order, each
 * paired with its item.
 *
 * With On Error set to continue, a failed item carries its error and the others go on. Otherwise no
 * further item is begun, those begun are finished, and the error says how many were done before it,
 * since n8n throws their outputs away.
 *
 * @param options.done the sentence about those that were done before
 * @param options.count so many of the items only, from the first
 */
export async function forEachItem(
	context: IExecuteFunctions,
	options: { atATime: number; done: (count: number) => string; count?: number },
	work: (itemIndex: number) => Promise<INodeExecutionData>,
): Promise<INodeExecutionData[]> {
	const { count = context.getInputData().length } = options;
	const goOn = context.continueOnFail();
	const results: ItemResult[] = [];
	let next = 0;
	let failed = false;
	let cancelled = false;
	context.onExecutionCancellation(() => {
		cancelled = true;
	});

	const worker = async () => {
		while (next < count && !cancelled && (goOn || !failed)) {
			const itemIndex = next++;
			try {
				results[itemIndex] = {
					item: { pairedItem: { item: itemIndex }, ...(await work(itemIndex)) },
				};
			} catch (error) {
				failed = true;
				results[itemIndex] = { error: asNodeError(context, error, itemIndex) };
			}
		}
	};
	await Promise.all(Array.from({ length: Math.min(options.atATime, count) }, worker));

	if (goOn) return results.map((result, itemIndex) => asItem(result, itemIndex));
	const first = results.find((result) => 'error' in result);
	if (first) {
		const before = results.filter((result) => 'item' in result).length;
		if (before > 0)
			first.error.description = [first.error.description, options.done(before)]
				.filter(Boolean)
				.join(' ');
		throw first.error;
	}
	return results.flatMap((result) => ('item' in result ? [result.item] : []));
}

function asItem(result: ItemResult, itemIndex: number): INodeExecutionData {
	if ('item' in result) return result.item;
	const { message, description } = result.error;
	return {
		json: { error: message, details: description ?? '' },
		error: result.error,
		pairedItem: { item: itemIndex },
	};
}

/** The error of an item, as n8n shows it; whatever was thrown. */
export function asNodeError(
	context: IExecuteFunctions,
	error: unknown,
	itemIndex: number,
): NodeOperationError {
	if (error instanceof NodeOperationError) {
		error.context.itemIndex = itemIndex;
		return error;
	}
	return new NodeOperationError(context.getNode(), error as Error, { itemIndex });
}
