import { createSmtpPool } from '../../../mail/smtp/pool';
import { openStore } from '../../../mail/store/open';
import type { PostgresPlace } from '../../../mail/store/postgres/place';
import { startFaultServer } from '../../support/fault-smtp-server';
import type { FaultServer } from '../../support/fault-smtp-server';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { startStatementProxy } from '../../support/statement-proxy';
import type { BreakAt } from '../../support/statement-proxy';
import { campaignRun, outcomes, person, tally } from './campaign';

/** STATEMENTS_EACH=1 breaks the connection at every statement, otherwise at each so many-th. */
const EACH = Number(process.env.STATEMENTS_EACH ?? 5);
const CONNECTIONS = 3;
const RECIPIENTS = 12;
/** Beats come often, so that a break meets those as well. */
const LEASE_MS = 600;

/** Nobody else of the same name is in another campaign: several go on at one time. */
const addressOf = (id: string, index: number) => `${id}-${index}@example.com`;
/** Refused for good, and suppressed by that. */
const isRefused = (address: string) => address.includes('-3@');

const RIGHT = {
	suppressed: 1,
	wrong: { lost: [], failed: [], twice: [], sentButNotThere: [], unknownButNeverAsked: [] },
};

const BREAKS: readonly BreakAt[] = ['statementLost', 'answerLost', 'halfAnswer'];
/** Each takes as long as a statement's answer is waited for, and longer where it holds a lock. */
const SILENCES: readonly BreakAt[] = ['silentBefore', 'silentAfter'];

interface Scene {
	id: string;
	/** The way by the proxy. */
	proxied: PostgresPlace;
	/** Counts statements from now on, until the one that the connection breaks at. */
	arm: () => void;
}

