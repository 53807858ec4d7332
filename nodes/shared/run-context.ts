import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { readFieldExpression } from './field-expression';

/**
 * The context of one run of a node over many items, which asks n8n once for what is the same for all:
 * n8n copies the node each time it is asked, and works each parameter out anew for each item.
 *
 * Parameters without an expression are read once, and shared by all items: they are frozen. Expressions
 * that only name a field of the item are looked up here. All others are n8n's, and so is a field that
 * is missing or holds no plain text, number or truth value.
 */
export function runContext(context: IExecuteFunctions): IExecuteFunctions {
	const node = context.getNode();
	const items = context.getInputData();
	const readers = new Map<string, Reader>();

	const readerOf = (name: string): Reader => {
		const known = readers.get(name);
		if (known) return known;
		const reader = makeReader(rawParameter(node.parameters, name));
		readers.set(name, reader);
		return reader;
	};
	const getNodeParameter = (name: string, index: number, fallback?: unknown, more?: object) => {
		const ask = () =>
			context.getNodeParameter(name, index, fallback as IDataObject, more as undefined) as unknown;
		if (more !== undefined) return ask();
		const reader = readerOf(name);
		if (reader === 'n8n') return ask();
		if (reader === 'once') {
			const value = deepFrozen(ask());
			readers.set(name, () => value);
			return value;
		}
		return reader(items[index]?.json) ?? ask();
	};
	return Object.create(context, {
		getNode: { value: () => node },
		getNodeParameter: { value: getNodeParameter },
	}) as IExecuteFunctions;
}

/** From an item's JSON; undefined where n8n has to be asked after all. */
type Look = (json: unknown) => unknown;

type Reader = Look | 'once' | 'n8n';

/** What a node does not have comes out as each caller's own fallback. */
function makeReader(raw: unknown): Reader {
	if (raw === undefined) return 'n8n';
	return hasExpression(raw) ? (makeLook(raw) ?? 'n8n') : 'once';
}

function rawParameter(parameters: IDataObject, name: string): unknown {
	return name
		.split('.')
		.reduce<unknown>((at, key) => (at as IDataObject | null | undefined)?.[key], parameters);
}

function hasExpression(value: unknown): boolean {
	if (typeof value === 'string') return value.startsWith('=');
	return typeof value === 'object' && value !== null && Object.values(value).some(hasExpression);
}

/** @returns undefined for a parameter in which some expression is n8n's */
function makeLook(raw: unknown): Look | undefined {
	if (!hasExpression(raw)) return () => raw;
	if (typeof raw === 'string') {
		const lookUp = readFieldExpression(raw);
		return lookUp && ((json) => plain(lookUp(json)));
	}
	if (Array.isArray(raw)) return undefined;
	const looks: [string, Look][] = [];
	for (const [key, value] of Object.entries(raw as object)) {
		const look = makeLook(value);
		if (!look) return undefined;
		looks.push([key, look]);
	}
	return (json) => {
		const entries = looks.map(([key, look]) => [key, look(json)] as const);
		return entries.some(([, value]) => value === undefined)
			? undefined
			: Object.fromEntries(entries);
	};
}

function plain(value: unknown): unknown {
	return ['string', 'number', 'boolean'].includes(typeof value) ? value : undefined;
}

function deepFrozen<T>(value: T): T {
	if (typeof value === 'object' && value !== null) {
		for (const each of Object.values(value)) deepFrozen(each);
		Object.freeze(value);
	}
	return value;
}
