import type { MailStore } from '../../../mail/store/store';
import { campaignRun, memoryStore, outcomes, people, tally } from './campaign';
import { scriptedPool } from '../../support/scripted-pool';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await store.close();
});

describe('two runs of one campaign at the same time', () => {
	it('share the work, and nobody is mailed twice', async () => {
		const pool = scriptedPool();
		const [one, other] = await Promise.all([
			outcomes(campaignRun({ store, pool, recipients: people(400) })),
			outcomes(campaignRun({ store, pool, recipients: people(400) })),
		]);
		expect(pool.taken).toHaveLength(400);
		expect(new Set(pool.taken).size).toBe(400);
		expect(tally(one).sent).toBeGreaterThan(0);
		expect(tally(other).sent).toBeGreaterThan(0);
		for (const [index, outcome] of one.entries())
			expect([outcome.outcome, other[index]?.outcome].toSorted()).toEqual(['sent', 'skipped']);
	});

	it('with different lists each give outcomes for their own', async () => {
		const [one, other] = await Promise.all([
			outcomes(campaignRun({ store, recipients: people(60).slice(0, 40) })),
			outcomes(campaignRun({ store, recipients: people(60).slice(20) })),
		]);
		expect([one.length, other.length]).toEqual([40, 40]);
		expect((tally(one).sent ?? 0) + (tally(other).sent ?? 0)).toBe(60);
	});

	it('ask the ledger little more often where they are many', async () => {
		let asked = 0;
		const { ledger } = store;
		const counting: MailStore = {
			...store,
			ledger: {
				...ledger,
				claim: (...given) => {
					asked += 1;
					return ledger.claim(...given);
				},
				getMany: (...given) => {
					asked += 1;
					return ledger.getMany(...given);
				},
			},
		};
		const pool = scriptedPool(async () => {
			await new Promise((resolve) => setTimeout(resolve, 5));
			return 'accept' as const;
		});
		const recipients = people(1_000);
		await store.ledger.enqueue(
			'spring',
			recipients.map(({ address }) => ({
				...{ key: address, address, reference: `reference of ${address}` },
				payload: JSON.stringify({ data: { name: 'Ada' } }),
			})),
		);
		const all = await Promise.all(
			Array.from({ length: 20 }, () =>
				outcomes(campaignRun({ store: counting, pool, recipients: 'owed' })),
			),
		);
		expect(new Set(pool.taken).size).toBe(1_000);
		expect(pool.taken).toHaveLength(1_000);
		for (const one of all) expect(one).toHaveLength(1_000);
		// Fifty blocks are sent. Twenty runs that asked for each block in turn would ask two thousand times.
		expect(asked).toBeLessThan(700);
	}, 60_000);

	it('wait for each other’s outcome, but not for ever', async () => {
		const stop = new AbortController();
		const slow = outcomes(
			campaignRun({
				store,
				pool: scriptedPool(() => ({ hang: 'dot' })),
				recipients: people(1),
				concurrency: 1,
				leaseMs: 300,
				signal: stop.signal,
			}),
		);
		await new Promise((resolve) => setTimeout(resolve, 100));
		const pool = scriptedPool();
		const start = Date.now();
		const all = await outcomes(campaignRun({ store, pool, recipients: people(1), leaseMs: 300 }));
		expect(Date.now() - start).toBeGreaterThanOrEqual(500);
		expect(all).toMatchObject([{ outcome: 'skipped', skipReason: 'beingSentElsewhere' }]);
		expect(pool.begun).toEqual([]);
		stop.abort();
		await slow;
	});
});

describe('a run that froze', () => {
	it('can neither send nor overwrite once another has taken over', async () => {
		let thaw: () => void = () => undefined;
		const frozen = new Promise<void>((resolve) => {
			thaw = resolve;
		});
		const pool = scriptedPool(async () => {
			await frozen;
			return 'accept' as const;
		});
		// Its heart does not beat.
		const still = {
			...store,
			ledger: { ...store.ledger, heartbeat: () => Promise.resolve() },
		};
		const first = outcomes(
			campaignRun({ store: still, pool, recipients: people(30), leaseMs: 200, concurrency: 2 }),
		);
		await new Promise((resolve) => setTimeout(resolve, 400));
		const second = await outcomes(campaignRun({ store, recipients: people(30), leaseMs: 200 }));
		expect(tally(second)).toEqual({ sent: 30 });
		thaw();
		expect(tally(await first)).toEqual({ alreadySent: 30 });
		expect(pool.taken).toEqual([]);
	});

	it('after its final dot left is `unknown` to the others, until its reply comes', async () => {
		let answer: () => void = () => undefined;
		const answered = new Promise<void>((resolve) => {
			answer = resolve;
		});
		const still = {
			...store,
			ledger: { ...store.ledger, heartbeat: () => Promise.resolve() },
		};
		const pool = scriptedPool();
		const slowReply = {
			...pool,
			send: async (...send: Parameters<typeof pool.send>) => {
				const result = await pool.send(...send);
				await answered;
				return result;
			},
		};
		const first = outcomes(
			campaignRun({ store: still, pool: slowReply, recipients: people(1), leaseMs: 200 }),
		);
		await new Promise((resolve) => setTimeout(resolve, 400));
		const second = await outcomes(campaignRun({ store, recipients: people(1), leaseMs: 200 }));
		expect(tally(second)).toEqual({ outcomeUnknown: 1 });
		answer();
		expect(tally(await first)).toEqual({ sent: 1 });
		expect(await store.ledger.get('spring', 'r0@example.com')).toMatchObject({ state: 'sent' });
	});

	it('is waited for until its lease is over, and its recipients are mailed by who waited', async () => {
		await store.ledger.enqueue('spring', [
			{
				key: 'r0@example.com',
				address: 'r0@example.com',
				reference: 'x'.repeat(28),
				payload: JSON.stringify({ data: { name: 'Ada' } }),
			},
		]);
		await store.ledger.claim('spring', { owner: 'gone', limit: 1, leaseMs: 300 });
		const start = Date.now();
		const all = await outcomes(campaignRun({ store, recipients: people(2), leaseMs: 300 }));
		expect(tally(all)).toEqual({ sent: 2 });
		expect(Date.now() - start).toBeGreaterThan(250);
	});

	it('keeps its claims while it lives, however long a mail takes', async () => {
		const pool = scriptedPool(async (address) => {
			if (address === 'r0@example.com') await new Promise((resolve) => setTimeout(resolve, 700));
			return 'accept' as const;
		});
		const [one, other] = await Promise.all([
			outcomes(campaignRun({ store, pool, recipients: people(2), leaseMs: 200, concurrency: 1 })),
			outcomes(
				campaignRun({
					store,
					pool,
					recipients: people(2),
					leaseMs: 200,
					concurrency: 1,
					patienceMs: 5_000,
				}),
			),
		]);
		expect(pool.begun.toSorted()).toEqual(['r0@example.com', 'r1@example.com']);
		expect((tally(one).sent ?? 0) + (tally(other).sent ?? 0)).toBe(2);
	});
});
