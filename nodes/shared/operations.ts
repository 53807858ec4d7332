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
	return inOrderOfEach(operations).map((property) => ({
		...property,
		displayOptions: {
			...property.displayOptions,
			show: {
				...property.displayOptions?.show,
				operation: operations
					.filter(({ properties }) => properties.includes(property))
					.map(({ choice }) => String(choice.value)),
			},
		},
	}));
}

/** All fields once; one that an operation has to itself stands where its own form has it. */
function inOrderOfEach(operations: readonly OperationForm[]): INodeProperties[] {
	const all: INodeProperties[] = [];
	for (const { properties } of operations) {
		let next = all.length;
		for (const property of properties.toReversed()) {
			const known = all.indexOf(property);
			if (known === -1) all.splice(next, 0, property);
			else next = known;
		}
	}
	return all;
}
