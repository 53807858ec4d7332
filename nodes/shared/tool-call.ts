import type { IExecuteFunctions } from 'n8n-workflow';

/**
 * Whether an agent calls the node as its tool: such calls may share one run of the node, and each is meant.
 * The first n8n 2 does not say it, but by the name that it gives the node.
 */
export function isToolCall(context: IExecuteFunctions): boolean {
	const { isToolExecution } = context as Partial<IExecuteFunctions>;
	return isToolExecution?.call(context) ?? context.getNode().type.endsWith('Tool');
}
