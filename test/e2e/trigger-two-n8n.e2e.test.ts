import { setTimeout as sleep } from 'node:timers/promises';

import type { Dovecot } from '../support/dovecot';
import { canRunDovecot, startDovecot } from '../support/dovecot';
import type { PostgresServer } from '../support/postgres';
import { postgresPrograms, startPostgres } from '../support/postgres';
import { bounceOf } from './support/bounces';
import { deliverMany } from './support/lmtp';
import { chain, startTestN8n } from './support/n8n';
import type { Server, TestN8n } from './support/n8n';
import { startedExecutions, tally } from './support/started';

const missing = canRunDovecot();
const suite = missing ? describe.skip : describe;
if (missing) console.warn(`Two n8n on one mailbox are skipped: ${missing}.`);

/** How many bounces each mailbox gets; `SMTP_SUITE_TRIGGER=whole` for more. */
const WHOLE = process.env.SMTP_SUITE_TRIGGER === 'whole';
const BOUNCES = WHOLE ? 2_000 : 100;
/** What has not started by then is lost; it takes seconds where nothing is. */
const LOST_AFTER_MS = WHOLE ? 600_000 : 300_000;
const GONE = 'gone.test';

/** How each mailbox is watched; its user is the name. */
const WAYS: Record<string, object> = {
	each: {},
	together: { execution: 'together' },
	moved: { afterReading: 'move' },
};
/** Watched with a store in PostgreSQL, as mains on several machines need it. */
const SHARED = postgresPrograms() ? 'shared' : undefined;
if (SHARED) WAYS[SHARED] = {};
/** How often the only n8n that is left ends and another takes its place. */
const CHANGES = WHOLE ? 6 : 2;
const userOf = (way: string) => `${way}@example.test`;

/*
 * Two processes of n8n with one database, both of which run the same published workflows: an update
 * that overlaps, or two mains without the licence that lets one of them lead.
 */
suite('Bounce Trigger in two n8n at once', () => {
	let n8n: TestN8n;
	let second: Server | undefined;
	let dovecot: Dovecot;
	let postgres: PostgresServer | undefined;
	const workflows = new Map<string, string>();
	const expected = new Map<string, string[]>();
	const connections = new Map<string, number>();

	beforeAll(async () => {
		dovecot = await startDovecot({ users: Object.keys(WAYS).map(userOf) });
		n8n = await startTestN8n();
		const { api } = n8n.server;
		const credentials: Record<string, object> = {};
		if (SHARED) {
			postgres = await startPostgres();
			const { host, port, database, user, password, schema } = postgres.place();
			const data = { connectBy: 'fields', host, port, database, user, password, schema };
			const store = { ...data, tls: 'none' };
			const id: string = await api.putCredential('Store', 'mailStorePostgres', store);
			credentials[SHARED] = { mailStorePostgres: { id, name: 'Store' } };
		}
		for (const [way, parameters] of Object.entries(WAYS)) {
			const credential: string = await api.putCredential(way, 'imapAccount', {
				service: 'own',
				host: '127.0.0.1',
				port: dovecot.imapsPort,
				security: 'tls',
				certificate: 'ownCa',
				caCertificate: dovecot.caPem,
				user: userOf(way),
				password: dovecot.password,
			});
			const { id } = (await api.createWorkflow(
				chain(way, [
					{
						name: 'Bounce Trigger',
						type: 'n8n-nodes-smtp-suite.bounceTrigger',
						parameters,
						credentials: { imapAccount: { id: credential, name: way }, ...credentials[way] },
					},
					{ name: 'Done', type: 'n8n-nodes-base.noOp' },
				]),
			)) as { id: string };
			await api.activate(id);
			workflows.set(way, id);
			expected.set(way, []);
		}
		second = await n8n.another();
		await connected(2);
	}, 240_000);

	afterAll(async () => {
		await second?.kill();
		await n8n.stop();
		await dovecot.stop();
		await postgres?.stop();
	}, 60_000);

	/** Waits until every mailbox has so many connections. */
	const connected = async (count: number): Promise<void> => {
		for (const until = Date.now() + 60_000; Date.now() < until;) {
			const now = await Promise.all(
				Object.keys(WAYS).map((way) => dovecot.connectionsOf(userOf(way))),
			);
			if (now.every((each) => each === count)) return;
			await sleep(200);
		}
		throw new Error(`The mailboxes do not have ${count} connections each.`);
	};
	let counter = 0;
	const deliver = async (count: number): Promise<void> => {
		await Promise.all(
			Object.keys(WAYS).map(async (way) => {
				const names = Array.from({ length: count }, () => `d${(counter += 1)}-x@${GONE}`);
				expected.get(way)?.push(...names);
				await deliverMany(
					dovecot.lmtpPort,
					userOf(way),
					names.map((name) => bounceOf(name)),
				);
			}),
		);
	};
	const tallyOf = (way: string) =>
		tally(startedExecutions(n8n, workflows.get(way) ?? '', GONE), expected.get(way) ?? []);
	const allStarted = async (most = 2): Promise<void> => {
		connections.clear();
		const start = Date.now();
		for (const until = start + LOST_AFTER_MS; Date.now() < until;) {
			for (const way of Object.keys(WAYS))
				connections.set(
					way,
					Math.max(connections.get(way) ?? 0, await dovecot.connectionsOf(userOf(way))),
				);
			if (Object.keys(WAYS).every((way) => tallyOf(way).missing.length === 0)) break;
			await sleep(500);
		}
		process.stdout.write(`    all started after ${Date.now() - start} ms\n`);
		// A second execution would come now.
		await sleep(15_000);
		for (const way of Object.keys(WAYS))
			expect({
				way,
				...tallyOf(way),
				tooMany: (connections.get(way) ?? 0) > most,
			}).toEqual({
				way,
				missing: [],
				doubled: [],
				unexpected: [],
				tooMany: false,
			});
	};

	it('starts one execution for each bounce, with a connection for each of the two', async () => {
		await deliver(BOUNCES);
		await allStarted();
	}, 900_000);

	it('loses and doubles none when one of them is killed meanwhile', async () => {
		const coming = deliver(BOUNCES);
		await sleep(1_000 + Math.random() * 1_000);
		await second?.kill();
		second = undefined;
		await coming;
		await allStarted();
	}, 900_000);

	it('loses and doubles none when another takes the place of the only one, again and again', async () => {
		for (let count = 0; count < CHANGES; count += 1) {
			const coming = deliver(BOUNCES / 4);
			await sleep(Math.random() * 1_000);
			await n8n.restart(count % 2 === 0 ? 'kill' : 'stop');
			await coming;
			await connected(1);
		}
		await allStarted(1);
	}, 900_000);
});
