import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { tempFolder } from '../../support/child-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { people } from './campaign';
import type { CrashOrder } from './crash-child';

/** WORKER_BLOWS=200 for a long run. */
const BLOWS = Number(process.env.WORKER_BLOWS ?? 6);
const WORKERS = 4;
const CONNECTIONS = 5;
const LEASE_MS = 1_000;
/** More than the workers can serve while they are struck. */
const RECIPIENTS = BLOWS * 300;

/** What a worker may meet with. */
const FATES = ['killed', 'stopped', 'frozen'] as const;

describeWithPostgres('four workers with one campaign and one store in PostgreSQL', () => {
	const folder = tempFolder('smtp-suite-workers-');
	let postgres: PostgresServer;
	let place: PostgresPlace;
	let server: FaultServer;
	const workers = new Set<ChildProcess>();

	beforeAll(async () => {
		await build({
			entryPoints: ['test/mail/campaign/crash-child.ts'],
			outfile: join(folder.path, 'child.cjs'),
			bundle: true,
			platform: 'node',
			format: 'cjs',
			logLevel: 'error',
		});
		postgres = await startPostgres();
		place = postgres.place();
		server = await startFaultServer(() => 'go', { delayMs: 40 });
	}, 60_000);

	afterAll(async () => {
		for (const worker of workers) worker.kill('SIGKILL');
		await server.close();
		await postgres.stop();
		folder.remove();
	}, 60_000);

	function startWorker(): ChildProcess {
		const order: CrashOrder = {
			store: { postgres: place },
			port: server.port,
			recipients: RECIPIENTS,
			connections: CONNECTIONS,
			leaseMs: LEASE_MS,
		};
		const worker = spawn(
			process.execPath,
			[join(folder.path, 'child.cjs'), JSON.stringify(order)],
			{ stdio: ['ignore', 'ignore', 'inherit'] },
		);
		workers.add(worker);
		worker.once('exit', () => workers.delete(worker));
		return worker;
	}

	/** Waits for the next one, unless everybody has theirs. */
	async function mailsGoOut(): Promise<void> {
		const before = server.taken.size;
		while (server.taken.size === before && before < RECIPIENTS && workers.size > 0) await sleep(5);
	}

	async function strike(worker: ChildProcess, fate: (typeof FATES)[number]): Promise<void> {
		if (fate === 'frozen') {
			worker.kill('SIGSTOP');
			await sleep(LEASE_MS * 2);
			worker.kill('SIGCONT');
			return;
		}
		const ended = once(worker, 'exit');
		worker.kill(fate === 'killed' ? 'SIGKILL' : 'SIGTERM');
		await ended;
	}

	it(
		'lose nobody and mail nobody twice, whoever is killed, stopped or frozen meanwhile',
		async () => {
			const met = { killed: 0, stopped: 0, frozen: 0 };
			let whileSending = 0;
			for (let blow = 0; blow < BLOWS; blow += 1) {
				while (workers.size < WORKERS) startWorker();
				await mailsGoOut();
				await sleep(Math.random() * 200);
				const victim = [...workers][Math.floor(Math.random() * workers.size)];
				const fate = FATES[blow % FATES.length] ?? 'killed';
				if (!victim) continue;
				if (server.taken.size > 0 && server.taken.size < RECIPIENTS) whileSending += 1;
				await strike(victim, fate);
				met[fate] += 1;
			}
			const last = startWorker();
			await Promise.all([...workers].map((worker) => once(worker, 'exit')));
			expect(last.exitCode).toBe(0);

			const store = await openStore({ postgres: place, masterKey: 'test' });
			const addresses = people(RECIPIENTS).map(({ address }) => address);
			const entries = await store.ledger.getMany('spring', addresses);
			await store.close();
			const sent = entries.filter(({ state }) => state === 'sent');
			const unknown = entries.filter(({ state }) => state === 'unknown');
			const twice = [...server.taken].filter(([, times]) => times > 1);
			const notThere = sent.filter(({ address }) => !server.taken.has(address));
			const lost = RECIPIENTS - sent.length - unknown.length;
			process.stdout.write(
				`${JSON.stringify(met)}, ${whileSending} of them while mails went out: ${sent.length} sent, ${unknown.length} unknown, ${twice.length} twice, ${lost} lost\n`,
			);
			expect({ twice, notThere, lost }).toEqual({ twice: [], notThere: [], lost: 0 });
			// Else nothing was tried: there have to be more recipients then.
			expect(whileSending).toBeGreaterThan(BLOWS / 3);
			expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS * 2 * BLOWS);
		},
		90_000 + BLOWS * 5_000,
	);
});
