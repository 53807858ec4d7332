import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { writePayload } from '../mail/campaign/recipient';
import { makeReference } from '../mail/message/identity';
import { openStore } from '../mail/store/open';
import type { PostgresPlace } from '../mail/store/postgres/place';
import { tempFolder } from '../test/support/child-server';
import { startFaultServer } from '../test/support/fault-smtp-server';
import { startPostgres } from '../test/support/postgres';
import type { PostgresServer } from '../test/support/postgres';
import type { WorkersOrder } from './cluster-workers';
import type { Benchmark, Measure } from './report';
import { startSlowLine } from './slow-line';

/** Of the simulated workers: each a store, connections and claims of its own. */
const WORKERS = Number(process.env.BENCH_WORKERS ?? 50);
const PROCESSES = 2;
const CONNECTIONS = 5;
/** The mail server answers so late that a worker sends ten mails a second. */
const ANSWER_MS = 500;
/** That many for each worker: twenty seconds. */
const EACH = 200;
/** From here to the database and back. */
const DISTANCES_MS = [1, 20];

/** What a campaign asked of the database, for each recipient. */
const UNITS = {
	statements: 'statements',
	'round trips': 'trips',
	'to the database': 'bytes',
	'from the database': 'bytes',
	'rows written': 'rows',
	'write-ahead log': 'bytes',
	'time in the database, with waiting': 'ms',
	'tables on disk': 'bytes',
	'indexes on disk': 'bytes',
};
type Cost = Record<keyof typeof UNITS, number> & { rate: number };

export const benchmark: Benchmark = {
	about: `What a recipient costs the database, where one worker sends a campaign and where ${WORKERS} share one, ${DISTANCES_MS.join(' and ')} ms away from it; each worker has ${CONNECTIONS} connections to a server that answers after ${ANSWER_MS} ms.`,
	async *run() {
		const postgres = await startPostgres({
			fsync: true,
			settings: [
				"shared_preload_libraries = 'pg_stat_statements'",
				`max_connections = ${WORKERS * 4 + 20}`,
				"max_wal_size = '8GB'",
			],
		});
		const folder = tempFolder('smtp-suite-bench-');
		try {
			await postgres.sql('CREATE EXTENSION pg_stat_statements');
			const script = join(folder.path, 'workers.cjs');
			await build({
				entryPoints: [join('bench', 'cluster-workers.ts')],
				outfile: script,
				bundle: true,
				platform: 'node',
				format: 'cjs',
				logLevel: 'error',
			});
			for (const distance of DISTANCES_MS) {
				const alone = await simulate(postgres, script, 1, distance);
				const many = await simulate(postgres, script, WORKERS, distance);
				yield* beside(alone, many, distance);
			}
		} finally {
			await postgres.stop();
			folder.remove();
		}
	},
};

function* beside(alone: Cost, many: Cost, distance: number): Generator<Measure> {
	const where = `${distance} ms away`;
	const ideal = alone.rate * WORKERS;
	yield {
		measure: `${WORKERS} workers, ${where}`,
		unit: 'mails/s',
		ours: many.rate,
		peer: ideal,
		peerName: `${WORKERS} x one worker`,
		ratio: many.rate / ideal,
		runs: 1,
	};
	for (const [what, unit] of Object.entries(UNITS) as [keyof typeof UNITS, string][])
		yield {
			measure: `${what} a recipient, ${where}`,
			unit,
			ours: many[what],
			peer: alone[what],
			peerName: 'one worker',
			ratio: alone[what] / many[what],
			runs: 1,
		};
}

