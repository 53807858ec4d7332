import type { IExecuteFunctions } from 'n8n-workflow';

import { asText } from './as-text';
import { readFieldExpression } from './field-expression';

/**
 * Reads one text parameter for each item: one that only names a field is looked up without n8n, and
 * text without an expression is read once.
 */
export function itemText(context: IExecuteFunctions, parameter: string): (index: number) => string {
	const raw = context.getNode().parameters[parameter];
	if (typeof raw !== 'string' || !raw.startsWith('=')) {
		const text = asText(context.getNodeParameter(parameter, 0, ''));
		return () => text;
	}
	const lookUp = readFieldExpression(raw);
	if (!lookUp) return (index) => asText(context.getNodeParameter(parameter, index, ''));
	const items = context.getInputData();
	return (index) => asText(lookUp(items[index]?.json));
}
