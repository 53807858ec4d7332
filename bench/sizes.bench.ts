import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { summarize } from '../mail/report/figures';
import { readCounts } from '../mail/report/read';
import { openStore } from '../mail/store/open';
import type { PostgresPlace } from '../mail/store/postgres/place';
import type { MailStore } from '../mail/store/store';
import { tempFolder } from '../test/support/child-server';
import { postgresPrograms, startPostgres } from '../test/support/postgres';
import type { Benchmark, Measure } from './report';

/** Of campaigns of long ago; as many suppressions as a tenth of the recipients, five events a recipient. */
const SMALL = 20_000;
const LARGE = Number(process.env.BENCH_RECIPIENTS ?? 2_000_000);
/** Both, if it names none. */
const STORE = process.env.BENCH_STORE;
const EVENTS_EACH = 5;
const CAMPAIGN = 20_000;
const PART = 10_000;
const DAY_MS = 86_400_000;
const AT = 1_760_000_000_000;

/** What a campaign costs in a store that holds much beside it, beside one that holds little. */
export const benchmark: Benchmark = {
	about: `A campaign of ${CAMPAIGN} in a store that holds ${LARGE} recipients of others, ${LARGE * EVENTS_EACH} events and ${LARGE / 10} suppressions, beside one that holds a hundredth or less of that.`,
	async *run() {
		const folder = tempFolder('smtp-suite-bench-');
		try {
			if (STORE !== 'PostgreSQL')
				yield* measures('embedded', async (size) => {
					const path = join(folder.path, `${size}.sqlite`);
					await (await openStore({ path, masterKey: 'bench' })).close();
					const file = new DatabaseSync(path);
					file.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN');
					for (const sql of filling(size, SQLITE)) file.exec(sql);
					file.exec('COMMIT; ANALYZE');
					file.close();
					return openStore({ path, masterKey: 'bench' });
				});
		} finally {
			folder.remove();
		}
		if (STORE === 'embedded' || !postgresPrograms()) return;
		const postgres = await startPostgres({ settings: SETTINGS });
		try {
			yield* measures('PostgreSQL', async (size) => {
				const place: PostgresPlace = postgres.place();
				await (await openStore({ postgres: place, masterKey: 'bench' })).close();
				await postgres.sql(`SET search_path = ${place.schema}`);
				// What is filled in is whole: to look up the campaign of each row takes longer than the row.
				await postgres.sql('SET session_replication_role = replica');
				for (const sql of filling(size, POSTGRES)) await postgres.sql(sql);
				await postgres.sql('VACUUM ANALYZE');
				// What was filled in is on the disk before anything is timed.
				await postgres.sql('CHECKPOINT');
				return openStore({ postgres: place, masterKey: 'bench' });
			});
		} finally {
			await postgres.stop();
		}
	},
};

/** What differs between the two kinds of SQL. */
interface Dialect {
	/** A table `n` with the numbers from 0 up to this. */
	numbers: (count: number) => string;
	truth: (condition: string) => string;
}

const SQLITE: Dialect = {
	numbers: (count) =>
		`WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ${count - 1})`,
	truth: (condition) => condition,
};
const POSTGRES: Dialect = {
	numbers: (count) => `WITH n AS (SELECT generate_series(0, ${count - 1}) AS n)`,
	truth: (condition) => `(${condition})`,
};

/** Of a small server, but one that is filled in one go. */
const SETTINGS = ["shared_buffers = '1GB'", "maintenance_work_mem = '1GB'", "max_wal_size = '8GB'"];

/** Recipients of a campaign of long ago. */
const EACH = 100_000;

