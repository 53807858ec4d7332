import { setTimeout as sleep } from 'node:timers/promises';

import { chain, PRESS, startTestN8n } from '../test/e2e/support/n8n';
import type { NodeJson } from '../test/e2e/support/n8n';
import { serveItems } from './item-list';

/** The node that is measured: its type, its parameters, its credentials. */
export type MeasuredNode = Omit<Partial<NodeJson>, 'name'> & Pick<NodeJson, 'type'>;

export interface NodeRun {
	/** How long the node was at work, as n8n itself says it, in ms. */
	ms: number;
	/** When it began, in ms since the epoch. */
	startedAt: number;
	/** The items of each of its outputs. */
	outputs: { json: Record<string, unknown> }[][];
}

/** A real n8n with the packed package, to measure nodes in. */
export interface MeasuringN8n {
	/** The process, for whoever asks the system about it. */
	readonly pid: number;
	readonly url: string;
	/** @returns what a node names it by */
	credential(type: string, data: object): Promise<Record<string, { id: string; name: string }>>;
	/**
	 * One execution of a workflow of its own, in which the node gets these items.
	 *
	 * @param between nodes that the items go through before it
	 */
	run(
		node: MeasuredNode,
		items: readonly object[],
		timeoutMs?: number,
		between?: Parameters<typeof chain>[1],
	): Promise<NodeRun>;
	stop(): Promise<void>;
}

/**
 * Nodes are measured one after the other in one n8n, so that whatever else the machine does meets
 * all alike. Give each a few items first: what is loaded at the first call is no part of a rate.
 */
export async function startMeasuringN8n(env: NodeJS.ProcessEnv = {}): Promise<MeasuringN8n> {
	const n8n = await startTestN8n(env);
	const { api, pid, url } = n8n.server;
	const execute = async (nodes: Parameters<typeof chain>[1], timeoutMs: number) => {
		const { id } = (await api.createWorkflow(chain('Bench', nodes))) as { id: string };
		const execution = await api.execute(id, PRESS.name);
		await untilEnded(
			async () => ((await api.executions(id)) as { status: string }[])[0]?.status ?? 'new',
			timeoutMs,
		);
		const finished: Finished = await api.finished(execution, timeoutMs);
		if (finished.status !== 'success')
			throw new Error(`The execution ended as ${finished.status}: ${finished.error?.message}`);
		const [work] = finished.data.resultData.runData[MEASURED] ?? [];
		return {
			ms: work?.executionTime ?? NaN,
			startedAt: work?.startTime ?? NaN,
			outputs: finished.outputs(MEASURED),
		};
	};
	return {
		pid: pid ?? NaN,
		url,
		async credential(type, data) {
			const name = `Bench ${type} ${JSON.stringify(data)}`.slice(0, 100);
			return { [type]: { id: await api.putCredential(name, type, data), name } };
		},
		async run(node, items, timeoutMs = 300_000, between = []) {
			const list = await serveItems(items);
			try {
				return await execute(
					[PRESS, ...list.nodes, ...between, { ...node, name: MEASURED }],
					timeoutMs,
				);
			} finally {
				list.close();
			}
		},
		stop: () => n8n.stop(),
	};
}

const MEASURED = 'Measured';
const LOOK_MS = 500;

/** By the list of executions, seldom: to read one that runs costs n8n as much as a part of the run. */
async function untilEnded(statusOf: () => Promise<string>, timeoutMs: number): Promise<void> {
	const until = Date.now() + timeoutMs;
	while (['new', 'running', 'waiting'].includes(await statusOf())) {
		if (Date.now() > until) throw new Error('The execution takes too long.');
		await sleep(LOOK_MS);
	}
}

interface Finished {
	status: string;
	error?: { message: string };
	outputs: (node: string) => NodeRun['outputs'];
	data: { resultData: { runData: Record<string, { executionTime: number; startTime: number }[]> } };
}
