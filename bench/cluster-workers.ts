import { runCampaign } from '../mail/campaign/run';
import { createSmtpPool } from '../mail/smtp/pool';
import { openStore } from '../mail/store/open';
import type { PostgresPlace } from '../mail/store/postgres/place';
import { greeting } from '../test/mail/campaign/campaign';

/** What a process that stands for several workers is told, as JSON in its first argument. */
export interface WorkersOrder {
	place: PostgresPlace;
	/** Of the mail server. */
	port: number;
	workers: number;
	/** Of each. */
	connections: number;
	campaign: string;
}

/** Each has a store, connections to the database and connections to the mail server of its own. */
async function work({ place, port, connections, campaign }: WorkersOrder): Promise<void> {
	const store = await openStore({ postgres: place, masterKey: 'bench' });
	const limits = { connections, messagesPerConnection: 1_000 };
	const pool = createSmtpPool({ host: '127.0.0.1', port, security: 'none', tls: {}, limits });
	const run = runCampaign({
		store,
		pool,
		message: greeting(),
		campaign: { id: campaign },
		signingKey: await store.signingKeys.current(),
		from: 'shop@example.com',
		recipients: 'owed',
		concurrency: connections,
		clock: store.clock,
	});
	for await (const outcome of run)
		if (outcome.outcome === 'failed' || outcome.outcome === 'unknown')
			throw new Error(`${outcome.outcome}: ${JSON.stringify(outcome)}`);
	await pool.close();
	await store.close();
}

const order = JSON.parse(process.argv[2] ?? '') as WorkersOrder;
void Promise.all(Array.from({ length: order.workers }, () => work(order)));
