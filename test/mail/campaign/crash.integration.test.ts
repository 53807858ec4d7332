import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import { people } from './campaign';
import type { CrashOrder } from './crash-child';
import { startFaultServer } from './fault-server';
import type { FaultServer } from './fault-server';

const KILLS = Number(process.env.CRASH_KILLS ?? 15);
/** More than the processes that are killed can serve. */
const RECIPIENTS = KILLS * 40;
const CONNECTIONS = 5;
const LEASE_MS = 400;

let folder: string;
let server: FaultServer;
let child: ChildProcess | undefined;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'smtp-suite-crash-'));
	await build({
		entryPoints: ['test/mail/campaign/crash-child.ts'],
		outfile: join(folder, 'child.cjs'),
		bundle: true,
		platform: 'node',
		format: 'cjs',
		logLevel: 'error',
	});
	server = await startFaultServer(() => 'go', { delayMs: 4 });
});

afterEach(async () => {
	child?.kill('SIGKILL');
	await server.close();
	await rm(folder, { recursive: true, force: true });
});

function start(order: CrashOrder): ChildProcess {
	child = spawn(process.execPath, [join(folder, 'child.cjs'), JSON.stringify(order)], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	return child;
}

describe('a campaign whose process is killed again and again', () => {
	it(
		'loses nobody and mails nobody twice; `unknown` is who was on the wire',
		async () => {
			const storePath = join(folder, 'store.db');
			const order = {
				storePath,
				port: server.port,
				recipients: RECIPIENTS,
				connections: CONNECTIONS,
				leaseMs: LEASE_MS,
			};
			let kills = 0;
			while (kills < KILLS) {
				const running = start(order);
				const over = once(running, 'exit');
				const before = server.taken.size;
				// From the middle of the first mail of this process on.
				while (running.exitCode === null && server.connections === 0) await sleep(2);
				await sleep(Math.random() * 80);
				running.kill('SIGKILL');
				await over;
				while (server.connections > 0) await sleep(2);
				if (running.exitCode !== null) break;
				kills += 1;
				expect(server.taken.size).toBeGreaterThanOrEqual(before);
			}
			const last = start(order);
			expect(await once(last, 'exit')).toEqual([0, null]);

			const store = await openStore({ path: storePath, masterKey: 'test' });
			const entries = await store.ledger.getMany(
				'spring',
				people(RECIPIENTS).map(({ address }) => address),
			);
			await store.close();
			const unknown = entries.filter(({ state }) => state === 'unknown');
			const sent = entries.filter(({ state }) => state === 'sent');
			expect(sent.length + unknown.length).toBe(RECIPIENTS);
			expect(sent.filter(({ address }) => server.taken.get(address) !== 1)).toEqual([]);
			expect([...server.taken].filter(([, times]) => times > 1)).toEqual([]);
			expect(kills).toBe(KILLS);
			expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS * kills);
			process.stdout.write(
				`${kills} kills, ${sent.length} sent, ${unknown.length} unknown, of which the server has ${unknown.filter(({ address }) => server.taken.has(address)).length}\n`,
			);
		},
		60_000 + KILLS * 3_000,
	);
});
