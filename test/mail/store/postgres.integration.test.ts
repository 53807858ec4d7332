import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { storeContract } from './contract';
import { countRows } from './contract/count-rows';

describeWithPostgres('with a PostgreSQL server', () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	}, 60_000);
	afterAll(() => server.stop());

	storeContract(
		'PostgreSQL',
		() => {
			const place = server.place();
			const opened: MailStore[] = [];
			return Promise.resolve({
				async open({ clock, masterKey = 'the master key' } = {}) {
					const store = await openStore({ postgres: place, masterKey, clock });
					opened.push(store);
					return store;
				},
				async rows() {
					const tables = await server.sql<{ name: string }>(
						`SELECT tablename AS name FROM pg_tables WHERE schemaname = '${place.schema}'`,
					);
					return await countRows(tables, async ({ name }) => {
						const [row] = await server.sql<{ count: number }>(
							`SELECT count(*)::int AS count FROM "${place.schema}"."${name}"`,
						);
						return row?.count ?? 0;
					});
				},
				async remove() {
					for (const store of opened) await store.close();
					await server.sql(`DROP SCHEMA "${place.schema}" CASCADE`);
				},
			});
		},
		{ lives: 40 },
	);
});
