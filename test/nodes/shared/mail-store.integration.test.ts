import type { ICredentialTestFunctions, IExecuteFunctions, NodeExecutionHint } from 'n8n-workflow';

import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { openNodeStore, openNodeStoreNamed } from '../../../nodes/shared/mail-store';
import { mailStoreTest } from '../../../nodes/shared/mail-store-credential';
import { tellOfOtherStores } from '../../../nodes/shared/other-stores';
import { tempFolder } from '../../support/child-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';

/** A node with or without the credential, and the words that n8n shows on its output. */
function node(place?: PostgresPlace) {
	const hints: string[] = [];
	const context = {
		getNode: () => ({
			name: 'Send',
			credentials: place ? { mailStorePostgres: { id: '1', name: 'Mail' } } : {},
		}),
		getCredentials: () => Promise.resolve(place && credentialOf(place)),
		addExecutionHints: (...more: NodeExecutionHint[]) => {
			hints.push(...more.map(({ message }) => message));
		},
	};
	return { context: context as unknown as IExecuteFunctions, hints };
}

const credentialOf = ({ host, port, database, user, schema }: PostgresPlace) => ({
	...{ connectBy: 'fields', tls: 'none', password: '' },
	...{ host, port, database, user, schema },
});

const recipient = { key: 'ada@x.test', address: 'ada@x.test', reference: 'r1', payload: '{}' };
const ACCOUNT = { host: 'smtp.x.test', auth: { user: 'news', pass: 'top-secret' } };

describeWithPostgres('the store of a node', () => {
	let server: PostgresServer;
	let place: PostgresPlace;
	const folder = tempFolder('n8n-folder-');
	const before = { ...process.env };

	beforeAll(async () => {
		process.env.N8N_USER_FOLDER = folder.path;
		process.env.N8N_ENCRYPTION_KEY = 'an encryption key';
		server = await startPostgres();
		place = server.place();
	});
	afterEach(() => {
		delete process.env.EXECUTIONS_MODE;
	});
	afterAll(async () => {
		await (await openNodeStore(node().context)).close();
		await (await openNodeStore(node(place).context)).close();
		await server.stop();
		folder.remove();
		process.env = before;
	});

	it('is tested by a button that connects, says which server it is, and changes nothing', async () => {
		const press = (data: object) =>
			mailStoreTest.call({} as ICredentialTestFunctions, { data } as never);
		const { status, message } = await press(credentialOf(place));
		expect(status).toBe('OK');
		expect(message).toMatch(/^Connected to PostgreSQL \d+.*may be made/);
		const schemas = await server.sql(
			`SELECT 1 FROM pg_namespace WHERE nspname = '${place.schema}'`,
		);
		expect(schemas).toHaveLength(0);

		await server.sql("CREATE ROLE reader LOGIN PASSWORD 'x'");
		const reader = await press({ ...credentialOf(place), user: 'reader' });
		expect(reader.status).toBe('Error');
		expect(reader.message).toContain('the right to make and change tables');
	});

	it('is the one that its credential names, and the same for all nodes that name it', async () => {
		const chosen = await openNodeStoreNamed(node(place).context);
		expect(chosen.name).toBe(`PostgreSQL: postgres on 127.0.0.1:${place.port}, schema store_1`);
		expect((await openNodeStoreNamed(node(place).context)).store).toBe(chosen.store);
		expect(await openNodeStore(node().context)).not.toBe(chosen.store);
		const press = await mailStoreTest.call(
			{} as ICredentialTestFunctions,
			{ data: credentialOf(place) } as never,
		);
		expect(press.message).toContain('are there');
	});

	it('is not shared in queue mode where a node has no credential, and the node says so', async () => {
		process.env.EXECUTIONS_MODE = 'queue';
		const without = node();
		await openNodeStore(without.context);
		expect(without.hints).toEqual([expect.stringContaining('Another worker does not know')]);
		const chosen = node(place);
		await openNodeStore(chosen.context);
		expect(chosen.hints).toEqual([]);
	});

	it('says where another store knows the same campaign, account or suppressed people', async () => {
		const embedded = await openNodeStoreNamed(node().context);
		const shared = await openNodeStoreNamed(node(place).context);
		await embedded.store.ledger.enqueue('spring', [recipient]);
		await embedded.store.suppressions.add([
			{ key: 'bob@x.test', address: 'bob@x.test', reason: 'manual' },
		]);

		const alone = node(place);
		await tellOfOtherStores(alone.context, shared, { campaignId: 'autumn', account: ACCOUNT });
		expect(alone.hints).toEqual([expect.stringMatching(/^1 suppressed addresses are in another/)]);

		const both = node();
		await tellOfOtherStores(both.context, embedded, { campaignId: 'summer', account: ACCOUNT });
		expect(both.hints).toEqual([expect.stringContaining('The account at smtp.x.test is used by')]);

		const twice = node(place);
		await tellOfOtherStores(twice.context, shared, { campaignId: 'spring' });
		expect(twice.hints[1]).toContain(
			'knows the campaign "spring" as well, with 1 recipients. This node uses PostgreSQL',
		);
		expect(JSON.stringify([alone.hints, both.hints, twice.hints])).not.toContain('top-secret');
	});
});
