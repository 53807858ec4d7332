import type { RecipientOutcome } from '../../../mail/model/outcome';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import type { MailStore } from '../../../mail/store/store';
import type { FaultServer } from '../../support/fault-smtp-server';
import { campaignRun, people } from './campaign';

/** To the mail server, of one run. */
export const CONNECTIONS = 8;

/**
 * Sends to so many people, over a network, with a lease that ends while a database is in trouble.
 *
 * @throws what the run threw, after what it told is in `told`
 */
export async function sendTo(
	{ store, server, leaseMs }: { store: MailStore; server: FaultServer; leaseMs: number },
	recipients: number,
	told: RecipientOutcome[] = [],
): Promise<RecipientOutcome[]> {
	const limits = { connections: CONNECTIONS, messagesPerConnection: 50 };
	const { port } = server;
	const pool = createSmtpPool({ host: '127.0.0.1', port, security: 'none', tls: {}, limits });
	const run = campaignRun({
		store,
		pool,
		recipients: people(recipients),
		concurrency: CONNECTIONS,
		leaseMs,
		patienceMs: 20_000,
		clock: store.clock,
	});
	try {
		for await (const outcome of run) told.push(outcome);
	} finally {
		await pool.close();
	}
	return told;
}

/** Nobody is missing, nobody has two mails, and whoever is `sent` has one. */
export const RIGHT = { lost: 0, twice: [], sentButNotThere: [] };

/** Everybody's state in the store, held against the server's log; all but the counts shall be RIGHT. */
export async function holdAgainst(
	{ taken }: FaultServer,
	postgres: PostgresPlace,
	recipients: number,
) {
	const store = await openStore({ postgres, masterKey: 'test' });
	const addresses = people(recipients).map(({ address }) => address);
	const entries = await store.ledger.getMany('spring', addresses);
	await store.close();
	const inState = (...states: string[]) => entries.filter(({ state }) => states.includes(state));
	return {
		sent: inState('sent').length,
		unknown: inState('unknown').length,
		lost: recipients - inState('sent', 'unknown').length,
		twice: [...taken].filter(([, times]) => times > 1),
		sentButNotThere: inState('sent').filter(({ address }) => !taken.has(address)),
	};
}
