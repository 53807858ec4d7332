import { runCampaign } from '../../../mail/campaign/run';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import { greeting, people } from './campaign';

/** What the process that is to be killed is told, as JSON in its first argument. */
export interface CrashOrder {
	storePath: string;
	port: number;
	recipients: number;
	connections: number;
	leaseMs: number;
}

async function main(order: CrashOrder): Promise<void> {
	const store = await openStore({ path: order.storePath, masterKey: 'test' });
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
	});
	let told = 0;
	for await (const outcome of run) if (outcome.index >= 0) told += 1;
	if (told !== order.recipients) throw new Error(`Only ${told} outcomes were told.`);
	await pool.close();
	await store.close();
}

void main(JSON.parse(process.argv[2] ?? '') as CrashOrder);