describeWithPostgres('a campaign whose connection to PostgreSQL breaks at one statement', () => {
	let postgres: PostgresServer;
	let server: FaultServer;
	/** Whom the server was asked to take a mail for. */
	const asked = new Set<string>();
	let place: PostgresPlace;
	let campaigns = 0;

	beforeAll(async () => {
		postgres = await startPostgres({ settings: ['max_connections = 300'] });
		place = postgres.place();
		await (await openStore({ postgres: place, masterKey: 'test' })).close();
		server = await startFaultServer(
			(moment, address) => {
				if (moment !== 'rcptTo') return 'go';
				asked.add(address);
				return isRefused(address) ? '550 5.1.1 No such user' : 'go';
			},
			{ delayMs: 20 },
		);
	}, 60_000);
	afterAll(async () => {
		await server.close();
		await postgres.stop();
	}, 60_000);

	/** From the first statement of a store to its last. */
	async function runCampaign(
		id: string,
		at: PostgresPlace,
		{ patienceMs, whenOpen }: { patienceMs?: number; whenOpen?: () => void } = {},
	) {
		const store = await openStore({ postgres: at, masterKey: 'test', patienceMs });
		whenOpen?.();
		const limits = { connections: CONNECTIONS, messagesPerConnection: 50 };
		const { port } = server;
		const pool = createSmtpPool({ host: '127.0.0.1', port, security: 'none', tls: {}, limits });
		try {
			return await outcomes(
				campaignRun({
					store,
					pool,
					campaign: { id, define: { name: 'Spring', account: 'shop', definition: '{}' } },
					recipients: Array.from({ length: RECIPIENTS }, (_, n) => person(n, addressOf(id, n))),
					concurrency: CONNECTIONS,
					leaseMs: LEASE_MS,
					patienceMs: 20_000,
					clock: store.clock,
				}),
			);
		} finally {
			await pool.close();
			await store.close();
		}
	}

	/** Everybody's state, held against the server's log. */
	async function compare(id: string) {
		const store = await openStore({ postgres: place, masterKey: 'test' });
		const addresses = Array.from({ length: RECIPIENTS }, (_, index) => addressOf(id, index));
		const entries = await store.ledger.getMany(id, addresses);
		const suppressed = await store.suppressions.check(addresses);
		await store.close();
		const inState = (...states: string[]) =>
			entries.filter(({ state }) => states.includes(state)).map(({ address }) => address);
		const unknown = inState('unknown');
		const served = new Set(inState('sent', 'failed', 'unknown'));
		return {
			unknown: unknown.length,
			suppressed: [...suppressed.keys()].filter(isRefused).length,
			wrong: {
				// Whoever is refused is suppressed first: a run that ends there leaves them out of the next.
				lost: addresses.filter((address) => !served.has(address) && !suppressed.has(address)),
				failed: inState('failed').filter((address) => !isRefused(address)),
				twice: addresses.filter((address) => (server.taken.get(address) ?? 0) > 1),
				sentButNotThere: inState('sent').filter((address) => !server.taken.has(address)),
				unknownButNeverAsked: unknown.filter((address) => !asked.has(address)),
			},
		};
	}

	/** A campaign each for every so many-th statement of one, and each way to break there. */
	async function atEachStatement(
		{ breaks, atOnce }: { breaks: readonly BreakAt[]; atOnce: number },
		look: (scene: Scene) => Promise<void>,
	): Promise<Map<string, number>> {
		const statements = await countStatements();
		const cases: { how: BreakAt; nth: number }[] = [];
		for (const how of breaks)
			for (let nth = 1 + Math.floor(Math.random() * EACH); nth <= statements; nth += EACH)
				cases.push({ how, nth });
		const met = new Map<string, number>();
		const work = async () => {
			for (let next = cases.pop(); next; next = cases.pop()) {
				const { how, nth } = next;
				const proxy = await startStatementProxy(place.port);
				const proxied = { ...place, port: proxy.port };
				const arm = () => {
					proxy.breakAt(nth, how);
				};
				try {
					await look({ id: `c${++campaigns}`, proxied, arm });
				} catch (error) {
					cases.length = 0;
					throw new Error(`${how} at statement ${nth} (${proxy.broken})`, { cause: error });
				} finally {
					proxy.close();
				}
				// A run may do with fewer statements than another.
				if (proxy.broken) met.set(proxy.broken, (met.get(proxy.broken) ?? 0) + 1);
			}
		};
		await Promise.all(Array.from({ length: atOnce }, work));
		return met;
	}

	/** How many of them a campaign takes where nothing breaks. */
	async function countStatements(): Promise<number> {
		const proxy = await startStatementProxy(place.port);
		await runCampaign(`c${++campaigns}`, { ...place, port: proxy.port });
		proxy.close();
		return proxy.statements.length;
	}

	async function goesOn({ id, proxied, arm }: Scene): Promise<void> {
		const told = tally(await runCampaign(id, proxied, { whenOpen: arm }));
		expect(told).toEqual({ sent: RECIPIENTS - 1, failed: 1 });
		expect(await compare(id)).toEqual({ unknown: 0, ...RIGHT });
	}

	it(
		'goes on where it was: everybody has the mail once, and the ledger says so',
		async () => {
			report(await atEachStatement({ breaks: BREAKS, atOnce: 4 }, goesOn));
		},
		60_000 + 600_000 / EACH,
	);

	it(
		'goes on as well where it stays open, and nothing comes through any more',
		async () => {
			report(await atEachStatement({ breaks: SILENCES, atOnce: 30 }, goesOn));
		},
		120_000 + 1_200_000 / EACH,
	);

	it(
		'may end there: it is finished by the next run; `unknown` are only those whom the server may have',
		async () => {
			let unknowns = 0;
			const met = await atEachStatement(
				{ breaks: BREAKS, atOnce: 4 },
				async ({ id, proxied, arm }) => {
					arm();
					await runCampaign(id, proxied, { patienceMs: 0 }).catch((error: unknown) => {
						expect(error).toMatchObject({ name: 'StoreError', problem: 'unreachable' });
					});
					await runCampaign(id, place);
					const { unknown, ...right } = await compare(id);
					unknowns += unknown;
					expect(unknown).toBeLessThanOrEqual(CONNECTIONS);
					expect(right).toEqual(RIGHT);
				},
			);
			report(met, `, ${unknowns} unknown`);
		},
		60_000 + 900_000 / EACH,
	);

	function report(met: ReadonlyMap<string, number>, more = ''): void {
		const breaks = [...met.values()].reduce((sum, count) => sum + count, 0);
		process.stdout.write(`${breaks} breaks at ${met.size} different statements${more}\n`);
		if (process.env.STATEMENTS_EACH !== undefined)
			for (const [text, count] of met)
				process.stdout.write(
					`${count} ${text.replace(/^WITH clock .*? AS now\)/, '').slice(0, 120)}\n`,
				);
	}
});
