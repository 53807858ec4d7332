import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import fc from 'fast-check';
import { ruleFor } from '../../../mail/pacing/plan';
import type { PacePlan } from '../../../mail/pacing/plan';
import { tempFolder } from '../../support/child-server';
import { startFaultServer } from '../../support/fault-smtp-server';
import { fullestWindow } from '../../support/fullest-window';
import type { PacedOrder } from './paced-child';

/** LIMITS_SECONDS=600 for a long run. */
const SECONDS = Number(process.env.LIMITS_SECONDS ?? 12);
/** So much a plan must let through a second at least, or its test takes too long. */
const LEAST_A_SECOND = 50;

const folder = tempFolder('smtp-suite-limits-');
const children = new Set<ChildProcess>();

beforeAll(async () => {
	await build({
		entryPoints: ['test/mail/campaign/paced-child.ts'],
		outfile: join(folder.path, 'child.cjs'),
		bundle: true,
		platform: 'node',
		format: 'cjs',
		logLevel: 'error',
	});
});

afterAll(() => {
	for (const child of children) child.kill('SIGKILL');
	folder.remove();
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

interface Arrival {
	at: number;
	address: string;
}

/** What two processes do at one time. */
const scene = fc.record({
	plan,
	processes: fc.tuple(bursts, bursts),
	delayMs: fc.integer({ min: 0, max: 8 }),
});

it(
	'no window of any plan holds more mails than its limit, with two processes on one store',
	async () => {
		const until = Date.now() + SECONDS * 1_000;
		let plans = 0;
		let mails = 0;
		// Scenes are mostly waiting: three go on at a time, each with a store and a server of its own.
		await fc.assert(
			fc.asyncProperty(fc.tuple(scene, scene, scene), async (scenes) => {
				if (Date.now() > until && plans > 0) return;
				const logs = await Promise.all(scenes.map(sendAll));
				for (const [index, arrivals] of logs.entries()) {
					plans += 1;
					mails += arrivals.length;
					check(scenes[index]!.plan, arrivals);
				}
			}),
			{ numRuns: SECONDS * 10, endOnFailure: true },
		);
		console.info(`${plans} plans, ${mails} mails: no window above a limit`);
	},
	(SECONDS + 60) * 1_000,
);

interface Scene {
	plan: PacePlan;
	processes: readonly (readonly { afterMs: number; counts: readonly number[] }[])[];
	delayMs: number;
}

/** @returns what the server logged */
async function sendAll({ plan: chosen, processes, delayMs }: Scene): Promise<Arrival[]> {
	const arrivals: Arrival[] = [];
	const server = await startFaultServer(
		(moment, address) => {
			if (moment === 'dot') arrivals.push({ at: performance.now(), address });
			return 'go';
		},
		{ delayMs },
	);
	const place = tempFolder('smtp-suite-limits-store-');
	const orders = processes.map((bursts, nth): PacedOrder => ({
		storePath: join(place.path, 'store.db'),
		port: server.port,
		campaign: `campaign ${nth}`,
		plan: chosen,
		connections: 4,
		bursts: bursts.map(({ afterMs, counts }, burst) => ({
			afterMs,
			addresses: DOMAINS.flatMap((domain, index) =>
				Array.from(
					{ length: counts[index] ?? 0 },
					(_, each) => `p${nth}b${burst}r${each}@${domain}`,
				),
			),
		})),
	}));
	try {
		await Promise.all(orders.map(obey));
	} finally {
		await server.close();
		place.remove();
	}
	expect(arrivals).toHaveLength(
		orders.flatMap(({ bursts }) => bursts.flatMap(({ addresses }) => addresses)).length,
	);
	return arrivals;
}

async function obey(order: PacedOrder): Promise<void> {
	const child = spawn(process.execPath, [join(folder.path, 'child.cjs'), JSON.stringify(order)], {
		stdio: ['ignore', 'ignore', 'inherit'],
	});
	children.add(child);
	const [code] = (await once(child, 'exit')) as [number | null];
	children.delete(child);
	expect(code).toBe(0);
}

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
