import { runCampaign } from '../../../mail/campaign/run';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { greeting, people } from './campaign';

/** What the process that is to be killed is told, as JSON in its first argument. */
export interface CrashOrder {
	/** A file's path, or a place in PostgreSQL. */
	store: { path: string } | { postgres: PostgresPlace };
	port: number;
	recipients: number;
	connections: number;
	leaseMs: number;
}

async function main(order: CrashOrder): Promise<void> {
	const store = await openStore({ ...order.store, masterKey: 'test' });
	const limits = { connections: order.connections, messagesPerConnection: 50 };
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port: order.port,
		security: 'none',
		tls: {},
		limits,
	});
	const run = runCampaign({
		store,
		pool,
		message: greeting(),
		campaign: { id: 'spring' },
		signingKey: await store.signingKeys.current(),
		from: 'shop@example.com',
		recipients: people(order.recipients),
		concurrency: order.connections,
		patienceMs: 5_000,
		leaseMs: order.leaseMs,
		clock: store.clock,
	});
	let told = 0;
	for await (const outcome of run) if (outcome.index >= 0) told += 1;
	if (told !== order.recipients) throw new Error(`Only ${told} outcomes were told.`);
	await pool.close();
	await store.close();
}

void main(JSON.parse(process.argv[2] ?? '') as CrashOrder);
