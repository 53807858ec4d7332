import { keepProgress, readProgress } from '../../../mail/campaign/progress-page';
import type { MailStore } from '../../../mail/store/store';
import { memoryStore } from './campaign';

let store: MailStore;
let now: number;

beforeEach(async () => {
	jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
	now = 1_000_000;
	store = await memoryStore();
});

afterEach(async () => {
	jest.useRealTimers();
	await store.close();
});

const progress = (sent: number, remaining: number) => ({
	outcomes: { sent, deferred: 0, failed: 0, unknown: 0, skipped: 0 },
	remaining,
});

/** So long, with what the run writes meanwhile. */
async function pass(ms: number): Promise<void> {
	now += ms;
	await jest.advanceTimersByTimeAsync(ms);
	await new Promise((resolve) => setImmediate(resolve));
}

const read = () => readProgress(store.paceBook, 'spring', now);

it('others see how far a run is, and how fast it goes', async () => {
	const page = keepProgress(store.paceBook, 'spring', () => now);
	await pass(10_000);
	expect(page.tell(progress(100, 900))).toMatchObject({ perMinute: 600 });
	await pass(3_000);
	expect(await read()).toMatchObject({ at: now, remaining: 900, perMinute: 600 });
	await page.stop();
});

it('a run that waits says that it lives; one that died is over soon, and one that ended at once', async () => {
	const page = keepProgress(store.paceBook, 'spring', () => now);
	page.tell(progress(1, 9));
	for (let minute = 0; minute < 20; minute += 1) await pass(3_000);
	expect(await read()).toMatchObject({ remaining: 9 });
	now += 15_000;
	expect(await read()).toBeUndefined();
	await pass(3_000);
	expect(await read()).toBeDefined();
	await page.stop();
	expect(await read()).toBeUndefined();
});

it('a run is seen from its first moment, before anybody has an outcome', async () => {
	const page = keepProgress(store.paceBook, 'spring', () => now);
	await pass(0);
	expect(await read()).toMatchObject({ perMinute: 0 });
	await page.stop();
});

it('runs that share a campaign are seen together, and the end of one is not the end of all', async () => {
	const pages = [1, 2].map(() => keepProgress(store.paceBook, 'spring', () => now));
	await pass(10_000);
	pages[0]?.tell(progress(100, 900));
	pages[1]?.tell(progress(50, 950));
	await pass(3_000);
	expect(await read()).toMatchObject({ remaining: 950, perMinute: 900 });
	await pages[0]?.stop();
	expect(await read()).toMatchObject({ remaining: 950, perMinute: 300 });
	await pages[1]?.stop();
	expect(await read()).toBeUndefined();
});

it('a store that fails does not end the run', async () => {
	const page = keepProgress(
		{ revise: () => Promise.reject(new Error('The disk is full.')) },
		'spring',
		() => now,
	);
	await pass(3_000);
	expect(page.tell(progress(1, 1))).toMatchObject({ remaining: 1 });
	await expect(page.stop()).resolves.toBeUndefined();
});

it('nobody runs a campaign that nobody began', async () => {
	expect(await readProgress(store.paceBook, 'another', now)).toBeUndefined();
});
