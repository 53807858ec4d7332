import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign } from '../mail/campaign/run';
import { compileMessage } from '../mail/message/compile';
import { createSmtpPool } from '../mail/smtp/pool';
import { openStore } from '../mail/store/open';
import { HTML, SUBJECT, TEXT } from './newsletter';
import type { Customer } from './newsletter';
import { rate } from './report';

export const MESSAGES_PER_CONNECTION = 1_000;

/** Mails a second of a whole campaign, from the recipients to the last outcome on disk. */
export async function campaignRate(
	port: number,
	people: readonly Customer[],
	connections: number,
): Promise<number> {
	const folder = await mkdtemp(join(tmpdir(), 'smtp-suite-bench-'));
	const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'bench' });
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections, messagesPerConnection: MESSAGES_PER_CONNECTION },
	});
	const compiled = compileMessage(
		{
			from: { name: 'Shop', address: 'shop@example.com' },
			subject: SUBJECT,
			html: HTML,
			text: TEXT,
		},
		{ missing: 'error' },
	);
	if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
	try {
		const start = performance.now();
		const run = runCampaign({
			store,
			pool,
			message: compiled.message,
			campaign: { id: 'bench' },
			signingKey: await store.signingKeys.current(),
			from: 'shop@example.com',
			bounceAddress: 'bounces@example.com',
			recipients: people.map(({ address, data }, index) => ({ index, address, data })),
			concurrency: connections,
		});
		let sent = 0;
		for await (const { outcome } of run) if (outcome === 'sent') sent += 1;
		if (sent !== people.length) throw new Error(`Only ${sent} of ${people.length} were sent.`);
		return rate(people.length, start);
	} finally {
		await pool.close();
		await store.close();
		await rm(folder, { recursive: true, force: true });
	}
}
