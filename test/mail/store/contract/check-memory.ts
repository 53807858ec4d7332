import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, Scene, START } from './scene';

export function checkMemoryContract(makePlace: MakePlace): void {
	describe('the memory of checks', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const keep = (run: string, content: string | undefined, key = 'domain') =>
			scene.store.checkMemory.revise(key, run, (last) => ({ content, result: last }));

		it('gives each run what the last one kept, over several connections', async () => {
			expect(await keep('1', 'one')).toBeUndefined();
			scene.now += 1_000;
			const other = await scene.openAnother();
			const seen = await other.checkMemory.revise('domain', '2', (last) => ({
				content: 'two',
				result: last,
			}));
			expect(seen).toEqual({ content: 'one', at: START });
			expect(await keep('3', 'three')).toEqual({ content: 'two', at: START + 1_000 });
			expect(await keep('1', 'x', 'another')).toBeUndefined();
		});

		it('gives a run that is done once more what it saw at first', async () => {
			await keep('1', 'one');
			scene.now += 1_000;
			await keep('2', 'first try');
			scene.now += 1_000;
			expect(await keep('2', 'second try')).toEqual({ content: 'one', at: START });
			expect(await keep('2', 'third try')).toEqual({ content: 'one', at: START });
			expect(await keep('3', 'next')).toEqual({ content: 'third try', at: START + 2_000 });
		});

		it('passes over what a run kept that never came to its end', async () => {
			const look = (run: string, content: string, isOver: (other: string) => boolean) =>
				scene.store.checkMemory.revise(
					'domain',
					run,
					(last) => ({ content, result: last?.content }),
					isOver,
				);
			expect(await look('1', 'one', () => true)).toBeUndefined();
			expect(await look('2', 'killed', () => true)).toBe('one');
			expect(await look('3', 'killed as well', (run) => run === '1')).toBe('one');
			expect(await look('4', 'four', (run) => run === '1')).toBe('one');
			expect(await look('5', 'five', (run) => run === '4')).toBe('four');
		});

		it('gives the first of all runs nothing, however often it is done', async () => {
			await keep('1', 'one');
			expect(await keep('1', 'one again')).toBeUndefined();
		});

		it('only looks where nothing is to be kept', async () => {
			await keep('1', 'one');
			expect(await keep('2', undefined)).toMatchObject({ content: 'one' });
			expect(await keep('3', undefined)).toMatchObject({ content: 'one' });
		});

		it('lets of many at once each see what the one before it kept', async () => {
			const stores = [scene.store, await scene.openAnother(), await scene.openAnother()];
			await Promise.all(
				Array.from({ length: 60 }, (_, index) =>
					stores[index % 3]!.checkMemory.revise('count', `run ${index}`, (last) => ({
						content: String(Number(last?.content ?? 0) + 1),
						result: undefined,
					})),
				),
			);
			expect(await keep('last', undefined, 'count')).toMatchObject({ content: '60' });
		});

		it('keeps nothing of a revision that throws', async () => {
			await keep('1', 'one');
			await expect(
				scene.store.checkMemory.revise('domain', '2', () => {
					throw new RangeError('No.');
				}),
			).rejects.toThrow('No.');
			expect(await keep('3', undefined)).toMatchObject({ content: 'one' });
		});

		it('forgets by age', async () => {
			await keep('1', 'x', 'old');
			scene.now += 1_000;
			await keep('1', 'x', 'new');
			expect(await scene.store.checkMemory.forget(scene.now)).toBe(1);
			expect(await keep('2', undefined, 'old')).toBeUndefined();
			expect(await keep('2', undefined, 'new')).toMatchObject({ content: 'x' });
		});

		it.each(HOSTILE_STRINGS)('keeps %j as it is', async (_, text) => {
			await keep(text, text, text);
			expect(await keep('next', undefined, text)).toMatchObject({ content: text });
		});
	});
}
