import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Desk } from '../../../mail/pacing/desk';
import { slotPageKey } from '../../../mail/pacing/page';
import { Turns } from '../../../mail/pacing/turns';
import type { Turn } from '../../../mail/pacing/turns';
import type { Limit } from '../../../mail/pacing/window';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { fullestWindow } from '../../support/fullest-window';
import { temporaryFolder } from '../store/temporary-folder';

const folder = temporaryFolder();
const HOUR = 3_600_000;
const LONG = { patienceMs: 60_000 };

let path: string;
let stores: MailStore[];
let open: Turns[];

beforeEach(() => {
	path = `${folder()}/${randomUUID()}.sqlite`;
	stores = [];
	open = [];
});
afterEach(async () => {
	for (const turns of open) await turns.close();
	for (const store of stores) await store.close();
});

/** As another process has them: over a store of its own on the same file. */
async function turnsOf(...limits: Limit[]): Promise<Turns> {
	const store = await openStore({ path, masterKey: 'test' });
	stores.push(store);
	const turns = new Turns({ book: store.paceBook, account: 'shop', limits });
	open.push(turns);
	return turns;
}

/** Sends so many mails one after the other, each as soon as it is its turn. */
async function sendAll(turns: Turns, mails: number, arrived: number[]): Promise<void> {
	for (let mail = 0; mail < mails; mail += 1) {
		const turn = await turns.wait(LONG);
		if (turn.turn !== 'come') throw new Error(turn.turn);
		arrived.push(performance.now());
		turn.slot.finish();
	}
}

/** A campaign's desk in a process of its own, which takes what it can get until it is stopped. */
async function greedyCampaign(limit: Limit, arrived: number[]): Promise<() => Promise<void>> {
	const store = await openStore({ path, masterKey: 'test' });
	stores.push(store);
	let stopped = false;
	const desk = new Desk(
		store.paceBook,
		[{ key: slotPageKey('shop', '*'), limits: () => [limit] }],
		{ onChange: () => undefined, onError: () => undefined },
	);
	const work = (async () => {
		while (!stopped) {
			const slot = desk.take();
			if (slot) {
				arrived.push(performance.now());
				slot.finish();
			}
			await sleep(slot ? 0 : 1);
		}
	})();
	return async () => {
		stopped = true;
		await work;
		await desk.close();
	};
}

async function come(turn: Promise<Turn>) {
	const answer = await turn;
	if (answer.turn !== 'come') throw new Error(`It is ${answer.turn}.`);
	return answer.slot;
}

describe('the turns of single mails', () => {
	it('keep the limit, whatever senders share it', async () => {
		const limit = { count: 7, perMs: 150 };
		const arrived: number[] = [];
		const stop = await greedyCampaign(limit, arrived);
		const senders = await Promise.all([turnsOf(limit), turnsOf(limit), turnsOf(limit)]);
		await Promise.all(
			senders.flatMap((turns) => [sendAll(turns, 10, arrived), sendAll(turns, 10, arrived)]),
		);
		await stop();
		expect(arrived.length).toBeGreaterThanOrEqual(60);
		expect(fullestWindow(arrived, limit.perMs).count).toBeLessThanOrEqual(limit.count);
	});

	it('come before a campaign that takes whatever is free', async () => {
		const limit = { count: 4, perMs: 400 };
		const campaign: number[] = [];
		const stop = await greedyCampaign(limit, campaign);
		while (campaign.length < limit.count) await sleep(5);
		const turns = await turnsOf(limit);
		const single: number[] = [];
		await Promise.all(Array.from({ length: 8 }, () => sendAll(turns, 1, single)));
		const [first = 0, last = 0] = [single[0], single.at(-1)];
		await stop();
		// From when the first of the line was served, the window was theirs.
		expect(campaign.filter((at) => at > first + 50 && at < last)).toEqual([]);
	});

	it('are first come, first served, also over processes', async () => {
		const limit = { count: 1, perMs: 120 };
		const order: string[] = [];
		const [first, second] = [await turnsOf(limit), await turnsOf(limit)];
		(await come(first.wait(LONG))).finish();
		const wait = async (name: string, turns: Turns) => {
			const slot = await come(turns.wait(LONG));
			order.push(name);
			slot.finish();
		};
		const waiting = [wait('a', second)];
		await sleep(40);
		waiting.push(wait('b', first));
		await sleep(40);
		await Promise.all(waiting);
		expect(order).toEqual(['a', 'b']);
	});

	it('that are surely too far off are not waited for', async () => {
		const turns = await turnsOf({ count: 1, perMs: HOUR });
		(await come(turns.wait(LONG))).finish();
		await sleep(100);
		const turn = await turns.wait(LONG);
		expect(turn).toMatchObject({ turn: 'late' });
		const { roomInMs } = turn as Extract<Turn, { turn: 'late' }>;
		expect(roomInMs).toBeGreaterThan(HOUR - 60_000);
		expect(roomInMs).toBeLessThanOrEqual(HOUR + 1_000);
	});

	it('without any patience come where there is room, and not where there is none', async () => {
		const turns = await turnsOf({ count: 1, perMs: HOUR });
		(await come(turns.wait({ patienceMs: 0 }))).finish();
		expect(await turns.wait({ patienceMs: 0 })).toMatchObject({ turn: 'late' });
	});

	it('that come back are given to who waits', async () => {
		const turns = await turnsOf({ count: 1, perMs: HOUR });
		const slot = await come(turns.wait(LONG));
		const next = turns.wait(LONG);
		await sleep(50);
		slot.giveBack();
		(await come(next)).finish();
	});

	it('are not waited for when the work is stopped, and the place in line is free then', async () => {
		const limit = { count: 1, perMs: 300 };
		const [impatient, other] = [await turnsOf(limit), await turnsOf(limit)];
		(await come(impatient.wait(LONG))).finish();
		const stop = new AbortController();
		const stopped = impatient.wait({ ...LONG, signal: stop.signal });
		await sleep(50);
		const behind = other.wait({ patienceMs: 3_000 });
		stop.abort();
		expect(await stopped).toEqual({ turn: 'stopped' });
		// The place of one who died would be kept for seven seconds.
		(await come(behind)).finish();
		expect(await impatient.wait({ ...LONG, signal: stop.signal })).toEqual({ turn: 'stopped' });
	});

	it('of a process that died in line are free again some seconds later', async () => {
		let now = 1_000_000;
		const store = await openStore({ path: ':memory:', masterKey: 'test', clock: () => now });
		stores.push(store);
		const desk = (more: { mailsInLine?: () => number } = {}) =>
			new Desk(
				store.paceBook,
				[{ key: slotPageKey('shop', '*'), limits: () => [{ count: 1, perMs: 100 }] }],
				{ ...more, onChange: () => undefined, onError: () => undefined, monotonic: () => now },
			);
		const ask = async (from: Desk) => {
			from.take();
			await sleep(20);
			return from.take();
		};
		const before = desk();
		(await ask(before))?.finish();
		await before.close();
		expect(await ask(desk({ mailsInLine: () => 1 }))).toBeUndefined();
		now += 200;
		const next = desk();
		expect(await ask(next)).toBeUndefined();
		now += 7_000;
		expect(await ask(next)).toBeDefined();
	});

	it('fail with the store', async () => {
		const store = await openStore({ path, masterKey: 'test' });
		stores.push(store);
		const book = { revise: () => Promise.reject(new Error('The disk is full.')) };
		const turns = new Turns({ book, account: 'shop', limits: [{ count: 1, perMs: HOUR }] });
		await expect(turns.wait(LONG)).rejects.toThrow('The disk is full.');
	});
});
