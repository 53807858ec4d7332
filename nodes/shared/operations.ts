import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** One thing that a node can do, as its form shows it. */
export interface OperationForm {
	choice: INodePropertyOptions & { action: string };
	/** Shown while the operation is chosen, in this order. */
	properties: INodeProperties[];
}

/** The parameter that chooses among the operations, and the form of each. */
export function operationProperties(
	operations: readonly OperationForm[],
	first: string,
): INodeProperties[] {
	return [
		{
			displayName: 'Operation',
			name: 'operation',
			type: 'options',
			noDataExpression: true,
			default: first,
			options: operations.map(({ choice }) => choice),
		},
		...shareForms(operations),
	];
}

/** What stands below the node on the canvas: the chosen operation in words, not by its inner name. */
export function operationSubtitle(operations: readonly OperationForm[]): string {
	const words: Record<string, string> = {};
	for (const { choice } of operations) words[String(choice.value)] = choice.action;
	return `={{ (${JSON.stringify(words)})[$parameter["operation"]] }}`;
}

/** A field that several operations have stands once, and is shown for each of them. */
function shareForms(operations: readonly OperationForm[]): INodeProperties[] {
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
