import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, Scene } from './scene';

export function mailboxMarksContract(makePlace: MakePlace): void {
	describe('mailbox marks', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		it('say nothing of a mailbox that was never read', async () => {
			expect(await scene.store.mailboxMarks.get('INBOX')).toBeUndefined();
		});

		it('are kept one a mailbox, the latest', async () => {
			const { mailboxMarks } = scene.store;
			const mark = {
				uidValidity: '18446744073709551615',
				lastUid: 4_294_967_295,
			};
			await mailboxMarks.set('INBOX', { uidValidity: '1', lastUid: 1 });
			await mailboxMarks.set('Bounces', { uidValidity: '2', lastUid: 2 });
			await mailboxMarks.set('INBOX', mark);
			const other = await scene.openAnother();
			expect(await other.mailboxMarks.get('INBOX')).toEqual(mark);
			expect(await other.mailboxMarks.get('Bounces')).toMatchObject({ lastUid: 2 });
		});

		it('keep the parts that not every mark has, and forget them when they are gone', async () => {
			const { mailboxMarks } = scene.store;
			const mark = { uidValidity: '1', lastUid: 1 };
			await mailboxMarks.set('INBOX', { ...mark, horizon: 1_795_524_354_000, unreadUntil: 6 });
			expect(await mailboxMarks.get('INBOX')).toEqual({
				...mark,
				horizon: 1_795_524_354_000,
				unreadUntil: 6,
			});
			await mailboxMarks.set('INBOX', mark);
			expect(await mailboxMarks.get('INBOX')).toEqual(mark);
		});

		it.each(HOSTILE_STRINGS)('take a hostile string for a string: %j', async (_, text) => {
			const mark = { uidValidity: text, lastUid: 1 };
			await scene.store.mailboxMarks.set(text, mark);
			await scene.store.mailboxMarks.take(text, [text, text], text);
			await scene.store.mailboxMarks.set(text, mark, [text, text]);
			expect(await scene.store.mailboxMarks.get(text)).toEqual(mark);
			expect(await scene.store.mailboxMarks.lookUp(text, [text])).toEqual(
				new Map([[text, { batch: text, handedOn: true }]]),
			);
		});

		describe('remember mails', () => {
			const mark = { uidValidity: '1', lastUid: 1 };
			const known = (batch: string, handedOn: boolean) => ({ batch, handedOn });

			it('that were handed on, for each mailbox apart', async () => {
				const { mailboxMarks } = scene.store;
				await mailboxMarks.set('INBOX', mark, ['a', 'b', 'a']);
				expect(await mailboxMarks.lookUp('INBOX', ['b', 'c', 'b'])).toEqual(
					new Map([['b', known('', true)]]),
				);
				expect(await mailboxMarks.lookUp('Other', ['a'])).toEqual(new Map());
			});

			it('in the batch that they were taken into first, whoever asks again', async () => {
				const { mailboxMarks } = scene.store;
				const other = await scene.openAnother();
				const [one, two] = await Promise.all([
					mailboxMarks.take('INBOX', ['a', 'b'], 'one'),
					other.mailboxMarks.take('INBOX', ['b', 'c'], 'two'),
				]);
				expect(one.get('b')).toEqual(two.get('b'));
				const batch = one.get('b')?.batch;
				const later = await mailboxMarks.take('INBOX', ['b'], 'three');
				expect(later.get('b')).toEqual(known(batch!, false));
			});

			it('of a batch all, whoever has a part of them in hand', async () => {
				const { mailboxMarks } = scene.store;
				const other = await scene.openAnother();
				await mailboxMarks.take('INBOX', ['a', 'b', 'c'], 'one');
				await mailboxMarks.take('Other', ['d'], 'one');
				await mailboxMarks.set('INBOX', mark, ['alone']);
				expect(await other.mailboxMarks.take('INBOX', ['b', 'alone', 'e'], 'two')).toEqual(
					new Map([
						['a', known('one', false)],
						['b', known('one', false)],
						['c', known('one', false)],
						['alone', known('', true)],
						['e', known('two', false)],
					]),
				);
			});

			it('whose batch was handed on', async () => {
				const { mailboxMarks } = scene.store;
				await mailboxMarks.take('INBOX', ['a', 'b'], 'one');
				await mailboxMarks.set('INBOX', mark, ['a']);
				expect(await mailboxMarks.take('INBOX', ['a', 'b', 'c'], 'two')).toEqual(
					new Map([
						['a', known('one', true)],
						['b', known('one', false)],
						['c', known('two', false)],
					]),
				);
			});

			it('for weeks, not for ever', async () => {
				const { mailboxMarks } = scene.store;
				await mailboxMarks.set('INBOX', mark, ['a']);
				scene.now += 40 * 86_400_000;
				await mailboxMarks.set('INBOX', mark, ['b']);
				expect([...(await mailboxMarks.lookUp('INBOX', ['a', 'b'])).keys()]).toEqual(['a', 'b']);
				scene.now += 40 * 86_400_000;
				await mailboxMarks.set('INBOX', mark, ['c']);
				expect([...(await mailboxMarks.lookUp('INBOX', ['a', 'b'])).keys()]).toEqual(['b']);
			});
		});
	});
}
