import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Desk } from '../../../mail/pacing/desk';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { fullestWindow } from '../../support/fullest-window';
import { temporaryFolder } from '../store/temporary-folder';
import { send } from './sender';
import type { Sender } from './sender';

const folder = temporaryFolder();

async function twoStores(): Promise<[MailStore, MailStore]> {
	const path = `${folder()}/${randomUUID()}.sqlite`;
	const open = () => openStore({ path, masterKey: 'test' });
	return [await open(), await open()];
}

describe('limits over two processes on one store', () => {
	it('are met in no window, whatever the plan, the bursts and the way of the mails', async () => {
		const limit = fc.record({
			count: fc.integer({ min: 1, max: 80 }),
			perMs: fc.integer({ min: 40, max: 200 }),
		});
		const sender = fc.record({
			mails: fc.integer({ min: 0, max: 80 }),
			latency: fc.constantFrom([0, 0], [1, 5], [0, 60]),
			giveBackEach: fc.integer({ min: 2, max: 50 }),
		});
		await fc.assert(
			fc.asyncProperty(
				fc.array(limit, { minLength: 1, maxLength: 3 }),
				sender,
				sender,
				async (limits, a, b) => {
					const possible = limits.map(({ count, perMs }) => (count / perMs) * 400);
					const few = Math.max(Math.floor(Math.min(...possible)), 1);
					const stores = await twoStores();
					const arrived = await Promise.all(
						[a, b].map((one, index) =>
							send(stores[index]!, limits, { ...one, mails: Math.min(one.mails, few) }),
						),
					);
					for (const store of stores) await store.close();
					for (const { count, perMs } of limits)
						expect(fullestWindow(arrived.flat(), perMs).count).toBeLessThanOrEqual(count);
				},
			),
			{ numRuns: Number(process.env.PACE_RUNS ?? 6) },
		);
	}, 3_600_000);
});

describe('slots', () => {
	it('of a process that died count until their hold is over, and then are free', async () => {
		let now = 1_000_000;
		const store = await openStore({ path: ':memory:', masterKey: 'test', clock: () => now });
		const limits = [{ count: 2, perMs: 1_000 }];
		const desk = () =>
			new Desk(store.paceBook, [{ key: 'slots', limits: () => limits }], {
				onChange: () => undefined,
				onError: () => undefined,
				monotonic: () => now,
			});
		const dead = desk();
		for (let taken = 0; taken < 2;) {
			if (dead.take()) taken += 1;
			else await sleep(5);
		}
		const next = desk();
		expect(next.take()).toBeUndefined();
		await sleep(20);
		expect(next.take()).toBeUndefined();
		now += 61_001;
		expect(next.take()).toBeUndefined();
		await sleep(20);
		expect(next.take()).toBeDefined();
		await store.close();
	});

	it('are over before their hold is: who slept that long must ask again', async () => {
		let now = 0;
		const store = await openStore({ path: ':memory:', masterKey: 'test' });
		const desk = new Desk(
			store.paceBook,
			[{ key: 'slots', limits: () => [{ count: 2, perMs: 1_000 }] }],
			{ onChange: () => undefined, onError: () => undefined, monotonic: () => now },
		);
		desk.take();
		await sleep(20);
		const slot = desk.take();
		expect(slot?.isOver).toBe(false);
		now += 40_000;
		expect(slot?.isOver).toBe(true);
		await store.close();
	});

	it('that are given back are there for the next at once', async () => {
		const store = await openStore({ path: ':memory:', masterKey: 'test' });
		const limits = [{ count: 1, perMs: 3_600_000 }];
		const desk = new Desk(store.paceBook, [{ key: 'slots', limits: () => limits }], {
			onChange: () => undefined,
			onError: () => undefined,
		});
		desk.take();
		await sleep(20);
		desk.take()?.giveBack();
		expect(desk.take()).toBeUndefined();
		await sleep(50);
		expect(desk.take()).toBeDefined();
		await desk.close();
		await store.close();
	});

	it('cost no way to the store a mail, where the limit is large', async () => {
		const store = await openStore({ path: ':memory:', masterKey: 'test' });
		let ways = 0;
		const counting: MailStore = {
			...store,
			paceBook: {
				...store.paceBook,
				revise: (keys, revise) => {
					ways += 1;
					return store.paceBook.revise(keys, revise);
				},
			},
		};
		const sender: Sender = { mails: 5_000, latency: [0, 0], giveBackEach: Infinity };
		await send(counting, [{ count: 100_000, perMs: 60_000 }], sender);
		expect(ways).toBeLessThan(200);
		await store.close();
	});
});