/** One campaign, taken in beforehand, that so many workers share. */
async function simulate(
	postgres: PostgresServer,
	script: string,
	workers: number,
	distance: number,
): Promise<Cost> {
	const recipients = workers * EACH;
	const place = postgres.place();
	await (await openStore({ postgres: place, masterKey: 'bench' })).close();
	const empty = await readSizes(postgres, place);
	await takeIn(place, recipients);
	const line = await startSlowLine(postgres.port, distance);
	const times: number[] = [];
	const server = await startFaultServer(() => 'go', {
		delayMs: ANSWER_MS,
		onTaken: () => times.push(performance.now()),
	});
	try {
		const before = await readCounters(postgres, place);
		const processes = Math.min(PROCESSES, workers);
		await Promise.all(
			Array.from({ length: processes }, async () => {
				const order: WorkersOrder = {
					place: { ...place, port: line.port },
					port: server.port,
					workers: workers / processes,
					connections: CONNECTIONS,
					campaign: 'spring',
				};
				const child = spawn(process.execPath, [script, JSON.stringify(order)], {
					stdio: ['ignore', 'ignore', 'inherit'],
				});
				const [code] = (await once(child, 'exit')) as [number | null];
				if (code !== 0) throw new Error(`A process ended with ${code}.`);
			}),
		);
		if (times.length !== recipients) throw new Error(`${times.length} of ${recipients} were sent.`);
		const after = await readCounters(postgres, place);
		const full = await readSizes(postgres, place);
		const each = (what: keyof typeof after) => (after[what] - before[what]) / recipients;
		// The first tenth is left out: not all workers are there yet.
		const from = times[recipients / 10] ?? NaN;
		return {
			rate: (recipients * 900) / ((times.at(-1) ?? NaN) - from),
			statements: each('calls'),
			'round trips': line.carried.trips / recipients,
			'to the database': line.carried.toServer / recipients,
			'from the database': line.carried.toClient / recipients,
			'rows written': each('rows'),
			'write-ahead log': each('wal'),
			'time in the database, with waiting': each('ms'),
			'tables on disk': (full.tables - empty.tables) / recipients,
			'indexes on disk': (full.indexes - empty.indexes) / recipients,
		};
	} finally {
		await server.close();
		line.close();
	}
}

async function takeIn(place: PostgresPlace, recipients: number): Promise<void> {
	const store = await openStore({ postgres: place, masterKey: 'bench' });
	const key = await store.signingKeys.current();
	await store.campaigns.define({ id: 'spring', name: 'Spring', account: 'shop', definition: '{}' });
	await store.ledger.enqueue(
		'spring',
		Array.from({ length: recipients }, (_, index) => {
			const address = `r${index}@example.com`;
			return {
				key: address,
				address,
				reference: makeReference({ campaignId: 'spring', key: address }, key),
				payload: writePayload(
					{ index, address, data: { name: `Person ${index}` } },
					{ name: '', address },
				),
			};
		}),
	);
	await store.close();
}

async function readSizes(postgres: PostgresServer, { schema }: PostgresPlace) {
	const [row] = await postgres.sql<{ tables: number; indexes: number }>(`
		SELECT sum(pg_table_size(pg_class.oid))::float8 AS tables,
			sum(pg_indexes_size(pg_class.oid))::float8 AS indexes
		FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE nspname = '${schema}' AND relkind = 'r'`);
	if (!row) throw new Error('The database has no tables.');
	return row;
}

/** What the database has counted of its own, so far. */
async function readCounters(postgres: PostgresServer, { schema }: PostgresPlace) {
	// Each session tells what it did when it ends, or a moment after.
	await postgres.sql('SELECT pg_stat_force_next_flush(), pg_sleep(1)');
	const [row] = await postgres.sql<{ calls: number; ms: number; rows: number; wal: number }>(`
		SELECT (SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat%')::float8 AS calls,
			(SELECT sum(total_exec_time) FROM pg_stat_statements
				WHERE query NOT LIKE '%pg_stat%')::float8 AS ms,
			(SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables
				WHERE schemaname = '${schema}')::float8 AS rows,
			(pg_current_wal_lsn() - '0/0')::float8 AS wal`);
	if (!row) throw new Error('The database counts nothing.');
	return row;
}
