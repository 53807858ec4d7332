import { runCampaign } from '../../../mail/campaign/run';
import { Pacer } from '../../../mail/pacing/pacer';
import type { PacePlan } from '../../../mail/pacing/plan';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { greeting } from './campaign';

/** What a process that keeps to a plan is told, as JSON in its first argument. */
export interface PacedOrder {
	/** A file's path, or a place in PostgreSQL. */
	store: { path: string } | { postgres: PostgresPlace };
	/** How far its clock is ahead of the others', in ms. */
	clockAheadMs: number;
	port: number;
	campaign: string;
	plan: PacePlan;
	connections: number;
	/** Bursts: a run of its own each, so many ms after the one before. */
	bursts: readonly { addresses: readonly string[]; afterMs: number }[];
}

async function main(order: PacedOrder) {
	const { port, campaign, plan, connections, bursts } = order;
	const trueNow = Date.now;
	Date.now = () => trueNow() + order.clockAheadMs;
	const store = await openStore({ ...order.store, masterKey: 'test' });
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections, messagesPerConnection: 50 },
	});
	for (const { addresses, afterMs } of bursts) {
		await new Promise((resolve) => setTimeout(resolve, afterMs));
		const pacer = await Pacer.start({ book: store.paceBook, account: 'shop', plan });
		for await (const outcome of runCampaign({
			store,
			pool,
			pacer,
			message: greeting(),
			campaign: { id: campaign },
			signingKey: await store.signingKeys.current(),
			from: 'shop@example.com',
			recipients: addresses.map((address, index) => ({ index, address, data: { name: 'A' } })),
			concurrency: connections,
			patienceMs: 0,
			longestWaitMs: 30_000,
			clock: store.clock,
		}))
			if (outcome.outcome !== 'sent') throw new Error(`${outcome.recipient}: ${outcome.outcome}`);
		await pacer.close();
	}
	await pool.close();
	await store.close();
}

void main(JSON.parse(process.argv[2] ?? '') as PacedOrder);
