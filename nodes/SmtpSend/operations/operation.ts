import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeProperties,
	INodePropertyOptions,
} from 'n8n-workflow';

/** One thing that the node can do: its entry in the list, its form, and what it does. */
export interface Operation {
	choice: INodePropertyOptions & { action: string };
	/** Shown while the operation is chosen, in this order. */
	properties: INodeProperties[];
	execute(context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

/** The parameter that chooses among the operations, and the form of each. */
export function operationProperties(operations: readonly Operation[]): INodeProperties[] {
	return [
		{
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			default: 'send',
			options: operations.map(({ choice }) => choice),
		},
		...shareForms(operations),
	];
}

/** A field that several operations have stands once, and is shown for each of them. */
function shareForms(operations: readonly Operation[]): INodeProperties[] {
	const shown = new Map<INodeProperties, string[]>();
	for (const { choice, properties } of operations)
		for (const property of properties)
			shown.set(property, [...(shown.get(property) ?? []), String(choice.value)]);
	return [...shown].map(([property, values]) => ({
		...property,
		displayOptions: {
			...property.displayOptions,
			show: { ...property.displayOptions?.show, operation: values },
		},
	}));
}
