import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PostgresPlace } from '../mail/store/postgres/place';
import type { CrashOrder } from '../test/mail/campaign/crash-child';
import { tempFolder } from '../test/support/child-server';
import { startFaultServer } from '../test/support/fault-smtp-server';
import { startPostgres } from '../test/support/postgres';
import { campaignRate } from './campaign';
import { customers } from './newsletter';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 20_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 20;
const PROCESSES = 3;
/** Of the server that the processes share: its answers cost time and no work. */
const DELAY_MS = 25;
const SHARED = 15_000;

/** One store in PostgreSQL, which waits for its disk as the embedded one does. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, as in \`bulk\`, the store in PostgreSQL beside the embedded one; and ${SHARED} small mails, shared by ${PROCESSES} processes, to a server that answers after ${DELAY_MS} ms.`,
	async *run() {
		const postgres = await startPostgres({ fsync: true });
		try {
			const sink = await startSink();
			const bench = {
				port: sink.port,
				people: customers(RECIPIENTS),
				connections: CONNECTIONS,
			};
			yield await compare({
				measure: 'bulk-cluster, one process',
				unit: 'mails/s',
				peerName: 'the embedded store',
				runs: RUNS,
				ours: () => campaignRate({ ...bench, postgres: postgres.place() }),
				peer: () => campaignRate(bench),
			}).finally(() => sink.stop());
			yield await compare({
				measure: `bulk-cluster, ${PROCESSES} processes`,
				unit: 'mails/s',
				peerName: 'one process',
				runs: RUNS,
				ours: () => sharedRate(postgres.place(), PROCESSES),
				peer: () => sharedRate(postgres.place(), 1),
			});
		} finally {
			await postgres.stop();
		}
	},
};

/** From the first mail that the server takes to the last: starting Node is no part of it. */
async function sharedRate(place: PostgresPlace, processes: number): Promise<number> {
	const folder = tempFolder('smtp-suite-bench-');
	const times: number[] = [];
	const server = await startFaultServer(() => 'go', {
		delayMs: DELAY_MS,
		onTaken: () => times.push(performance.now()),
	});
	try {
		const script = join(folder.path, 'process.cjs');
		await build({
			entryPoints: [join('test', 'mail', 'campaign', 'crash-child.ts')],
			outfile: script,
			bundle: true,
			platform: 'node',
			format: 'cjs',
			logLevel: 'error',
		});
		const order: CrashOrder = {
			store: { postgres: place },
			port: server.port,
			recipients: SHARED,
			connections: CONNECTIONS,
			leaseMs: 30_000,
		};
		await Promise.all(
			Array.from({ length: processes }, async () => {
				const child = spawn(process.execPath, [script, JSON.stringify(order)], {
					stdio: 'inherit',
				});
				const [code] = (await once(child, 'exit')) as [number | null];
				if (code !== 0) throw new Error(`A process ended with ${code}.`);
			}),
		);
		if (times.length !== SHARED) throw new Error(`${times.length} of ${SHARED} were sent.`);
		// The first tenth is left out: not all processes are there yet.
		const from = times[SHARED / 10] ?? NaN;
		return (SHARED * 900) / ((times.at(-1) ?? NaN) - from);
	} finally {
		await server.close();
		folder.remove();
	}
}
