import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import postgresClient from 'postgres';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { tempFolder } from '../../support/child-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { CONNECTIONS, holdAgainst, RIGHT, sendTo } from './sent-over-database';

/** DATABASE_AWAY_SECONDS=60 for a whole minute. */
const AWAY_MS = Number(process.env.DATABASE_AWAY_SECONDS ?? 8) * 1_000;
/** Over long before the database is back. */
const LEASE_MS = 2_000;
const RECIPIENTS = 600;

describeWithPostgres('a campaign whose PostgreSQL is away for long', () => {
	let server: FaultServer;
	const toEnd: (() => unknown)[] = [];

	beforeEach(async () => {
		server = await startFaultServer(() => 'go', { delayMs: 20 });
		toEnd.push(() => server.close());
	});
	afterEach(async () => {
		for (const end of toEnd.splice(0).reverse()) await end();
	}, 60_000);

	async function start(options?: Parameters<typeof startPostgres>[0]): Promise<PostgresServer> {
		const postgres = await startPostgres(options);
		toEnd.push(() => postgres.stop());
		return postgres;
	}

	/** Sends to everybody. @throws what the run threw */
	async function sendAll(postgres: PostgresPlace, patienceMs?: number): Promise<void> {
		const store = await openStore({ postgres, masterKey: 'test', patienceMs });
		try {
			const told = await sendTo({ store, server, leaseMs: LEASE_MS }, RECIPIENTS);
			expect(told).toHaveLength(RECIPIENTS);
		} finally {
			await store.close();
		}
	}

	async function untilTaken(count: number): Promise<void> {
		while (server.taken.size < count) await sleep(5);
	}

	async function untilNothingGoesOut(): Promise<void> {
		let before = -1;
		while (before < server.taken.size) {
			before = server.taken.size;
			await sleep(1_500);
		}
	}

	/** The database is away for so long: nothing goes out that cannot be written down. */
	async function staysAway(): Promise<void> {
		// What had leave before is still finished.
		await sleep(1_000);
		const before = server.taken.size;
		await sleep(AWAY_MS);
		expect(server.taken.size).toBe(before);
		expect(before).toBeLessThan(RECIPIENTS);
	}

	async function compare(place: PostgresPlace): Promise<void> {
		const { sent, unknown, ...wrong } = await holdAgainst(server, place, RECIPIENTS);
		process.stdout.write(`${sent} sent, ${unknown} unknown\n`);
		expect(wrong).toEqual(RIGHT);
		// Those who were about to have leave when it went.
		expect(unknown).toBeLessThanOrEqual(CONNECTIONS);
	}

	it(
		'waits while it is stopped, and goes on by itself',
		async () => {
			const postgres = await start();
			const place = postgres.place();
			const run = sendAll(place);
			run.catch(() => undefined);
			await untilTaken(100);
			await postgres.shutDown();
			await staysAway();
			await postgres.start();
			await run;
			await compare(place);
		},
		120_000 + 2 * AWAY_MS,
	);

	describe('because others use up its connections', () => {
		const MAX_CONNECTIONS = 10;
		let postgres: PostgresServer;
		let place: PostgresPlace;

		beforeEach(async () => {
			postgres = await start({
				settings: [`max_connections = ${MAX_CONNECTIONS}`, 'superuser_reserved_connections = 0'],
			});
			place = postgres.place();
		}, 60_000);

		/** Takes every connection that there is, and ours as they are ended. @returns what lets them go */
		async function takeAll(): Promise<() => Promise<void>> {
			const held: postgresClient.Sql[] = [];
			const take = async () => {
				const client = postgresClient({
					...{ host: '127.0.0.1', port: postgres.port, user: 'postgres', database: 'postgres' },
					...{ max: 1, backoff: false },
				});
				try {
					await client`SELECT 1`;
					held.push(client);
				} catch {
					await client.end({ timeout: 0 });
				}
			};
			// One is the tests' own.
			while (held.length < MAX_CONNECTIONS - 1) {
				await postgres.sql(
					`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
					WHERE application_name = 'n8n-nodes-smtp-suite'`,
				);
				await take();
			}
			return async () => {
				await Promise.all(held.map((client) => client.end({ timeout: 0 })));
			};
		}

		it(
			'waits for one, and goes on by itself',
			async () => {
				const run = sendAll(place);
				run.catch(() => undefined);
				await untilTaken(100);
				const letGo = await takeAll();
				await staysAway();
				await letGo();
				await run;
				await compare(place);
			},
			120_000 + 2 * AWAY_MS,
		);

		it('says so when it lasts too long', async () => {
			const run = sendAll(place, 500);
			run.catch(() => undefined);
			await untilTaken(100);
			const letGo = await takeAll();
			const words = expect.stringMatching(
				/has no connection left\. Raise max_connections there, or lower Max Connections/,
			) as string;
			const crowded = { name: 'StoreError', problem: 'crowded', message: words };
			// Where its last try was on a connection that was ended under it, it speaks of that one.
			const stopped = run.catch((error: unknown) => error);
			expect(['crowded', 'unreachable']).toContain(
				((await stopped) as { problem?: unknown } | undefined)?.problem,
			);
			await expect(openStore({ postgres: place, masterKey: 'test' })).rejects.toMatchObject(
				crowded,
			);
			await letGo();
			await sendAll(place);
			await compare(place);
		}, 60_000);
	});

	(canMount() ? it : it.skip)(
		'because its disk is full: waits, and goes on when there is room again',
		async () => {
			const { path, unmount } = mountSmallDisk();
			toEnd.push(unmount);
			const postgres = await start({
				parent: path,
				settings: ['min_wal_size = 32MB', 'max_wal_size = 32MB', 'wal_recycle = off'],
			});
			const place = postgres.place();
			const run = sendAll(place);
			run.catch(() => undefined);
			await untilTaken(100);
			const makeRoom = fillUp(path);
			// It goes on for as long as there is room in the pages that there are.
			await untilNothingGoesOut();
			await staysAway();
			makeRoom();
			// Where the log of its own work could not grow, the server has ended.
			if (postgres.ended) await postgres.start();
			await run;
			await compare(place);
		},
		120_000 + 2 * AWAY_MS,
	);
});

/** Whether this system lets this user make disks in memory. */
function canMount(): boolean {
	try {
		mountSmallDisk().unmount();
		return true;
	} catch {
		return false;
	}
}

/** A disk of 96 MB in memory. */
function mountSmallDisk(): { path: string; unmount: () => void } {
	const folder = tempFolder('smtp-suite-small-disk-');
	try {
		execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=96M,mode=755', 'tmpfs', folder.path], {
			stdio: 'ignore',
		});
	} catch (error) {
		folder.remove();
		throw error;
	}
	return {
		path: folder.path,
		unmount: () => {
			execFileSync('umount', ['--lazy', folder.path]);
			folder.remove();
		},
	};
}

/** @returns what makes room again */
function fillUp(folder: string): () => void {
	const file = join(folder, 'full');
	const descriptor = openSync(file, 'w');
	for (const size of [65_536, 4_096])
		try {
			for (;;) writeSync(descriptor, Buffer.alloc(size, 'x'));
		} catch {
			// No space left on device.
		}
	closeSync(descriptor);
	return () => {
		rmSync(file);
	};
}
