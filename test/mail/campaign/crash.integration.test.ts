import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import type { LedgerEntry } from '../../../mail/store/store';
import { people } from './campaign';
import type { CrashOrder } from './crash-child';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';

/** CRASH_KILLS=500 for a long run. */
const KILLS = Number(process.env.CRASH_KILLS ?? 15);
const CONNECTIONS = 5;
const LEASE_MS = 400;

let folder: string;
let server: FaultServer;
let children: ChildProcess[];

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
	children = [];
	server = await startFaultServer(() => 'go', { delayMs: 4 });
});

afterEach(async () => {
	for (const child of children) child.kill('SIGKILL');
	await server.close();
	await rm(folder, { recursive: true, force: true });
});

/** A process of its own that runs the campaign over so many recipients. */
function start(recipients: number): { process: ChildProcess; end: Promise<unknown> } {
	const order: CrashOrder = {
		store: { path: join(folder, 'store.db') },
		port: server.port,
		recipients,
		connections: CONNECTIONS,
		leaseMs: LEASE_MS,
	};
	const child = spawn(process.execPath, [join(folder, 'child.cjs'), JSON.stringify(order)], {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	children.push(child);
	return { process: child, end: once(child, 'exit') };
}

async function untilItSends(): Promise<void> {
	const before = server.taken.size;
	while (server.taken.size === before) await sleep(2);
}

async function untilItIsGone(): Promise<void> {
	while (server.connections > 0) await sleep(2);
}

/** What the ledger says, once it was held against what the server has. */
async function reconcile(recipients: number): Promise<{ sent: number; unknown: LedgerEntry[] }> {
	const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'test' });
	const addresses = people(recipients).map(({ address }) => address);
	const entries = await store.ledger.getMany('spring', addresses);
	await store.close();
	const sent = entries.filter(({ state }) => state === 'sent');
	const unknown = entries.filter(({ state }) => state === 'unknown');
	const twice = [...server.taken].filter(([, times]) => times > 1);
	const notThere = sent.filter(({ address }) => !server.taken.has(address));
	const lost = recipients - sent.length - unknown.length;
	expect({ twice, notThere, lost }).toEqual({ twice: [], notThere: [], lost: 0 });
	return { sent: sent.length, unknown };
}

describe('a campaign whose process is killed again and again', () => {
	it(
		'loses nobody and mails nobody twice; `unknown` is who was on the wire',
		async () => {
			// More than the processes that are killed can serve.
			const recipients = KILLS * 40;
			for (let kills = 0; kills < KILLS; kills += 1) {
				const run = start(recipients);
				while (server.connections === 0) await sleep(2);
				await sleep(Math.random() * 80);
				run.process.kill('SIGKILL');
				expect(await run.end).toEqual([null, 'SIGKILL']);
				await untilItIsGone();
			}
			expect(await start(recipients).end).toEqual([0, null]);

			const { sent, unknown } = await reconcile(recipients);
			expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS * KILLS);
			const arrived = unknown.filter(({ address }) => server.taken.has(address)).length;
			process.stdout.write(
				`${KILLS} kills: ${sent} sent, ${unknown.length} unknown, of which the server has ${arrived}\n`,
			);
		},
		60_000 + KILLS * 3_000,
	);
});

describe('two processes with one campaign', () => {
	it('share it; when one is killed, the other finishes it', async () => {
		const one = start(400);
		const other = start(400);
		await untilItSends();
		await sleep(150);
		one.process.kill('SIGKILL');
		expect(await one.end).toEqual([null, 'SIGKILL']);
		expect(await other.end).toEqual([0, null]);
		const { unknown } = await reconcile(400);
		expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS);
	}, 30_000);
});

describe('a process that is asked to end in the middle of a campaign', () => {
	it('finishes what is on the wire, gives the rest back, and ends within two seconds', async () => {
		const run = start(600);
		await untilItSends();
		await sleep(100);
		const asked = Date.now();
		run.process.kill('SIGTERM');
		expect(await run.end).toEqual([null, 'SIGTERM']);
		expect(Date.now() - asked).toBeLessThan(5_000);

		const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'test' });
		const counts = await store.ledger.counts('spring');
		await store.close();
		expect(counts).toMatchObject({ claimed: 0, dispatched: 0, unknown: 0, deferred: 0 });
		expect(counts.sent).toBe(server.taken.size);
		expect(counts.sent + counts.queued).toBe(600);
	}, 30_000);
});
