import { join } from 'node:path';
import fc from 'fast-check';
import { ruleFor } from '../../../mail/pacing/plan';
import type { PacePlan } from '../../../mail/pacing/plan';
import { tempFolder } from '../../support/child-server';
import { fullestWindow } from '../../support/fullest-window';
import { describeWithPostgres, startPostgres } from '../../support/postgres';
import type { PostgresServer } from '../../support/postgres';
import { usedShare } from '../pacing/used-share';
import type { PacedOrder } from './paced-child';
import { setPacedStage } from './paced-stage';
import type { Arrival, PacedStage } from './paced-stage';

/** LIMITS_SECONDS=600 for a long run. */
const SECONDS = Number(process.env.LIMITS_SECONDS ?? 12);
/** So much a plan must let through a second at least, or its test takes too long. */
const LEAST_A_SECOND = 50;

/** Four machines: one is right, the others' clocks are minutes off. */
const CLOCKS_AHEAD_MS = [0, 7, -5, 31].map((minutes) => minutes * 60_000);
const CONNECTIONS = 4;

let stage: PacedStage;

beforeAll(async () => {
	stage = await setPacedStage();
});
afterAll(() => {
	stage.close();
});

const DOMAINS = ['gmail.com', 'outlook.com', 'small.example', 'tiny.example'];

const limit = fc
	.record({
		perMs: fc.constantFrom(100, 250, 500, 1_000, 2_000),
		aSecond: fc.integer({ min: LEAST_A_SECOND, max: 200 }),
	})
	.map(({ perMs, aSecond }) => ({
		perMs,
		count: Math.max(Math.ceil((aSecond * perMs) / 1_000), 2),
	}));

const plan: fc.Arbitrary<PacePlan> = fc.record({
	limits: fc.array(limit, { minLength: 1, maxLength: 3 }),
	providers: fc.uniqueArray(
		fc.record({
			provider: fc.constantFrom('google', 'microsoft', 'other', 'tiny.example'),
			limits: fc.array(limit, { minLength: 1, maxLength: 2 }),
		}),
		{ selector: ({ provider }) => provider, maxLength: 3 },
	),
});

/** Bursts of one process, as numbers of recipients at each domain. */
const bursts = fc.array(
	fc.record({
		afterMs: fc.integer({ min: 0, max: 400 }),
		counts: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 4 }),
	}),
	{ minLength: 1, maxLength: 3 },
);

/** What as many processes as this do at one time. */
const sceneOf = (processes: number) =>
	fc.record({
		plan,
		processes: fc.array(bursts, { minLength: processes, maxLength: processes }),
		delayMs: fc.integer({ min: 0, max: 8 }),
	});

type Scene = ReturnType<typeof sceneOf> extends fc.Arbitrary<infer S> ? S : never;

/** @returns what the server logged */
async function sendAll(
	{ plan: chosen, processes, delayMs }: Scene,
	store: PacedOrder['store'],
	clocksAheadMs: readonly number[] = [],
): Promise<Arrival[]> {
	const scene = {
		...{ plan: chosen, delayMs, clocksAheadMs, connections: CONNECTIONS },
		processes: processes.map((bursts, nth) =>
			bursts.map(({ afterMs, counts }, burst) => ({
				afterMs,
				addresses: DOMAINS.flatMap((domain, index) =>
					Array.from(
						{ length: counts[index] ?? 0 },
						(_, each) => `p${nth}b${burst}r${each}@${domain}`,
					),
				),
			})),
		),
	};
	const arrivals = await stage.play(scene, store);
	expect(arrivals).toHaveLength(
		scene.processes.flatMap((bursts) => bursts.flatMap(({ addresses }) => addresses)).length,
	);
	return arrivals;
}

/**
 * Plays scenes for as long as the test may last. They are mostly waiting: three go on at a time, each
 * with a store and a server of its own.
 */
