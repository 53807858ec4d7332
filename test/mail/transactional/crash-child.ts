import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import { sendTransactional } from '../../../mail/transactional/send';
import { draftTo } from './draft';

/** What the process that is to be killed is told, as JSON in its first argument. */
export interface CrashOrder {
	storePath: string;
	port: number;
	items: number;
	connections: number;
	leaseMs: number;
}

async function main(order: CrashOrder): Promise<void> {
	const { receipts } = await openStore({ path: order.storePath, masterKey: 'test' });
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port: order.port,
		security: 'none',
		tls: {},
		limits: { connections: order.connections, messagesPerConnection: 50 },
	});
	const items = Array.from({ length: order.items }, (_, index) => index).values();
	const sendSome = async () => {
		for (const item of items)
			await sendTransactional(pool, draftTo(`r${item}@example.com`), {
				once: { receipts, key: `item ${item}`, leaseMs: order.leaseMs },
			});
	};
	await Promise.all(Array.from({ length: order.connections }, sendSome));
	await pool.close();
}

void main(JSON.parse(process.argv[2] ?? '') as CrashOrder);