/** Campaigns that were sent long ago, one after the other. */
function filling(size: number, { numbers, truth }: Dialect): string[] {
	const campaigns = Math.ceil(size / EACH);
	return [
		`${numbers(campaigns)} INSERT INTO campaign (name, created_at, state_since, finished_at)
		SELECT 'old-' || n, ${AT}, ${AT}, ${AT} FROM n`,
		`${numbers(size)} INSERT INTO recipient
			(campaign, key, address, reference, state, attempts, queued_at, reply, message_id, updated_at)
		SELECT 1 + n / ${EACH}, 'person' || n || '@example.test', 'person' || n || '@example.test',
			'old' || n, 'sent', 1, ${AT}, '250 2.0.0 Ok', '<' || n || '@example.test>', ${AT} FROM n`,
		`${numbers(size * EVENTS_EACH)} INSERT INTO tracking_event (campaign, reference, event, link, at)
		SELECT 1 + n / ${EACH * EVENTS_EACH}, 'old' || (n / ${EVENTS_EACH}), 'opened', 0, ${AT} + n FROM n`,
		`${numbers(size)} INSERT INTO tracking_activity
		SELECT 1 + n / ${EACH}, 'old' || n, 'opened', 0, ${truth('1 = 0')}, ${EVENTS_EACH}, ${AT}, ${AT}
		FROM n`,
		`${numbers(size / 10)} INSERT INTO suppression (key, address, reason, created_at)
		SELECT 'left' || n || '@example.test', 'left' || n || '@example.test', 'unsubscribed', ${AT} + n
		FROM n`,
	];
}

async function* measures(
	backend: string,
	openFilled: (size: number) => Promise<MailStore>,
): AsyncGenerator<Measure> {
	const small = await times(await openFilled(SMALL));
	const large = await times(await openFilled(LARGE));
	for (const [what, ours] of Object.entries(large)) {
		const peer = small[what] ?? NaN;
		const peerName = `${SMALL} recipients in the store`;
		yield {
			measure: `${backend}: ${what}`,
			unit: 'ms',
			ours,
			peer,
			peerName,
			ratio: peer / ours,
			runs: 1,
		};
	}
}

/** In ms. Closes the store. */
async function times(store: MailStore): Promise<Record<string, number>> {
	const found: Record<string, number> = {};
	const take = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
		const start = performance.now();
		const result = await work();
		found[what] = performance.now() - start;
		return result;
	};
	const people = Array.from({ length: CAMPAIGN }, (_, index) => {
		const key = `person${index}@example.test`;
		return { key, address: key, reference: `now${index}`, payload: '{"name":"Ada"}' };
	});
	try {
		const { campaigns, ledger, suppressions, tracking } = store;
		await campaigns.define({ id: 'now', name: 'Now', account: 'a@b', definition: '{}' });
		await take(`intake of ${CAMPAIGN}`, () => ledger.enqueue('now', people));
		await take(`check of ${PART} addresses`, () =>
			suppressions.check(people.slice(0, PART).map(({ key }) => key)),
		);
		const claims = await take(`claim of ${PART}`, () =>
			ledger.claim('now', { owner: 'bench', limit: PART, leaseMs: 600_000 }),
		);
		if (claims.length !== PART) throw new Error(`${claims.length} were claimed.`);
		await take(`dispatch of ${PART}`, () => ledger.dispatch(claims));
		await take(`outcomes of ${PART}`, () =>
			ledger.settle(
				claims.map((claim) => ({ claim, messageId: '<m@x>', state: 'sent', reply: '250 Ok' })),
			),
		);
		await take(`${PART} events`, () =>
			tracking.record(
				claims.map(({ reference }) => ({
					campaignId: 'now',
					reference,
					event: 'opened',
					link: 0,
					at: AT,
				})),
			),
		);
		await take('Summary', async () => {
			const counts = await readCounts(store, 'now');
			if (!counts || summarize(counts).recipients !== CAMPAIGN)
				throw new Error('The summary is not about what was written.');
		});
		await campaigns.setState('now', 'cancelled');
		const gone = await take(`clean-up of ${CAMPAIGN}`, () =>
			campaigns.forget('now', store.clock() + DAY_MS),
		);
		if (!gone.entirely || gone.recipients !== CAMPAIGN) throw new Error('It was not cleaned up.');
		return found;
	} finally {
		await store.close();
	}
}
