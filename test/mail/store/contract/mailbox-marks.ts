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
				seen: ['a', 'b'],
			};
			await mailboxMarks.set('INBOX', { uidValidity: '1', lastUid: 1, seen: [] });
			await mailboxMarks.set('Bounces', { uidValidity: '2', lastUid: 2, seen: [] });
			await mailboxMarks.set('INBOX', mark);
			const other = await scene.openAnother();
			expect(await other.mailboxMarks.get('INBOX')).toEqual(mark);
			expect(await other.mailboxMarks.get('Bounces')).toMatchObject({ lastUid: 2 });
		});

		it('keep the parts that not every mark has, and forget them when they are gone', async () => {
			const { mailboxMarks } = scene.store;
			const mark = { uidValidity: '1', lastUid: 1, seen: [] };
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
			const mark = { uidValidity: text, lastUid: 1, seen: [text, text] };
			await scene.store.mailboxMarks.set(text, mark);
			expect(await scene.store.mailboxMarks.get(text)).toEqual(mark);
		});
	});
}
