import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { startDemo } from '../../../scripts/demo/demo.cjs';
import type { NodeJson } from './n8n';

export const EXAMPLES = path.join(__dirname, '../../../examples');

type Api = Awaited<ReturnType<typeof startDemo>>['n8n']['api'];

export interface Example {
	name: string;
	nodes: NodeJson[];
	connections: object;
	settings: object;
}

/** What may differ between a person's n8n and a test's: parameters by the node's name. */
export type Changes = Readonly<Record<string, object>>;

/** The files in examples/, without their ending. */
export function exampleNames(): string[] {
	return readdirSync(EXAMPLES)
		.filter((file) => file.endsWith('.json'))
		.map((file) => file.slice(0, -'.json'.length))
		.sort();
}

export function readExample(file: string): Example {
	return JSON.parse(readFileSync(path.join(EXAMPLES, `${file}.json`), 'utf8')) as Example;
}

/**
 * Imports an example and does what its note asks a person to do: choose credentials, by their type.
 *
 * @param credentials by the node's type
 * @returns the workflow's id
 */
export async function importExample(
	api: Api,
	file: string,
	credentials: Readonly<Record<string, Record<string, { id: string; name: string }>>>,
	changes: Changes = {},
): Promise<string> {
	const example = readExample(file);
	const unknown = Object.keys(changes).filter(
		(name) => !example.nodes.some((node) => node.name === name),
	);
	if (unknown.length > 0) throw new Error(`${file} has no node "${unknown.join('", "')}".`);
	const nodes = example.nodes.map((node) => ({
		...node,
		...(credentials[node.type] ? { credentials: credentials[node.type] } : {}),
		parameters: { ...node.parameters, ...changes[node.name] },
	}));
	return (await api.createWorkflow({ ...example, nodes })).id as string;
}
