import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '../../support/child-server';
import { fullestWindow } from '../../support/fullest-window';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import type { PaceOrder } from './pace-child';
import { usedShare } from './used-share';

const MINUTE_MS = 60_000;
/** One is right, one ahead, one behind. */
const CLOCKS_AHEAD_MS = [0, 7 * MINUTE_MS, -5 * MINUTE_MS];
const LIMIT = { count: 200, perMs: 2_000 };
const WINDOWS = 3;
const MAILS = LIMIT.count * (WINDOWS + 2);

const run = promisify(execFile);

describeWithPostgres('processes with one store in PostgreSQL', () => {
	const folder = tempFolder('smtp-suite-pace-');
	const child = join(folder.path, 'child.cjs');
	let postgres: PostgresServer;

	beforeAll(async () => {
		await build({
			entryPoints: ['test/mail/pacing/pace-child.ts'],
			outfile: child,
			bundle: true,
			platform: 'node',
			format: 'cjs',
			logLevel: 'error',
		});
		postgres = await startPostgres();
	}, 60_000);
	afterAll(async () => {
		await postgres.stop();
		folder.remove();
	}, 60_000);

	it('keep one limit in every window, and use it, however far apart their clocks are', async () => {
		const place = postgres.place();
		const processes = CLOCKS_AHEAD_MS.map(async (clockAheadMs) => {
			const mails = Math.ceil(MAILS / CLOCKS_AHEAD_MS.length);
			const order: PaceOrder = {
				place,
				limits: [LIMIT],
				sender: { mails, latency: [1, 3], giveBackEach: 20 },
				clockAheadMs,
			};
			const { stdout } = await run(process.execPath, [child, JSON.stringify(order)]);
			return JSON.parse(stdout) as number[];
		});
		const arrived = (await Promise.all(processes)).flat().sort((a, b) => a - b);

		expect(arrived.length).toBeGreaterThanOrEqual(MAILS);
		expect(fullestWindow(arrived, LIMIT.perMs).count).toBeLessThanOrEqual(LIMIT.count);
		const used = usedShare(arrived, LIMIT, WINDOWS);
		process.stdout.write(
			`${LIMIT.count} each ${LIMIT.perMs} ms over ${CLOCKS_AHEAD_MS.length} processes: ${(used * 100).toFixed(1)} % used\n`,
		);
		// How near it comes is a measurement (npm run bench -- pacing); a pace that stalls is a fault anywhere.
		expect(used).toBeGreaterThan(0.7);
	}, 60_000);
});
