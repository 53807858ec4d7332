import { openStore } from '../../../mail/store/open';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';

describeWithPostgres('a new schema that many open at once', () => {
	let server: PostgresServer;
	beforeAll(async () => {
		server = await startPostgres();
	}, 60_000);
	afterAll(() => server.stop());

	it('is made by one of them, and found made by the others', async () => {
		for (let round = 0; round < 10; round += 1) {
			const postgres = server.place();
			const opening = Array.from({ length: 8 }, () => openStore({ postgres, masterKey: 'k' }));
			const opened = await Promise.allSettled(opening);
			expect(
				opened.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])),
			).toEqual([]);
			for (const one of opened) if (one.status === 'fulfilled') await one.value.close();
		}
	}, 60_000);
});
