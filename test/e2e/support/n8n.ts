import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startN8n } from '../../../scripts/lib/n8n-server.cjs';
import { buildPackage, ensureN8n, installPackage } from '../../../scripts/lib/toolchain.cjs';

export const OWNER = { email: 'owner@example.test', password: 'Owner-password-1' };

export type Server = Awaited<ReturnType<typeof startN8n>>;

/** A real n8n with the packed package in a folder of its own, its owner signed in. */
export interface TestN8n {
	server: Server;
	/** Where it keeps everything. */
	readonly userFolder: string;
	/** Ends n8n in order, or at once (-9), and starts it again on the same folder. */
	restart(how: 'stop' | 'kill'): Promise<void>;
	/** Starts one more n8n on the same folder, as an update that overlaps does; whoever asks ends it. */
	another(): Promise<Server>;
	stop(): Promise<void>;
}

export async function startTestN8n(env: NodeJS.ProcessEnv = {}): Promise<TestN8n> {
	const userFolder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-n8n-'));
	const n8nFolder = process.env.SMTP_SUITE_N8N ?? (await ensureN8n());
	const tarball =
		process.env.SMTP_SUITE_PACKAGE ?? (await buildPackage(path.join(userFolder, 'packed')));
	await installPackage(tarball, userFolder);
	const start = async () => {
		const server = await startN8n({ n8nFolder, userFolder, env });
		await server.api.signIn(OWNER);
		return server;
	};
	const running: TestN8n = {
		server: await start(),
		userFolder,
		async restart(how) {
			await running.server[how]();
			running.server = await start();
		},
		another: start,
		async stop() {
			await running.server.stop();
			rmSync(userFolder, { recursive: true, force: true });
		},
	};
	return running;
}

export interface NodeJson {
	id: string;
	name: string;
	type: string;
	typeVersion: number;
	position: [number, number];
	parameters: object;
	[more: string]: unknown;
}

/** Nodes in a row, each fed by the one before; further outputs stay open. */
export function chain(
	name: string,
	nodes: (Partial<NodeJson> & Pick<NodeJson, 'name' | 'type'>)[],
) {
	return {
		name,
		nodes: nodes.map((node, index) => ({
			id: `node-${index}`,
			typeVersion: 1,
			position: [index * 220, 0],
			parameters: {},
			...node,
		})),
		connections: Object.fromEntries(
			nodes
				.slice(1)
				.map((node, index) => [
					nodes[index]?.name ?? '',
					{ main: [[{ node: node.name, type: 'main', index: 0 }]] },
				]),
		),
	};
}

export const PRESS = { name: 'Press', type: 'n8n-nodes-base.manualTrigger' };

/** Two nodes that give these objects as items. */
export function itemsOf(items: readonly object[]) {
	return [
		{
			name: 'List',
			type: 'n8n-nodes-base.set',
			typeVersion: 3.4,
			parameters: { mode: 'raw', jsonOutput: JSON.stringify({ list: items }), options: {} },
		},
		{
			name: 'Items',
			type: 'n8n-nodes-base.splitOut',
			parameters: { fieldToSplitOut: 'list', options: {} },
		},
	];
}

/** Asks again until the answer is there. */
export async function eventually<T>(
	ask: () => Promise<T | undefined>,
	what: string,
	timeoutMs = 30_000,
): Promise<T> {
	const until = Date.now() + timeoutMs;
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		if (Date.now() > until) throw new Error(`Waited in vain for ${what}.`);
		await new Promise((resolve) => setTimeout(resolve, 200));
	}
}
