import type { SuppressionReason } from '../../../../mail/model/event';
import { REASON_STRENGTH } from '../../../../mail/store/suppression-merge';
import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, keyOf, Scene, START } from './scene';

const ADA = { key: keyOf('ada'), address: 'Ada@example.com' };
const MANUAL = { ...ADA, reason: 'manual' as const };
const DAY = 86_400_000;
const WEAKEST_FIRST: readonly SuppressionReason[] = [
	'softBounces',
	'manual',
	'hardBounce',
	'unsubscribed',
	'complained',
];

export function suppressionsContract(makePlace: MakePlace): void {
	describe('the suppression list', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const check = async () => (await scene.store.suppressions.check([ADA.key])).get(ADA.key);

		it('gives an entry back as it was given, with the time it came', async () => {
			const entry = {
				...ADA,
				reason: 'hardBounce' as const,
				campaignId: 'spring',
				detail: '550 5.1.1',
				expiresAt: START + 1_000,
			};
			expect(await scene.store.suppressions.add([entry])).toBe(1);
			expect(await check()).toEqual({ ...entry, list: '', createdAt: START });
			expect(await scene.store.suppressions.list({ limit: 9 })).toEqual([
				{ ...entry, list: '', createdAt: START },
			]);
		});

		it('names just those of many keys that are on it', async () => {
			const keys = Array.from({ length: 10_000 }, (_, index) => keyOf(`n${index}`));
			const some = keys.filter((_, index) => index % 1_000 === 7);
			await scene.store.suppressions.add(
				some.map((key) => ({ key, address: key, reason: 'manual' })),
			);
			const found = await scene.store.suppressions.check([...keys, ...keys]);
			expect([...found.keys()]).toEqual(some);
		});

		it('forgets an entry when its time is over', async () => {
			await scene.store.suppressions.add([
				{ ...ADA, reason: 'softBounces', expiresAt: START + 1_000 },
			]);
			scene.now = START + 999;
			expect(await check()).toBeDefined();
			scene.now = START + 1_000;
			expect(await check()).toBeUndefined();
			expect(await scene.store.suppressions.count()).toBe(0);
			expect(await scene.store.suppressions.list({ limit: 9 })).toEqual([]);
			expect(await scene.store.suppressions.remove([ADA.key])).toBe(0);
			expect(await scene.store.suppressions.add([{ ...ADA, reason: 'manual' }])).toBe(1);
			expect(await check()).toEqual({
				...ADA,
				list: '',
				reason: 'manual',
				createdAt: START + 1_000,
				campaignId: undefined,
				detail: undefined,
				expiresAt: undefined,
			});
		});

		it('knows how strong each reason is', () => {
			const byStrength = [...WEAKEST_FIRST].sort((a, b) => REASON_STRENGTH[a] - REASON_STRENGTH[b]);
			expect(byStrength).toEqual(WEAKEST_FIRST);
		});

		const pairs = WEAKEST_FIRST.flatMap((weak, index) =>
			WEAKEST_FIRST.slice(index + 1).map((strong) => [strong, weak] as const),
		);

		it.each(pairs)(
			'keeps %s over %s with its detail, whichever came first',
			async (strong, weak) => {
				for (const order of [
					[strong, weak],
					[weak, strong],
				] as const) {
					await scene.store.suppressions.remove([ADA.key]);
					const added = [];
					for (const reason of order)
						added.push(
							await scene.store.suppressions.add([{ ...ADA, reason, detail: `by ${reason}` }]),
						);
					expect(added).toEqual([1, 0]);
					expect(await check()).toMatchObject({ reason: strong, detail: `by ${strong}` });
				}
			},
		);

		it('lasts as long as the longer of two reasons', async () => {
			await scene.store.suppressions.add([{ ...ADA, reason: 'hardBounce' }]);
			await scene.store.suppressions.add([
				{ ...ADA, reason: 'complained', expiresAt: START + 1_000 },
			]);
			scene.now += 1_000;
			expect(await check()).toMatchObject({ reason: 'complained', expiresAt: undefined });
		});

		it('takes the same reason again as the newer word, and keeps a detail that it does not bring', async () => {
			const first = { ...ADA, reason: 'manual' as const, campaignId: 'spring', detail: 'asked us' };
			await scene.store.suppressions.add([first]);
			scene.now += 5;
			await scene.store.suppressions.add([{ ...ADA, reason: 'manual', expiresAt: START + 1_000 }]);
			expect(await check()).toEqual({
				...first,
				list: '',
				createdAt: START,
				expiresAt: START + 1_000,
			});
			await scene.store.suppressions.add([{ ...ADA, reason: 'manual', detail: 'by phone' }]);
			expect(await check()).toMatchObject({ detail: 'by phone', campaignId: undefined });
		});

		it('counts one who comes twice in one call once', async () => {
			const entry = { ...ADA, reason: 'manual' as const };
			expect(await scene.store.suppressions.add([entry, entry])).toBe(1);
			expect(await scene.store.suppressions.count()).toBe(1);
		});

		it('removes, and says how many it removed', async () => {
			await scene.store.suppressions.add([{ ...ADA, reason: 'complained' }]);
			expect(await scene.store.suppressions.remove([ADA.key, keyOf('bob'), ADA.key])).toBe(1);
			expect(await check()).toBeUndefined();
		});

		it('lists the newest first, page by page, and by reason', async () => {
			for (const [index, reason] of (['manual', 'complained', 'manual'] as const).entries()) {
				scene.now = START + index;
				await scene.store.suppressions.add([{ key: `k${index}`, address: 'a', reason }]);
			}
			const { suppressions } = scene.store;
			const keys = async (options: Parameters<typeof suppressions.list>[0]) =>
				(await suppressions.list(options)).map(({ key }) => key);
			expect(await keys({ limit: 2 })).toEqual(['k2', 'k1']);
			expect(await keys({ limit: 2, offset: 2 })).toEqual(['k0']);
			expect(await keys({ limit: 9, reason: 'manual' })).toEqual(['k2', 'k0']);
			expect(await keys({ limit: 0 })).toEqual([]);
		});

		it('goes page by page behind the last entry, whatever comes meanwhile', async () => {
			const { suppressions } = scene.store;
			const entries = Array.from({ length: 7 }, (_, index) => ({
				key: `k${index % 4}`,
				list: index < 4 ? '' : 'news',
				address: 'a',
				reason: 'manual' as const,
			}));
			await suppressions.add(entries.slice(0, 5));
			scene.now += 1;
			await suppressions.add(entries.slice(5));
			const all = await suppressions.list({ limit: 99 });
			expect(all).toHaveLength(7);
			const read = [];
			for (let after = undefined; ;) {
				const page = await suppressions.list({ limit: 2, after });
				read.push(...page);
				after = page.at(-1);
				if (!after) break;
				scene.now += 1;
				await suppressions.add([{ ...MANUAL, key: `new${read.length}` }]);
			}
			expect(read).toEqual(all);
		});

		describe('with lists', () => {
			const checkFor = async (list?: string) =>
				(await scene.store.suppressions.check([ADA.key], { list })).get(ADA.key)?.list;

			it('suppresses for one list only, or for everything', async () => {
				const { suppressions } = scene.store;
				await suppressions.add([{ ...MANUAL, list: 'news' }]);
				expect([await checkFor('news'), await checkFor('offers'), await checkFor()]).toEqual([
					'news',
					undefined,
					undefined,
				]);
				await suppressions.add([{ ...MANUAL, reason: 'hardBounce' }]);
				expect([await checkFor('news'), await checkFor('offers'), await checkFor()]).toEqual([
					'',
					'',
					'',
				]);
			});

			it('keeps the reasons of each list apart', async () => {
				const { suppressions } = scene.store;
				expect(
					await suppressions.add([
						{ ...MANUAL, list: 'news' },
						{ ...ADA, reason: 'complained' },
						{ ...ADA, reason: 'unsubscribed', list: 'news' },
					]),
				).toBe(2);
				const found = await suppressions.find(ADA.key);
				expect(found.map(({ list, reason }) => [list, reason])).toEqual([
					['', 'complained'],
					['news', 'unsubscribed'],
				]);
				expect(await suppressions.find(keyOf('bob'))).toEqual([]);
			});

			it('lists and counts by list and by reason', async () => {
				const { suppressions } = scene.store;
				await suppressions.add([
					{ ...MANUAL, list: 'news' },
					{ ...MANUAL, list: 'offers', reason: 'unsubscribed' },
					MANUAL,
				]);
				const lists = async (options: object) =>
					(await suppressions.list({ limit: 9, ...options })).map(({ list }) => list).sort();
				expect(await lists({})).toEqual(['', 'news', 'offers']);
				expect(await lists({ list: '' })).toEqual(['']);
				expect(await lists({ list: 'news', reason: 'unsubscribed' })).toEqual([]);
				expect(await suppressions.count()).toBe(3);
				expect(await suppressions.count({ reason: 'manual' })).toBe(2);
				expect(await suppressions.count({ list: 'offers' })).toBe(1);
			});

			it('removes from the list that is named, or from everywhere', async () => {
				const { suppressions } = scene.store;
				const all = [MANUAL, { ...MANUAL, list: 'news' }, { ...MANUAL, list: 'offers' }];
				await suppressions.add(all);
				expect(await suppressions.remove([ADA.key])).toBe(1);
				expect(await suppressions.remove([ADA.key], { list: 'news' })).toBe(1);
				expect(await checkFor('offers')).toBe('offers');
				await suppressions.add(all);
				expect(await suppressions.remove([ADA.key], { everywhere: true })).toBe(3);
				expect(await suppressions.count()).toBe(0);
			});
		});

		describe('counting soft bounces', () => {
			const bounce = (mail: string, at = scene.now, key = ADA.key) =>
				scene.store.suppressions.countSoftBounce({ key, mail, at }, scene.now - 30 * DAY);

			it('counts each mail once, by its address', async () => {
				const counts = [];
				for (const mail of ['one', 'one', 'two', 'one', 'three']) counts.push(await bounce(mail));
				expect(counts).toEqual([1, 1, 2, 2, 3]);
				expect(await bounce('one', scene.now, keyOf('bob'))).toBe(1);
			});

			it('forgets what is too long ago', async () => {
				await bounce('one');
				scene.now += 29 * DAY;
				expect(await bounce('two')).toBe(2);
				scene.now += 2 * DAY;
				expect(await bounce('three')).toBe(2);
				expect(await bounce('old', scene.now - 31 * DAY)).toBe(2);
			});

			it('starts anew for an address that was taken off the list', async () => {
				await bounce('one');
				await bounce('two');
				await scene.store.suppressions.remove([ADA.key], { list: 'news' });
				expect(await bounce('three')).toBe(3);
				await scene.store.suppressions.remove([ADA.key]);
				expect(await bounce('four')).toBe(1);
			});

			it('counts two at once as two', async () => {
				const other = await scene.openAnother();
				const count = (store: typeof other, mail: string) =>
					store.suppressions.countSoftBounce({ key: ADA.key, mail, at: scene.now }, 0);
				const counts = await Promise.all([count(other, 'one'), count(scene.store, 'two')]);
				expect(counts.sort()).toEqual([1, 2]);
			});
		});

		it.each(HOSTILE_STRINGS)('takes a hostile string for a string: %j', async (_, text) => {
			const entry = {
				key: text,
				address: text,
				campaignId: text,
				detail: text,
				reason: 'manual' as const,
			};
			await scene.store.suppressions.add([{ ...ADA, reason: 'manual' }, entry]);
			const found = await scene.store.suppressions.check([text]);
			expect(found.get(text)).toEqual({
				...entry,
				list: '',
				createdAt: START,
				expiresAt: undefined,
			});
			expect(await scene.store.suppressions.remove([text])).toBe(1);
			expect(await scene.store.suppressions.count()).toBe(1);
		});
	});
}
