import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCampaign } from '../mail/campaign/run';
import type { LoadedFile } from '../mail/message/attachment';
import { compileMessage } from '../mail/message/compile';
import type { DkimSigner } from '../mail/message/dkim';
import { createSmtpPool } from '../mail/smtp/pool';
import { openStore } from '../mail/store/open';
import type { PostgresPlace } from '../mail/store/postgres/place';
import { FROM, HTML, SUBJECT, TEXT } from './newsletter';
import type { Customer } from './newsletter';
import { rate } from './report';

export const MESSAGES_PER_CONNECTION = 1_000;

export interface CampaignBench {
	port: number;
	people: readonly Customer[];
	connections: number;
	signer?: DkimSigner;
	attachments?: readonly LoadedFile[];
	/** Where the store is, if it is not a file. */
	postgres?: PostgresPlace;
}

/** Mails a second of a whole campaign, from the recipients to the last outcome on disk. */
export async function campaignRate(bench: CampaignBench): Promise<number> {
	const { port, people, connections, signer, attachments = [], postgres } = bench;
	const folder = await mkdtemp(join(tmpdir(), 'smtp-suite-bench-'));
	const place = postgres ? { postgres } : { path: join(folder, 'store.db') };
	const store = await openStore({ ...place, masterKey: 'bench' });
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections, messagesPerConnection: MESSAGES_PER_CONNECTION },
	});
	const compiled = compileMessage(
		{ from: FROM, subject: SUBJECT, html: HTML, text: TEXT, attachments },
		{ missing: 'error', ...(signer ? { signer } : {}) },
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
			from: FROM.address,
			bounceAddress: 'bounces@example.com',
			recipients: recipientsOf(people),
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

function* recipientsOf(people: readonly Customer[]) {
	for (const [index, { address, data }] of people.entries()) yield { index, address, data };
}
