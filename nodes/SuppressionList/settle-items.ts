import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { NodeOperationError } from 'n8n-workflow';

/**
 * Reads something from each input item, works on all of it at once, and gives an item for each.
 *
 * An item that cannot be read stops the node before anything is done; with On Error set to continue,
 * it carries its error in its place, and the others are worked on.
 *
 * @param read what is wanted of an item, or the sentence that says what is wrong with it
 * @param work one result for each of what was read, in their order
 */
export async function settleItems<Wanted extends object>(
	context: IExecuteFunctions,
	read: (index: number) => Wanted | { error: string },
	work: (wanted: Wanted[]) => Promise<IDataObject[]>,
): Promise<INodeExecutionData[]> {
	const settled: INodeExecutionData[] = [];
	const wanted: { index: number; what: Wanted }[] = [];
	for (const index of context.getInputData().keys()) {
		const what = read(index);
		if (!('error' in what)) {
			wanted.push({ index, what });
			continue;
		}
		const error = new NodeOperationError(context.getNode(), what.error, { itemIndex: index });
		if (!context.continueOnFail()) throw error;
		settled[index] = { json: { error: what.error }, error, pairedItem: { item: index } };
	}
	const results = await work(wanted.map(({ what }) => what));
	for (const [position, { index }] of wanted.entries())
		settled[index] = { json: results[position] ?? {}, pairedItem: { item: index } };
	return settled;
}
