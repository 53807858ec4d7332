import type { SuppressionReason } from '../../../../mail/model/event';
import { REASON_STRENGTH } from '../../../../mail/store/suppression-merge';
import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, keyOf, Scene, START } from './scene';

const ADA = { key: keyOf('ada'), address: 'Ada@example.com' };
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
			expect(await check()).toEqual({ ...entry, createdAt: START });
			expect(await scene.store.suppressions.list({ limit: 9 })).toEqual([
				{ ...entry, createdAt: START },
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
			expect(await check()).toEqual({ ...first, createdAt: START, expiresAt: START + 1_000 });
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
			expect(found.get(text)).toEqual({ ...entry, createdAt: START, expiresAt: undefined });
			expect(await scene.store.suppressions.remove([text])).toBe(1);
			expect(await scene.store.suppressions.count()).toBe(1);
		});
	});
}
