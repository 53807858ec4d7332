import { Database } from '../../../mail/store/postgres/database';
import { statement } from '../../../mail/store/postgres/statement';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';

/** Which connection it came by, after the server has worked on it for so long. */
const WORK = statement<{ pid: number }>(
	'SELECT pg_backend_pid() AS pid FROM pg_sleep(:seconds::float8)',
);

describeWithPostgres('the connections of a store in PostgreSQL', () => {
	let server: PostgresServer;
	let database: Database;
	beforeAll(async () => {
		server = await startPostgres();
	}, 60_000);
	afterEach(() => database.close());
	afterAll(() => server.stop());

	async function open(maxConnections?: number): Promise<void> {
		database = await Database.open({ ...server.place(), maxConnections }, { patienceMs: 10_000 });
	}

	/** Notes who is through, in that order. */
	function work(name: string, seconds: number, through: string[]) {
		return database.runInOrder(async ({ again, all }) => {
			const [row] = await all(WORK, { seconds: again ? '0' : String(seconds) });
			through.push(name);
			return { pid: row?.pid, again };
		});
	}

	it('do what has an order on one of them, as it was asked for, and the rest beside it', async () => {
		await open();
		const through: string[] = [];
		const slow = work('slow', 0.3, through);
		const quick = work('quick', 0, through);
		const [beside] = await database.all(WORK, { seconds: '0' });
		expect(through).toEqual([]);
		const [first, second] = await Promise.all([slow, quick]);
		expect(through).toEqual(['slow', 'quick']);
		expect(second).toEqual(first);
		expect(beside?.pid).not.toBe(first.pid);
	});

	it('give everybody a turn where there is but one', async () => {
		await open(1);
		let ended = false;
		const through: string[] = [];
		const others = Promise.all(
			['a', 'b'].map(async (name) => {
				while (!ended) await work(name, 0.01, through);
			}),
		);
		await expect(database.all(WORK, { seconds: '0' })).resolves.toHaveLength(1);
		ended = true;
		await others;
	});

	it('that are cut take all with them that was under way, and it is tried again on a new one', async () => {
		await open();
		const through: string[] = [];
		const cut = [work('a', 5, through), work('b', 5, through)];
		const [beside] = await database.all(WORK, { seconds: '0' });
		await server.sql(
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()`,
		);
		const after = await Promise.all(cut);
		expect(after.map((one) => one.again)).toEqual([true, true]);
		expect(through.toSorted()).toEqual(['a', 'b']);
		expect(beside).toBeDefined();
		await expect(work('c', 0, through)).resolves.toMatchObject({ again: false });
	});
});
