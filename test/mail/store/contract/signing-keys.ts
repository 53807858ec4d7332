import type { MakePlace } from '../contract';
import { Scene } from './scene';

export function signingKeysContract(makePlace: MakePlace): void {
	describe('signing keys', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		it('are made on first use, and are the same ever after', async () => {
			expect(await scene.store.signingKeys.all()).toEqual([]);
			const key = await scene.store.signingKeys.current();
			expect(key.id).toMatch(/^[a-z2-7]$/);
			expect(key.secret).toHaveLength(32);
			expect(await scene.store.signingKeys.current()).toEqual(key);
			const other = await scene.openAnother();
			expect(await other.signingKeys.current()).toEqual(key);
			expect(await other.signingKeys.all()).toEqual([key]);
		});

		it('are one and the same for all that need the first at once', async () => {
			const stores = [scene.store, await scene.openAnother(), await scene.openAnother()];
			const keys = await Promise.all(stores.map(({ signingKeys }) => signingKeys.current()));
			expect(new Set(keys.map(({ id, secret }) => id + secret.toString('hex'))).size).toBe(1);
			expect(await scene.store.signingKeys.all()).toHaveLength(1);
		});

		it('differ between stores', async () => {
			const elsewhere = await Scene.set(makePlace);
			const [here, there] = await Promise.all([
				scene.store.signingKeys.current(),
				elsewhere.store.signingKeys.current(),
			]);
			expect(here.secret.equals(there.secret)).toBe(false);
			await elsewhere.end();
		});

		it('of another master key are skipped and left in place', async () => {
			const before = await scene.store.signingKeys.current();
			const changed = await scene.openAnother('another master key');
			expect(await changed.signingKeys.all()).toEqual([]);
			const after = await changed.signingKeys.current();
			expect(after.id).not.toBe(before.id);
			expect(await changed.signingKeys.all()).toEqual([after]);
			expect(await scene.store.signingKeys.all()).toEqual([before]);
			expect(await scene.store.signingKeys.current()).toEqual(before);
		});

		it('run out after 32 changes of the master key, with a sentence that says what to do', async () => {
			for (let change = 0; change < 32; change += 1) {
				const changed = await scene.openAnother(`master key ${change}`);
				await changed.signingKeys.current();
				await changed.close();
			}
			await expect(scene.store.signingKeys.current()).rejects.toMatchObject({
				name: 'StoreError',
				problem: 'noFreeKeyId',
				message: expect.stringMatching(/encryption key back/) as string,
			});
		});
	});
}
