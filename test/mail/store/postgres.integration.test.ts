import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { storeContract } from './contract';

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
				async remove() {
					for (const store of opened) await store.close();
					await server.sql(`DROP SCHEMA "${place.schema}" CASCADE`);
				},
			});
		},
		{ lives: 40 },
	);
});
