import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { startFaultProxy } from '../../support/fault-proxy';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { CONNECTIONS, holdAgainst, RIGHT, sendTo } from './sent-over-database';

/** DATABASE_FAILOVERS=20 for a long run. */
const FAILOVERS = Number(process.env.DATABASE_FAILOVERS ?? 2);
const RECIPIENTS = 600;
const LEASE_MS = 2_000;
const RUNS = 2;

/** What becomes of the server that was in charge until now. */
const ENDS: readonly ((primary: PostgresServer) => Promise<void>)[] = [
	// It dies.
	(primary) => primary.crash(),
	// It lives on, and those who are connected still speak with it: what it is told reaches nobody.
	() => Promise.resolve(),
];

describeWithPostgres('a campaign whose PostgreSQL is replaced by its standby', () => {
	let server: FaultServer;
	const toEnd: (() => unknown)[] = [];

	beforeEach(async () => {
		server = await startFaultServer(() => 'go', { delayMs: 25 });
		toEnd.push(() => server.close());
	});
	afterEach(async () => {
		for (const end of toEnd.splice(0).reverse()) await end();
	}, 60_000);

	/** A server, and a standby that has everything before the server says that it is written. */
	async function startPair(): Promise<{ primary: PostgresServer; standby: PostgresServer }> {
		const primary = await startPostgres({ settings: ["synchronous_standby_names = 'second'"] });
		toEnd.push(() => primary.stop());
		const standby = await startPostgres({ follows: { port: primary.port, name: 'second' } });
		toEnd.push(() => standby.stop());
		return { primary, standby };
	}

	async function sendAll(postgres: PostgresPlace): Promise<void> {
		const store = await openStore({ postgres, masterKey: 'test' });
		try {
			const told = await sendTo({ store, server, leaseMs: LEASE_MS }, RECIPIENTS);
			expect(told).toHaveLength(RECIPIENTS);
		} finally {
			await store.close();
		}
	}

	it.each(Array.from({ length: FAILOVERS }, (_, index) => index))(
		'goes on with the standby, and loses nobody and mails nobody twice (%i)',
		async (nth) => {
			const { primary, standby } = await startPair();
			let inCharge = primary;
			const proxy = await startFaultProxy(() => inCharge.port);
			toEnd.push(() => proxy.close());
			const place = { ...primary.place(), port: proxy.port };
			const runs = Promise.all(Array.from({ length: RUNS }, () => sendAll(place)));
			runs.catch(() => undefined);

			while (server.taken.size < 100 + Math.random() * 100) await sleep(5);
			// New connections come to the standby before it is in charge: it refuses to write.
			inCharge = standby;
			await ENDS[nth % ENDS.length]?.(primary);
			if (nth % ENDS.length === 0) proxy.reset();
			const atFailover = server.taken.size;
			await sleep(500);
			await standby.sql('SELECT pg_promote()');
			await runs;

			expect(atFailover).toBeLessThan(RECIPIENTS);
			const { sent, unknown, ...wrong } = await holdAgainst(
				server,
				{ ...place, port: standby.port },
				RECIPIENTS,
			);
			process.stdout.write(`replaced at ${atFailover}: ${sent} sent, ${unknown} unknown\n`);
			expect(wrong).toEqual(RIGHT);
			// Those who had leave, or were about to have it, and whose outcome came after their lease.
			expect(unknown).toBeLessThanOrEqual(CONNECTIONS * RUNS * 2);
		},
		120_000,
	);
});
