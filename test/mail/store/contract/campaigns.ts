import type { NewCampaign } from '../../../../mail/store/store';
import type { MakePlace } from '../contract';
import {
	CAMPAIGN,
	deferred,
	failed,
	HOSTILE_STRINGS,
	keyOf,
	keysOf,
	LEASE_MS,
	Scene,
	sent,
	START,
} from './scene';

const SPRING: NewCampaign = {
	id: CAMPAIGN,
	name: 'Spring news',
	account: 'shop@smtp.example.com',
	definition: '{"subject":"Hello"}',
};

export function campaignsContract(makePlace: MakePlace): void {
	describe('campaigns', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		it('are kept with what is needed to finish them', async () => {
			const { campaigns } = scene.store;
			expect(await campaigns.get(CAMPAIGN)).toBeUndefined();
			expect(await campaigns.definition(CAMPAIGN)).toBeUndefined();
			const record = {
				id: CAMPAIGN,
				name: 'Spring news',
				account: 'shop@smtp.example.com',
				state: 'running',
				createdAt: START,
				stateSince: START,
			};
			expect(await campaigns.define(SPRING)).toEqual(record);
			const other = await scene.openAnother();
			expect(await other.campaigns.get(CAMPAIGN)).toEqual(record);
			expect(await other.campaigns.definition(CAMPAIGN)).toBe(SPRING.definition);
		});

		it('that are known get the newer definition, and keep their age and state', async () => {
			const { campaigns } = scene.store;
			await scene.queue('ada');
			await campaigns.define(SPRING);
			await campaigns.setState(CAMPAIGN, 'paused');
			scene.now += 1_000;
			const again = { ...SPRING, name: 'News', account: 'b@c', definition: 'new' };
			expect(await campaigns.define(again)).toMatchObject({
				name: 'News',
				account: 'b@c',
				state: 'paused',
				createdAt: START,
			});
			expect(await campaigns.definition(CAMPAIGN)).toBe('new');
		});

		it.each(['paused', 'cancelled'] as const)('that are %s give no claims', async (state) => {
			const { campaigns } = scene.store;
			await scene.queue('ada', 'bea');
			const [held] = await scene.claim('one', 1);
			scene.now += 5;
			expect(await campaigns.setState(CAMPAIGN, state)).toMatchObject({
				state,
				stateSince: START + 5,
			});
			expect(await scene.claim()).toEqual([]);
			expect(await scene.claim('one', 10, 1_000, ['bea@example.com'])).toEqual([]);
			// What is about to leave may: the final word about it still counts.
			expect(await scene.store.ledger.dispatch([held!])).toHaveLength(1);
			expect(await scene.store.ledger.settle([sent(held!)])).toHaveLength(1);
		});

		it('that were paused go on where they were', async () => {
			const { campaigns } = scene.store;
			await scene.queue('ada', 'bea');
			await campaigns.setState(CAMPAIGN, 'paused');
			await campaigns.setState(CAMPAIGN, 'running');
			expect(keysOf(await scene.claim())).toEqual(['ada@example.com', 'bea@example.com']);
		});

		it('that were cancelled stay so, and what was kept of their recipients is gone', async () => {
			const { campaigns, ledger } = scene.store;
			await campaigns.define(SPRING);
			await scene.queue('ada', 'bea');
			const [held] = await scene.claim('one', 1);
			await campaigns.setState(CAMPAIGN, 'cancelled');
			expect(await campaigns.setState(CAMPAIGN, 'running')).toMatchObject({ state: 'cancelled' });
			await ledger.release([held!]);
			expect(await ledger.owed(CAMPAIGN, { limit: 10 })).toEqual([]);
			expect(await campaigns.owing()).toEqual([]);
			expect(await ledger.counts(CAMPAIGN)).toMatchObject({ queued: 2 });
		});

		it('that do not exist have no state to set', async () => {
			expect(await scene.store.campaigns.setState('nobody', 'paused')).toBeUndefined();
			expect(await scene.store.campaigns.finish('nobody')).toBe(false);
		});

		it('are finished when nobody is owed a mail, and open again with the next who is', async () => {
			const { campaigns, ledger } = scene.store;
			await campaigns.define(SPRING);
			const ada = await scene.dispatched('ada');
			expect(await campaigns.finish(CAMPAIGN)).toBe(false);
			await ledger.settle([deferred(ada, scene.now + 10)]);
			expect(await campaigns.finish(CAMPAIGN)).toBe(false);
			scene.now += 10;
			await ledger.settle([failed((await scene.claim())[0]!)]);
			expect(await campaigns.finish(CAMPAIGN)).toBe(true);
			const finishedAt = scene.now;
			scene.now += 10;
			expect(await campaigns.finish(CAMPAIGN)).toBe(true);
			expect(await campaigns.get(CAMPAIGN)).toMatchObject({ finishedAt });
			await scene.queue('ada');
			expect(await campaigns.get(CAMPAIGN)).toMatchObject({ finishedAt });
			await scene.queue('bea');
			expect((await campaigns.get(CAMPAIGN))?.finishedAt).toBeUndefined();
		});

		it('are finished where all who are left are suppressed, for everything or for the list that is mailed', async () => {
			const { campaigns, suppressions } = scene.store;
			await campaigns.define(SPRING);
			await scene.queue('ada', 'bea');
			const [ada] = await scene.claim('one', 1);
			const suppress = (name: string, more: object) =>
				suppressions.add([
					{ key: keyOf(name), address: keyOf(name), reason: 'unsubscribed', ...more },
				]);
			await suppress('ada', {});
			await suppress('bea', { list: 'news', expiresAt: scene.now + 100_000 });
			// In the hands of somebody who may not know it yet.
			expect(await campaigns.finish(CAMPAIGN, { list: 'news' })).toBe(false);
			await scene.store.ledger.release([ada!]);
			expect(await campaigns.finish(CAMPAIGN)).toBe(false);
			expect(await campaigns.finish(CAMPAIGN, { list: 'other' })).toBe(false);
			expect((await campaigns.get(CAMPAIGN))?.finishedAt).toBeUndefined();
			expect(await campaigns.finish(CAMPAIGN, { list: 'news' })).toBe(true);
			expect(await campaigns.get(CAMPAIGN)).toMatchObject({ finishedAt: scene.now });
			expect(await campaigns.owing()).toEqual([]);
			await campaigns.define(SPRING);
			scene.now += 100_000;
			expect(await campaigns.finish(CAMPAIGN, { list: 'news' })).toBe(false);
		});

		it('wait for the outcome of whom a dead sender was mailing, suppressed or not', async () => {
			const { campaigns, ledger, suppressions } = scene.store;
			await campaigns.define(SPRING);
			await scene.dispatched('ada');
			await suppressions.add([
				{ key: keyOf('ada'), address: keyOf('ada'), reason: 'unsubscribed' },
			]);
			scene.now += LEASE_MS + 1;
			expect(await campaigns.finish(CAMPAIGN)).toBe(false);
			await ledger.expireDispatched(CAMPAIGN);
			expect(await campaigns.finish(CAMPAIGN)).toBe(true);
		});

		it('that owe somebody a mail are told, with how many and from when', async () => {
			const { campaigns, ledger } = scene.store;
			await scene.queue('ada', 'bea', 'cyd');
			// Nobody could finish what was never defined.
			expect(await campaigns.owing()).toEqual([]);
			await campaigns.define(SPRING);
			await campaigns.define({ ...SPRING, id: 'summer' });
			expect(await campaigns.owing()).toEqual([
				{ id: CAMPAIGN, account: SPRING.account, owed: 3, dueAt: START },
			]);
			const claims = await scene.claim();
			await ledger.settle(claims.map((claim) => deferred(claim, scene.now + 5_000)));
			expect(await campaigns.owing()).toMatchObject([{ owed: 3, dueAt: START + 5_000 }]);
			await campaigns.setState(CAMPAIGN, 'paused');
			expect(await campaigns.owing()).toEqual([]);
		});

		it('owe an outcome to whom a dead sender was mailing, once its lease is over', async () => {
			const { campaigns, ledger } = scene.store;
			await campaigns.define(SPRING);
			await scene.dispatched('ada');
			const [owing] = await campaigns.owing();
			expect(owing).toMatchObject({ id: CAMPAIGN, owed: 1 });
			expect(owing?.dueAt).toBeGreaterThan(scene.now);
			scene.now = (owing?.dueAt ?? 0) + 1;
			await ledger.expireDispatched(CAMPAIGN);
			expect(await campaigns.owing()).toEqual([]);
			expect(await campaigns.finish(CAMPAIGN)).toBe(true);
		});

		it('tell page by page whom they owe, in the order of the list', async () => {
			const { ledger } = scene.store;
			await scene.queue('eve', 'ada', 'dot', 'bea', 'cyd');
			const [eve, ada] = await scene.claim('one', 2);
			await ledger.settle([sent(eve!), deferred(ada!, scene.now + 7)]);
			await scene.claim('one', 1);
			const first = await ledger.owed(CAMPAIGN, { limit: 2 });
			expect(first).toMatchObject([
				{ key: 'ada@example.com', state: 'deferred', retryAt: scene.now + 7, queuedAt: START },
				{ key: 'dot@example.com', state: 'claimed' },
			]);
			const rest = await ledger.owed(CAMPAIGN, { limit: 9, after: first[1] });
			expect(rest.map(({ key }) => key)).toEqual(['bea@example.com', 'cyd@example.com']);
			expect(await ledger.owed(CAMPAIGN, { limit: 9, after: rest[1] })).toEqual([]);
		});

		it('are listed newest first', async () => {
			const { campaigns } = scene.store;
			for (const id of ['a', 'b', 'c']) {
				await campaigns.define({ ...SPRING, id });
				scene.now += 1;
			}
			const ids = async (page: { limit: number; offset?: number }) =>
				(await campaigns.list(page)).map(({ id }) => id);
			expect(await ids({ limit: 2 })).toEqual(['c', 'b']);
			expect(await ids({ limit: 2, offset: 2 })).toEqual(['a']);
		});

		it.each(HOSTILE_STRINGS)('keep %j as it is', async (_, text) => {
			const { campaigns } = scene.store;
			await campaigns.define({ id: text, name: text, account: text, definition: text });
			expect(await campaigns.get(text)).toMatchObject({ id: text, name: text, account: text });
			expect(await campaigns.definition(text)).toBe(text);
		});
	});
}
