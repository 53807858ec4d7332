import type { Feedback } from '../../../../mail/store/store';
import type { MakePlace } from '../contract';
import { CAMPAIGN, deferred, failed, keyOf, recipient, Scene, sent, START } from './scene';

const HOUR = 3_600_000;
const hourOf = (at: number) => Math.floor(at / HOUR) * HOUR;

export function reportsContract(makePlace: MakePlace): void {
	describe('what a report asks', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const feedback = (name: string, event: Feedback['event'], diagnostic = '') =>
			scene.store.ledger.recordFeedback(CAMPAIGN, keyOf(name), { event, diagnostic, at: START });
		const names = async (
			options: Omit<Parameters<typeof scene.store.reports.recipients>[1], 'limit'> & {
				limit?: number;
			},
		) =>
			(await scene.store.reports.recipients(CAMPAIGN, { limit: 99, ...options })).map(({ key }) =>
				key.replace(/@.*/, ''),
			);

		it('counts feedback by its kind, and takes no diagnostic text for one', async () => {
			await scene.queue('ada', 'bob', 'cy', 'dan');
			await feedback('ada', 'hardBounce');
			await feedback('bob', 'softBounce', '{"event":"hardBounce"}');
			await feedback('cy', 'complained');
			await scene.store.ledger.enqueue('autumn', [recipient('eve', 'autumn')]);
			expect(await scene.store.reports.feedbackCounts(CAMPAIGN)).toEqual({
				hardBounce: 1,
				softBounce: 1,
				complained: 1,
				delayed: 0,
				autoReplied: 0,
			});
		});

		it('counts outcomes by the hour they came in', async () => {
			await scene.queue('ada', 'bob', 'cy');
			const claims = await scene.claim();
			await scene.store.ledger.dispatch(claims);
			await scene.store.ledger.settle([sent(claims[0]!)]);
			scene.now += HOUR;
			await scene.store.ledger.settle([sent(claims[1]!), failed(claims[2]!)]);
			const rows = await scene.store.reports.outcomesByHour(CAMPAIGN);
			expect(rows).toHaveLength(3);
			expect(rows).toContainEqual({ hour: hourOf(START), state: 'sent', recipients: 1 });
			expect(rows).toContainEqual({ hour: hourOf(START) + HOUR, state: 'sent', recipients: 1 });
			expect(rows).toContainEqual({ hour: hourOf(START) + HOUR, state: 'failed', recipients: 1 });
		});

		it('gives recipients page by page, by state, by feedback and by what they did', async () => {
			await scene.queue('ada', 'bob', 'cy', 'dan', 'eve');
			const claims = await scene.claim('one', 4);
			await scene.store.ledger.dispatch(claims);
			await scene.store.ledger.settle([
				sent(claims[0]!),
				sent(claims[1]!),
				failed(claims[2]!),
				deferred(claims[3]!, START + 9),
			]);
			await feedback('bob', 'softBounce');
			await scene.store.tracking.record([
				{
					campaignId: CAMPAIGN,
					reference: claims[0]!.reference,
					event: 'opened',
					link: 0,
					at: START,
				},
				{
					campaignId: CAMPAIGN,
					reference: claims[1]!.reference,
					event: 'opened',
					link: 0,
					at: START,
					machine: 'prefetch',
				},
			]);
			expect(await names({})).toEqual(['ada', 'bob', 'cy', 'dan', 'eve']);
			expect(await names({ limit: 2, offset: 1 })).toEqual(['bob', 'cy']);
			expect(await names({ filter: { state: 'sent' } })).toEqual(['ada', 'bob']);
			expect(await names({ filter: { state: 'queued' } })).toEqual(['eve']);
			expect(await names({ filter: { feedback: 'softBounce' } })).toEqual(['bob']);
			expect(await names({ filter: { setback: true } })).toEqual(['bob', 'cy']);
			expect(await names({ filter: { did: 'opened' } })).toEqual(['ada']);
			expect(await names({ filter: { did: 'clicked' } })).toEqual([]);
		});

		it('gives single mails of a campaign, and none that nobody shall know of', async () => {
			const { tracking, reports } = scene.store;
			const mail = (name: string) => ({
				reference: name,
				campaignId: 'orders',
				recipient: { key: keyOf(name), address: keyOf(name) },
			});
			await tracking.addMails([mail('ada'), mail('bob'), { reference: 'x', campaignId: 'orders' }]);
			await tracking.record([
				{ campaignId: 'orders', reference: 'bob', event: 'clicked', link: 1, at: START },
			]);
			expect(await reports.countSingleMails('orders')).toBe(2);
			expect(await reports.singleMails('orders', { limit: 1 })).toEqual([
				{ reference: 'ada', address: keyOf('ada'), sentAt: START },
			]);
			const clicked = await reports.singleMails('orders', { limit: 9, filter: { did: 'clicked' } });
			expect(clicked.map(({ reference }) => reference)).toEqual(['bob']);
		});
	});
}
