import { setTimeout as sleep } from 'node:timers/promises';
import type { RecipientOutcome } from '../../../mail/model/outcome';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import type { MailStore } from '../../../mail/store/store';
import { startFaultProxy } from '../../support/fault-proxy';
import type { FaultProxy } from '../../support/fault-proxy';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { tally } from './campaign';
import { CONNECTIONS, holdAgainst, RIGHT, sendTo } from './sent-over-database';

const LEASE_MS = 3_000;
/** DATABASE_CUTS=200 for a long run. */
const CUTS = Number(process.env.DATABASE_CUTS ?? 10);
/** Mails that go out between one trouble and the next. */
const BETWEEN = 25;

interface Scene {
	postgres: PostgresServer;
	place: PostgresPlace;
	proxy: FaultProxy;
}

/** What the way to the database, or the database, may meet with. */
const TROUBLES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
	async cut({ proxy }) {
		await sleep(Math.random() * 30);
		proxy.reset();
	},
	async 'done, but the answer lost'({ proxy }) {
		proxy.loseAnswers();
		await sleep(20 + Math.random() * 20);
		proxy.reset();
	},
	async slow({ proxy }) {
		proxy.delay(50);
		await sleep(800);
		proxy.delay(0);
	},
	async silent({ proxy }) {
		proxy.freeze();
		await sleep(800);
		proxy.unfreeze();
	},
	async refused({ proxy }) {
		await proxy.refuse();
		proxy.reset();
		await sleep(500);
		await proxy.accept();
	},
	/** What a server says whose disk is full. */
	async full({ postgres, place: { schema } }) {
		await postgres.sql(`
			CREATE FUNCTION ${schema}.full_disk() RETURNS trigger LANGUAGE plpgsql AS
				$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$;
			CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ${schema}.recipient
				FOR EACH STATEMENT EXECUTE FUNCTION ${schema}.full_disk()`);
		await sleep(500);
		await postgres.sql(`DROP FUNCTION ${schema}.full_disk CASCADE`);
	},
	async restarted({ postgres }) {
		await postgres.shutDown();
		await sleep(300);
		await postgres.start();
	},
	async crashed({ postgres }) {
		await postgres.crash();
		await postgres.start();
	},
};

const ONCE = ['slow', 'silent', 'refused', 'full', 'restarted', 'crashed'];
const OFTEN = ['cut', 'done, but the answer lost'];
const ALL = [...Array.from({ length: CUTS }, () => OFTEN).flat(), ...ONCE];
const RECIPIENTS = ALL.length * BETWEEN * 3;

describeWithPostgres('a campaign whose PostgreSQL is in trouble', () => {
	let postgres: PostgresServer;
	let server: FaultServer;
	const toEnd: (() => Promise<void>)[] = [];

	beforeAll(async () => {
		postgres = await startPostgres();
	}, 60_000);
	beforeEach(async () => {
		server = await startFaultServer(() => 'go', { delayMs: 25 });
	});
	afterEach(async () => {
		for (const end of toEnd.splice(0).reverse()) await end();
		await server.close();
	}, 60_000);
	afterAll(() => postgres.stop(), 60_000);

	/** A store at this place, reached by a proxy of its own. */
	async function openByProxy(place: PostgresPlace, patienceMs?: number) {
		const proxy = await startFaultProxy(place.port);
		const store = await openStore({
			postgres: { ...place, port: proxy.port },
			masterKey: 'test',
			patienceMs,
		});
		toEnd.push(async () => {
			await store.close();
			await proxy.close();
		});
		return { proxy, store };
	}

	const send = (store: MailStore, recipients: number, told?: RecipientOutcome[]) =>
		sendTo({ store, server, leaseMs: LEASE_MS }, recipients, told);

	async function untilTaken(count: number): Promise<void> {
		while (server.taken.size < count) await sleep(2);
	}

	it(
		'loses nobody and mails nobody twice, and goes on when it is over',
		async () => {
			const place = postgres.place();
			const halfOpen = await openByProxy(place);
			const troubled = await openByProxy(place);
			const scene: Scene = { postgres, place, proxy: troubled.proxy };
			const runs = Promise.all([
				send(halfOpen.store, RECIPIENTS),
				send(troubled.store, RECIPIENTS),
			]);
			runs.catch(() => undefined);

			await untilTaken(50);
			// Nobody tells the one run that its connections are gone: it finds out when no answer comes. By
			// then the other has taken over what it held, for no heartbeat got through either.
			halfOpen.proxy.freeze('open');
			await halfOpen.proxy.refuse();
			const back = sleep(LEASE_MS * 2).then(() => halfOpen.proxy.accept());
			for (const name of ALL) {
				await untilTaken(Math.min(server.taken.size + BETWEEN, RECIPIENTS));
				// Else nothing is tried: there have to be more recipients then.
				expect(server.taken.size).toBeLessThan(RECIPIENTS);
				await TROUBLES[name]?.(scene);
			}
			await back;
			const told = await runs;

			const { sent, unknown, ...wrong } = await holdAgainst(server, place, RECIPIENTS);
			const { totalConnections } = troubled.proxy;
			process.stdout.write(
				`${ALL.length} troubles, ${totalConnections} connections: ${sent} sent, ${unknown} unknown, ${wrong.twice.length} twice, ${wrong.lost} lost\n`,
			);
			expect(wrong).toEqual(RIGHT);
			// Those on the wire where a lease ran out meanwhile.
			expect(unknown).toBeLessThanOrEqual(CONNECTIONS * 2 * ONCE.length);
			for (const outcomes of told) expect(outcomes).toHaveLength(RECIPIENTS);
			// Each cut took a connection with it.
			expect(totalConnections).toBeGreaterThan(CUTS * OFTEN.length);
		},
		90_000 + CUTS * 2_000,
	);

	it('ends with words for the user when it lasts too long, and another run finishes it', async () => {
		const place = postgres.place();
		const { proxy, store } = await openByProxy(place, 300);
		const told: RecipientOutcome[] = [];
		const run = send(store, 400, told);
		run.catch(() => undefined);
		await untilTaken(100);
		await proxy.refuse();
		proxy.reset();
		await expect(run).rejects.toMatchObject({
			name: 'StoreError',
			problem: 'unreachable',
			message: expect.stringMatching(
				/cannot be reached\. Check host and port in the credential, that PostgreSQL is running.* run it again when the server is back\.$/,
			) as string,
		});
		expect(server.taken.size).toBeLessThan(400);

		await proxy.accept();
		const again = tally(await send(store, 400));
		const { sent, unknown, ...wrong } = await holdAgainst(server, place, 400);
		expect(wrong).toEqual(RIGHT);
		expect(sent + unknown).toBe(400);
		expect(again.sent).toBeGreaterThan(0);
		// One for each message that waited for leave, or for its reply, when the store went.
		expect(unknown).toBeLessThanOrEqual(CONNECTIONS * 2);
	}, 60_000);
});