async function noWindowIsAbove(
	processes: number,
	send: (scene: Scene) => Promise<Arrival[]>,
): Promise<void> {
	const until = Date.now() + SECONDS * 1_000;
	let plans = 0;
	let mails = 0;
	const scene = sceneOf(processes);
	await fc.assert(
		fc.asyncProperty(fc.tuple(scene, scene, scene), async (scenes) => {
			if (Date.now() > until && plans > 0) return;
			const logs = await Promise.all(scenes.map(send));
			for (const [index, arrivals] of logs.entries()) {
				plans += 1;
				mails += arrivals.length;
				check(scenes[index]!.plan, arrivals);
			}
		}),
		{ numRuns: SECONDS * 10, endOnFailure: true },
	);
	console.info(`${plans} plans, ${mails} mails: no window above a limit`);
}

it(
	'no window of any plan holds more mails than its limit, with two processes on one store',
	() =>
		noWindowIsAbove(2, async (scene) => {
			const folder = tempFolder('smtp-suite-limits-');
			try {
				return await sendAll(scene, { path: join(folder.path, 'store.db') });
			} finally {
				folder.remove();
			}
		}),
	(SECONDS + 60) * 1_000,
);

describeWithPostgres('four processes on one PostgreSQL whose clocks are minutes apart', () => {
	let postgres: PostgresServer;
	beforeAll(async () => {
		postgres = await startPostgres();
	}, 60_000);
	afterAll(() => postgres.stop(), 60_000);

	it(
		'no window of any plan holds more mails than its limit',
		() =>
			noWindowIsAbove(4, (scene) =>
				sendAll(scene, { postgres: postgres.place() }, CLOCKS_AHEAD_MS),
			),
		(SECONDS + 90) * 1_000,
	);

	it('use what the plan lets them', async () => {
		const limit = { count: 400, perMs: 4_000 };
		const windows = 3;
		const each = (limit.count * (windows + 1)) / CLOCKS_AHEAD_MS.length;
		const arrivals = await stage.play(
			{
				plan: { limits: [limit], providers: [] },
				processes: CLOCKS_AHEAD_MS.map((_, nth) => [
					{
						afterMs: 0,
						addresses: Array.from({ length: each }, (__, index) => `p${nth}r${index}@example.com`),
					},
				]),
				clocksAheadMs: CLOCKS_AHEAD_MS,
				connections: CONNECTIONS,
				delayMs: 2,
			},
			{ postgres: postgres.place() },
		);
		expect(arrivals).toHaveLength(each * CLOCKS_AHEAD_MS.length);
		expect(fullest(arrivals, limit.perMs)).toBeLessThanOrEqual(limit.count);
		const used = usedShare(
			arrivals.map(({ at }) => at),
			limit,
			windows,
		);
		console.info(
			`${limit.count} each ${limit.perMs} ms by four processes: ${(used * 100).toFixed(1)} % used`,
		);
		// How near it comes is a measurement (npm run bench -- pacing); a pace that stalls is a fault anywhere.
		expect(used).toBeGreaterThan(0.3);
	}, 60_000);
});

/** Holds what arrived, and when, against every limit of the plan. */
function check({ limits, providers }: PacePlan, arrivals: readonly Arrival[]): void {
	for (const { count, perMs } of limits)
		expect(fullest(arrivals, perMs)).toBeLessThanOrEqual(count);
	for (const lane of ['google', 'microsoft', 'small.example', 'tiny.example']) {
		const own = arrivals.filter(({ address }) => laneOf(address) === lane);
		for (const { count, perMs } of ruleFor({ limits, providers }, lane)?.limits ?? [])
			expect(fullest(own, perMs)).toBeLessThanOrEqual(count);
	}
}

function fullest(arrivals: readonly Arrival[], perMs: number): number {
	return fullestWindow(
		arrivals.map(({ at }) => at),
		perMs,
	).count;
}

function laneOf(address: string): string {
	const domain = address.slice(address.indexOf('@') + 1);
	return { 'gmail.com': 'google', 'outlook.com': 'microsoft' }[domain] ?? domain;
}
