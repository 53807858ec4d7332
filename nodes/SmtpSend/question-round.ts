import type { IExecuteFunctions, IWebhookFunctions } from 'n8n-workflow';

/** Where a waiting execution keeps which of its questions is open. */
const CONTEXT_FIELD = 'questionRound';

/**
 * n8n has one address for each execution and node. In a loop the node asks several times, and a button
 * of an earlier mail would answer the question that is open now: so each link says which it belongs to.
 */
export function roundOf(context: IExecuteFunctions): string {
	return String(context.getWorkflowDataProxy(0).$runIndex);
}

/** Kept with the execution while it waits. */
export function rememberRound(context: IExecuteFunctions, round: string): void {
	context.getContext('node')[CONTEXT_FIELD] = round;
}

/** Whether a link belongs to the question that the execution waits with. */
export function isOpenRound(context: IWebhookFunctions, round: unknown): boolean {
	const name = JSON.stringify(context.getNode().name);
	const open: unknown = context.evaluateExpression(`{{ $node[${name}].context.${CONTEXT_FIELD} }}`);
	return open === round;
}
