import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

/**
 * As much of n8n as a node's execute asks for. Expressions are not evaluated, but counted: `{{ upper }}`
 * stands for one that only n8n can work out.
 */
export function executeContext(
	items: readonly IDataObject[],
	parameters: IDataObject,
	more: { continueOnFail?: boolean } = {},
): IExecuteFunctions & { evaluated: number; files: Buffer[] } {
	const input: INodeExecutionData[] = items.map((json) => ({ json }));
	const context = {
		evaluated: 0,
		files: [] as Buffer[],
		getInputData: () => input,
		getNode: () => ({ name: 'Node', type: 'test', parameters, typeVersion: 1 }),
		continueOnFail: () => more.continueOnFail ?? false,
		getNodeParameter: (name: string, index: number, otherwise: unknown) => {
			const value = name
				.split('.')
				.reduce<unknown>((at, key) => (at as IDataObject | undefined)?.[key], parameters);
			if (typeof value !== 'string' || !value.startsWith('=')) return value ?? otherwise;
			context.evaluated += 1;
			return (items[index]?.email as string).toUpperCase();
		},
		helpers: {
			prepareBinaryData: async (
				data: AsyncIterable<Buffer>,
				fileName: string,
				mimeType: string,
			) => {
				const pieces = [];
				for await (const piece of data) pieces.push(piece);
				context.files.push(Buffer.concat(pieces));
				return { data: '', fileName, mimeType };
			},
		},
	};
	return context as unknown as ReturnType<typeof executeContext>;
}
