import type { MakePlace } from '../contract';
import { CAMPAIGN, keyOf, recipient, Scene, sent, START } from './scene';

const NOTHING = { recipients: 0, mails: 0, events: 0, entirely: false };

export function cleanUpContract(makePlace: MakePlace): void {
	describe('old campaigns', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const define = (id = CAMPAIGN) =>
			scene.store.campaigns.define({ id, name: id, account: 'a@b', definition: '{}' });
		const serve = async (...names: string[]) => {
			await scene.queue(...names);
			const claims = await scene.claim('one', names.length);
			await scene.store.ledger.dispatch(claims);
			await scene.store.ledger.settle(claims.map(sent));
			await scene.store.campaigns.finish(CAMPAIGN);
		};
		const opened = (campaignId: string, reference: string) =>
			scene.store.tracking.record([
				{ campaignId, reference, event: 'opened', link: 0, at: scene.now },
			]);

		it('are forgotten with all that belongs to them, and nothing else is', async () => {
			const { campaigns, ledger, reports, suppressions, tracking } = scene.store;
			await define();
			await serve('ada', 'bea', 'cleo');
			await tracking.setCampaign(CAMPAIGN, { list: 'news' });
			await tracking.numberLinks(CAMPAIGN, ['https://a.example/']);
			await opened(CAMPAIGN, recipient('ada').reference);
			await opened(CAMPAIGN, recipient('bea').reference);
			await ledger.recordFeedback(CAMPAIGN, keyOf('bea'), { event: 'hardBounce', at: START });
			await suppressions.add([
				{ key: keyOf('bea'), address: keyOf('bea'), reason: 'hardBounce', campaignId: CAMPAIGN },
			]);
			await define('autumn');
			await ledger.enqueue('autumn', [recipient('ada', 'autumn')]);
			await opened('autumn', recipient('ada', 'autumn').reference);

			scene.now += 1_000;
			expect(await campaigns.aged(START)).toEqual([]);
			expect(await campaigns.forget(CAMPAIGN, START)).toEqual(NOTHING);
			expect(await campaigns.aged(scene.now)).toEqual([CAMPAIGN]);
			expect(await campaigns.forget(CAMPAIGN, scene.now)).toEqual({
				recipients: 3,
				mails: 0,
				events: 2,
				entirely: true,
			});

			expect(await campaigns.get(CAMPAIGN)).toBeUndefined();
			expect(await campaigns.definition(CAMPAIGN)).toBeUndefined();
			expect(await ledger.getMany(CAMPAIGN, [keyOf('ada'), keyOf('bea')])).toEqual([]);
			expect(await ledger.findByReference(recipient('ada').reference)).toBeUndefined();
			expect(await tracking.getCampaign(CAMPAIGN)).toBeUndefined();
			expect(await tracking.links(CAMPAIGN)).toEqual([]);
			expect(await tracking.counts(CAMPAIGN)).toEqual([]);
			expect(await tracking.events(CAMPAIGN, { limit: 10 })).toEqual([]);
			expect(await reports.recipients(CAMPAIGN, { limit: 10 })).toEqual([]);
			expect((await suppressions.check([keyOf('bea')])).size).toBe(1);
			expect(await ledger.counts('autumn')).toMatchObject({ queued: 1 });
			expect(await tracking.events('autumn', { limit: 10 })).toHaveLength(1);
			// A campaign of that name is a new one.
			await scene.queue('ada');
			expect(await ledger.counts(CAMPAIGN)).toMatchObject({ queued: 1, sent: 0 });
		});

		it('leave no row behind, in whatever table', async () => {
			const { campaigns, ledger, suppressions, tracking } = scene.store;
			/** One of everything that names a campaign. */
			const live = async (id: string) => {
				await define(id);
				const names = Array.from({ length: 12 }, (_, number) => `${id}${number}`);
				await ledger.enqueue(
					id,
					[...names, 'zoe'].map((name) => recipient(name, id)),
				);
				const claims = await ledger.claim(id, {
					...{ owner: 'one', limit: 100, leaseMs: 30_000 },
					only: names.map(keyOf),
				});
				await ledger.dispatch(claims);
				await ledger.settle(claims.map(sent));
				await ledger.recordFeedback(id, keyOf(`${id}3`), { event: 'complained', at: scene.now });
				await tracking.setCampaign(id, { list: 'news' });
				await tracking.numberLinks(id, ['https://a.example/', 'https://b.example/']);
				await tracking.addMails(
					['x', 'y'].map((name) => ({
						reference: `${id}-${name}`,
						campaignId: id,
						recipient: { key: keyOf(name), address: keyOf(name) },
					})),
				);
				const known = names.map((name) => recipient(name, id).reference);
				await tracking.record(
					[...known, `${id}-x`, 'of nobody that is known'].flatMap((reference) =>
						[0, 1, 2].map((link) => ({
							...{ campaignId: id, reference, link, at: scene.now },
							event: link === 0 ? ('opened' as const) : ('clicked' as const),
						})),
					),
				);
				expect(await campaigns.finish(id)).toBe(true);
			};
			const names = (rows: object) => Object.keys(rows).sort();
			// Suppressed, so a campaign is finished without her; what was to be mailed to her is still there.
			await suppressions.add([{ key: keyOf('zoe'), address: keyOf('zoe'), reason: 'manual' }]);
			const empty = await scene.rows();
			await live('autumn');
			const one = await scene.rows();
			await live(CAMPAIGN);
			const two = await scene.rows();
			// Every table that one campaign fills has rows of both, so that each is seen to be emptied.
			expect(names(two)).toEqual(names(one));
			expect(names(one)).toEqual(
				expect.arrayContaining([
					...['campaign', 'campaign_definition', 'recipient', 'payload', 'tracked_mail'],
					...['tracking_activity', 'tracking_campaign', 'tracking_count', 'tracking_event'],
					'tracking_link',
				]),
			);

			expect(await campaigns.forget(CAMPAIGN, scene.now + 1)).toMatchObject({ entirely: true });
			expect(await scene.rows()).toEqual(one);
			expect(await campaigns.forget('autumn', scene.now + 1)).toMatchObject({ entirely: true });
			expect(await scene.rows()).toEqual(empty);
		});

		it('stay while they owe somebody a mail, and when they are begun anew', async () => {
			const { campaigns } = scene.store;
			await define();
			await serve('ada');
			await define();
			scene.now += 1_000;
			await scene.queue('bea');
			expect(await campaigns.aged(scene.now + 1)).toEqual([]);
			expect(await campaigns.forget(CAMPAIGN, scene.now + 1)).toEqual(NOTHING);
			expect(await scene.stateOf('ada')).toBe('sent');
			await campaigns.setState(CAMPAIGN, 'paused');
			expect(await campaigns.aged(scene.now + 1)).toEqual([]);
		});

		it('that were cancelled are forgotten too', async () => {
			const { campaigns } = scene.store;
			await define();
			await scene.queue('ada');
			await campaigns.setState(CAMPAIGN, 'cancelled');
			expect(await campaigns.forget(CAMPAIGN, START + 1)).toMatchObject({
				recipients: 1,
				entirely: true,
			});
		});

		it('of single mails lose the old ones, and go with the last', async () => {
			const { campaigns, reports, tracking } = scene.store;
			const mail = (name: string) => ({
				reference: name,
				campaignId: 'receipts',
				recipient: { key: keyOf(name), address: keyOf(name) },
			});
			await tracking.addMails([mail('ada'), mail('bea')]);
			await opened('receipts', 'ada');
			scene.now += 1_000;
			await tracking.addMails([mail('cleo')]);
			await opened('receipts', 'cleo');

			expect(await campaigns.aged(START)).toEqual([]);
			expect(await campaigns.aged(scene.now)).toEqual(['receipts']);
			expect(await campaigns.forget('receipts', scene.now)).toEqual({
				recipients: 0,
				mails: 2,
				events: 1,
				entirely: false,
			});
			expect(await campaigns.aged(scene.now)).toEqual([]);
			expect(await tracking.findMail('ada')).toBeUndefined();
			expect(await reports.countSingleMails('receipts')).toBe(1);
			expect(await campaigns.forget('receipts', scene.now + 1)).toEqual({
				recipients: 0,
				mails: 1,
				events: 1,
				entirely: true,
			});
			expect(await campaigns.aged(scene.now + 1)).toEqual([]);
			expect(await campaigns.get('receipts')).toBeUndefined();
		});

		it('of many recipients go in several steps', async () => {
			const { campaigns, ledger, tracking } = scene.store;
			await define();
			const names = Array.from({ length: 2_500 }, (_, number) => `r${number}`);
			await ledger.enqueue(
				CAMPAIGN,
				names.map((name) => recipient(name)),
			);
			await tracking.record(
				names.flatMap((name) =>
					(['opened', 'clicked'] as const).map((event) => ({
						campaignId: CAMPAIGN,
						reference: recipient(name).reference,
						event,
						link: event === 'clicked' ? 1 : 0,
						at: START,
					})),
				),
			);
			await campaigns.setState(CAMPAIGN, 'cancelled');
			expect(await campaigns.forget(CAMPAIGN, START + 1)).toEqual({
				recipients: 2_500,
				mails: 0,
				events: 5_000,
				entirely: true,
			});
			expect(await campaigns.get(CAMPAIGN)).toBeUndefined();
		});
	});
}
