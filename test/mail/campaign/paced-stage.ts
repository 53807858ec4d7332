import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PacePlan } from '../../../mail/pacing/plan';
import { tempFolder } from '../../support/child-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { PacedOrder } from './paced-child';

/** A mail that the server has taken, by its own clock. */
export interface Arrival {
	at: number;
	address: string;
}

/** Processes that send by one account at one time. */
export interface PacedScene {
	plan: PacePlan;
	/** The bursts of each: a run of its own, so many ms after the one before. */
	processes: readonly (readonly { afterMs: number; addresses: readonly string[] }[])[];
	/** How far the clock of each is ahead; 0 where it is not given. */
	clocksAheadMs?: readonly number[];
	connections: number;
	/** How long the server thinks before each answer. */
	delayMs: number;
}

/** Plays scenes, each with a server of its own. */
export interface PacedStage {
	/** @returns what the server logged */
	play(scene: PacedScene, store: PacedOrder['store']): Promise<Arrival[]>;
	/** Kills whoever is still at work. */
	close(): void;
}

export async function setPacedStage(): Promise<PacedStage> {
	const folder = tempFolder('smtp-suite-paced-');
	const program = join(folder.path, 'child.cjs');
	const children = new Set<ChildProcess>();
	await build({
		entryPoints: ['test/mail/campaign/paced-child.ts'],
		outfile: program,
		bundle: true,
		platform: 'node',
		format: 'cjs',
		logLevel: 'error',
	});

	async function obey(order: PacedOrder): Promise<void> {
		const child = spawn(process.execPath, [program, JSON.stringify(order)], {
			stdio: ['ignore', 'ignore', 'inherit'],
		});
		children.add(child);
		const [code] = (await once(child, 'exit')) as [number | null];
		children.delete(child);
		if (code !== 0) throw new Error(`A process ended with ${code}.`);
	}

	return {
		async play({ plan, processes, clocksAheadMs = [], connections, delayMs }, store) {
			const arrivals: Arrival[] = [];
			const server = await startFaultServer(
				(moment, address) => {
					if (moment === 'dot') arrivals.push({ at: performance.now(), address });
					return 'go';
				},
				{ delayMs },
			);
			const orders = processes.map((bursts, nth): PacedOrder => ({
				store,
				clockAheadMs: clocksAheadMs[nth] ?? 0,
				port: server.port,
				campaign: `campaign ${nth}`,
				plan,
				connections,
				bursts,
			}));
			try {
				await Promise.all(orders.map(obey));
			} finally {
				await server.close();
			}
			return arrivals;
		},
		close() {
			for (const child of children) child.kill('SIGKILL');
			folder.remove();
		},
	};
}
