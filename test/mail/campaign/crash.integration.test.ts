import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import type { LedgerEntry } from '../../../mail/store/store';
import { freePorts } from '../../support/free-port';
import { people } from './campaign';
import type { CrashOrder } from './crash-child';
import type { CrashServerOrder } from './crash-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';

/** CRASH_KILLS=500 for a long run. */
const KILLS = Number(process.env.CRASH_KILLS ?? 15);
const KILLS_A_CAMPAIGN = 50;
const CONNECTIONS = 5;
const LEASE_MS = 400;

let folder: string;
let server: FaultServer;
let children: ChildProcess[];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'smtp-suite-crash-'));
	await build({
		entryPoints: {
			child: 'test/mail/campaign/crash-child.ts',
			server: 'test/mail/campaign/crash-server.ts',
		},
		outdir: folder,
		outExtension: { '.js': '.cjs' },
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
function start(
	recipients: number,
	port = server.port,
): { process: ChildProcess; end: Promise<unknown> } {
	const order: CrashOrder = {
		store: { path: join(folder, 'store.db') },
		port,
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

/** A server in a process of its own, which writes down in a file what it took. */
async function startServer(order: CrashServerOrder): Promise<ChildProcess> {
	const child = spawn(process.execPath, [join(folder, 'server.cjs'), JSON.stringify(order)], {
		stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
	});
	children.push(child);
	await once(child, 'message');
	return child;
}

/** How often each address stands in a server's file. */
function takenIn(log: string): Map<string, number> {
	const taken = new Map<string, number>();
	for (const address of existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [])
		if (address !== '') taken.set(address, (taken.get(address) ?? 0) + 1);
	return taken;
}

/** What the ledger says, once it was held against what the server has. */
async function reconcile(
	recipients: number,
	taken: ReadonlyMap<string, number> = server.taken,
): Promise<{ sent: number; unknown: LedgerEntry[] }> {
	const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'test' });
	const addresses = people(recipients).map(({ address }) => address);
	const entries = await store.ledger.getMany('spring', addresses);
	await store.close();
	const sent = entries.filter(({ state }) => state === 'sent');
	const unknown = entries.filter(({ state }) => state === 'unknown');
	const twice = [...taken].filter(([, times]) => times > 1);
	const notThere = sent.filter(({ address }) => !taken.has(address));
	const lost = recipients - sent.length - unknown.length;
	expect({ twice, notThere, lost }).toEqual({ twice: [], notThere: [], lost: 0 });
	return { sent: sent.length, unknown };
}

/** Whom the ledger still owes a mail. */
async function openIn(recipients: number): Promise<number> {
	const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'test' });
	const { sent, unknown, failed } = await store.ledger.counts('spring');
	await store.close();
	return recipients - sent - unknown - failed;
}

describe('a campaign whose process is killed again and again', () => {
	it(
		'loses nobody and mails nobody twice; `unknown` is who was on the wire',
		async () => {
			const sum = { sent: 0, unknown: 0, arrived: 0 };
			// Campaigns of two thousand, one after the other: each start reads its list again.
			for (let left = KILLS; left > 0; left -= KILLS_A_CAMPAIGN) {
				const kills = Math.min(left, KILLS_A_CAMPAIGN);
				// More than the processes that are killed can serve.
				const recipients = kills * 40;
				await rm(join(folder, 'store.db'), { force: true });
				server.taken.clear();
				for (let killed = 0; killed < kills; killed += 1) {
					const run = start(recipients);
					while (server.connections === 0) await sleep(2);
					await sleep(Math.random() * 80);
					run.process.kill('SIGKILL');
					expect(await run.end).toEqual([null, 'SIGKILL']);
					await untilItIsGone();
				}
				expect(await start(recipients).end).toEqual([0, null]);

				const { sent, unknown } = await reconcile(recipients);
				expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS * kills);
				sum.sent += sent;
				sum.unknown += unknown.length;
				sum.arrived += unknown.filter(({ address }) => server.taken.has(address)).length;
			}
			process.stdout.write(
				`${KILLS} kills: ${sum.sent} sent, ${sum.unknown} unknown, of which the server has ${sum.arrived}; lost 0, twice 0\n`,
			);
		},
		60_000 + KILLS * 3_000,
	);
});

describe('a campaign whose server is killed again and again', () => {
	it(
		'loses nobody and mails nobody twice; `unknown` is whom the server did not answer',
		async () => {
			const log = join(folder, 'taken.log');
			const { smtp: port } = await freePorts('smtp');
			const order = { port, log };
			let smtp = await startServer(order);
			// More than go out between the kills.
			const recipients = KILLS * 80;
			let run = start(recipients, order.port);
			const isAtWork = () => run.process.exitCode === null;
			const written = () => (existsSync(log) ? statSync(log).size : 0);
			for (let kills = 0; kills < KILLS; kills += 1) {
				const before = written();
				while (written() === before && isAtWork()) await sleep(2);
				await sleep(Math.random() * 60);
				smtp.kill('SIGKILL');
				await once(smtp, 'exit');
				smtp = await startServer(order);
			}
			// Who was put off is served by the next run, as a user would press Execute again.
			for (let open = recipients; open > 0; run = start(recipients, order.port)) {
				expect(await run.end).toEqual([0, null]);
				open = await openIn(recipients);
			}
			await run.end;
			const taken = takenIn(log);
			const { sent, unknown } = await reconcile(recipients, taken);
			expect(unknown.length).toBeLessThanOrEqual(CONNECTIONS * KILLS);
			const arrived = unknown.filter(({ address }) => taken.has(address)).length;
			process.stdout.write(
				`${KILLS} kills of the server: ${sent} sent, ${unknown.length} unknown, of which it has ${arrived}\n`,
			);
		},
		120_000 + KILLS * 5_000,
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
