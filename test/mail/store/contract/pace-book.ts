import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, Scene } from './scene';

export function paceBookContract(makePlace: MakePlace): void {
	describe('the pace book', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		it('gives each page and the time, and keeps what is written', async () => {
			const { paceBook } = scene.store;
			const seen = await paceBook.revise(['a', 'b'], (pages, now) => ({
				pages: ['one', undefined],
				result: { pages, now },
			}));
			expect(seen).toEqual({ pages: [undefined, undefined], now: scene.now });
			const other = await scene.openAnother();
			expect(await other.paceBook.read(['a', 'b', 'c'])).toEqual(new Map([['a', 'one']]));
			await other.paceBook.revise(['b', 'a'], ([b, a]) => ({ pages: [`${a}!`, b], result: 0 }));
			expect(await paceBook.read(['a', 'b'])).toEqual(
				new Map([
					['a', 'one'],
					['b', 'one!'],
				]),
			);
		});

		it('loses no revision of many at once, over several connections', async () => {
			const stores = [scene.store, await scene.openAnother(), await scene.openAnother()];
			await Promise.all(
				Array.from({ length: 90 }, (_, index) =>
					stores[index % 3]!.paceBook.revise(
						// In either order: none waits for the other for ever.
						index % 2 ? ['x', 'y'] : ['y', 'x'],
						(pages) => ({ pages: pages.map((page) => String(Number(page ?? 0) + 1)), result: 0 }),
					),
				),
			);
			expect([...(await scene.store.paceBook.read(['x', 'y'])).values()]).toEqual(['90', '90']);
		});

		it('keeps nothing of a revision that throws', async () => {
			const { paceBook } = scene.store;
			await expect(
				paceBook.revise(['a'], () => {
					throw new RangeError('No.');
				}),
			).rejects.toThrow('No.');
			expect((await paceBook.read(['a'])).size).toBe(0);
		});

		it('forgets pages by age', async () => {
			const { paceBook } = scene.store;
			await paceBook.revise(['old'], () => ({ pages: ['x'], result: 0 }));
			scene.now += 1_000;
			await paceBook.revise(['new'], () => ({ pages: ['x'], result: 0 }));
			expect(await paceBook.forget(scene.now)).toBe(1);
			expect([...(await paceBook.read(['old', 'new'])).keys()]).toEqual(['new']);
		});

		it.each(HOSTILE_STRINGS)('keeps %j as it is', async (_, text) => {
			const { paceBook } = scene.store;
			await paceBook.revise([text], () => ({ pages: [text], result: 0 }));
			expect(await paceBook.read([text])).toEqual(new Map([[text, text]]));
		});
	});
}
