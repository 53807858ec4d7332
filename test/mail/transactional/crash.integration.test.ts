import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import type { CrashOrder } from './crash-child';

const KILLS = 10;
const ITEMS = KILLS * 30;
const CONNECTIONS = 4;

let folder: string;
let server: FaultServer;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'smtp-suite-crash-'));
	await build({
		entryPoints: ['test/mail/transactional/crash-child.ts'],
		outfile: join(folder, 'child.cjs'),
		bundle: true,
		platform: 'node',
		format: 'cjs',
		logLevel: 'error',
	});
	server = await startFaultServer(() => 'go', { delayMs: 4 });
});

afterEach(async () => {
	await server.close();
	await rm(folder, { recursive: true, force: true });
});

describe('items whose process is killed, and done again from the first', () => {
	it('are each sent once; `unknown` is what was on the wire', async () => {
		const order: CrashOrder = {
			storePath: join(folder, 'store.db'),
			port: server.port,
			items: ITEMS,
			connections: CONNECTIONS,
			leaseMs: 300,
		};
		for (let kills = 0; kills <= KILLS; kills += 1) {
			const child = spawn(process.execPath, [join(folder, 'child.cjs'), JSON.stringify(order)], {
				stdio: ['ignore', 'ignore', 'inherit'],
			});
			const end = once(child, 'exit');
			if (kills === KILLS) {
				expect(await end).toEqual([0, null]);
				break;
			}
			while (server.connections === 0) await sleep(2);
			await sleep(Math.random() * 60);
			child.kill('SIGKILL');
			expect(await end).toEqual([null, 'SIGKILL']);
			while (server.connections > 0) await sleep(2);
		}

		const store = await openStore({ path: order.storePath, masterKey: 'test' });
		let unknown = 0;
		for (let item = 0; item < ITEMS; item += 1) {
			const { answer } = await store.receipts.claim(`item ${item}`, { owner: 'x', leaseMs: 1 });
			const times = server.taken.get(`r${item}@example.com`) ?? 0;
			if (answer === 'unknown') unknown += 1;
			expect({ item, answer, fits: answer === 'unknown' ? times <= 1 : times === 1 }).toEqual({
				item,
				answer: answer === 'unknown' ? 'unknown' : 'sent',
				fits: true,
			});
		}
		await store.close();
		expect(unknown).toBeLessThanOrEqual(CONNECTIONS * KILLS);
	}, 60_000);
});
