import type { IDataObject } from 'n8n-workflow';

import { runContext } from '../../../nodes/shared/run-context';
import { executeContext } from '../execute-context';

const ITEMS = [
	{ email: 'ada@example.com', order: { number: 7 }, 'first name': 'Ada' },
	{ email: 'grace@example.com', order: {}, list: ['a'] },
];

/** Expressions that n8n works out are counted: `executeContext` then gives the email in capitals. */
function read(parameters: IDataObject, name: string) {
	const context = executeContext(ITEMS, parameters);
	const quick = runContext(context);
	const values = ITEMS.map((_, index) => quick.getNodeParameter(name, index, 'none') as unknown);
	return { values, evaluated: context.evaluated };
}

describe('the context of a run over many items', () => {
	it('reads a parameter without an expression once, and nobody can change it for the others', () => {
		const context = executeContext(ITEMS, { options: { to: 'x' } });
		let asked = 0;
		const ask = context.getNodeParameter.bind(context);
		context.getNodeParameter = ((...args: Parameters<typeof ask>) => {
			asked += 1;
			return ask(...args);
		}) as typeof ask;
		const quick = runContext(context);
		const [first, second] = [0, 1].map(
			(index) => quick.getNodeParameter('options', index) as object,
		);
		expect(asked).toBe(1);
		expect(second).toBe(first);
		expect(() => Object.assign(first ?? {}, { to: 'y' })).toThrow(TypeError);
	});

	it.each([
		['={{ $json.email }}', ['ada@example.com', 'grace@example.com']],
		['={{$json["email"]}}', ['ada@example.com', 'grace@example.com']],
		["={{ $json['email'] }}", ['ada@example.com', 'grace@example.com']],
	])('looks %s up without n8n', (to, values) => {
		expect(read({ to }, 'to')).toEqual({ values, evaluated: 0 });
	});

	it('looks fields up within a collection, and leaves the rest of it as it is', () => {
		const options = { cc: '={{ $json.email }}', retries: 2 };
		expect(read({ options }, 'options')).toEqual({
			values: ITEMS.map(({ email }) => ({ cc: email, retries: 2 })),
			evaluated: 0,
		});
	});

	it.each([
		['has text around it', '=To: {{ $json.email }}'],
		['has a space before it', '= {{ $json.email }}'],
		['calls a function', '={{ $json.email.toUpperCase() }}'],
		['reads another node', "={{ $('Form').item.json.email }}"],
		['is two', '={{ $json.email }}{{ $json.email }}'],
	])('leaves an expression to n8n that %s', (_, to) => {
		expect(read({ to }, 'to').evaluated).toBe(2);
	});

	it.each([
		['missing', '={{ $json.nobody }}', 2],
		['missing from one item only', '={{ $json.order.number }}', 1],
		['a list', '={{ $json.list }}', 2],
		['an object', '={{ $json.order }}', 2],
		['of the prototype', '={{ $json.constructor }}', 2],
		['of the prototype of text', '={{ $json.email.length }}', 2],
	])('leaves a field to n8n that is %s', (_, to, evaluated) => {
		expect(read({ to }, 'to').evaluated).toBe(evaluated);
	});

	it('gives each caller its own fallback for what the node does not have', () => {
		const quick = runContext(executeContext(ITEMS, {}));
		expect(quick.getNodeParameter('to', 0, 'a')).toBe('a');
		expect(quick.getNodeParameter('to', 0, 'b')).toBe('b');
		expect(quick.getNodeParameter('options.cc', 0, 'c')).toBe('c');
	});
});
