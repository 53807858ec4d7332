import type { NewTrackingEvent } from '../../../../mail/store/tracking-store';
import { MAX_EVENTS } from '../../../../mail/store/tracking-store';
import type { MakePlace } from '../contract';
import { CAMPAIGN, HOSTILE_STRINGS, keyOf, Scene, sent, START } from './scene';

const HOUR = 3_600_000;
const THIS_HOUR = Math.floor(START / HOUR) * HOUR;

export function trackingContract(makePlace: MakePlace): void {
	describe('tracking', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const event = (more: Partial<NewTrackingEvent> = {}): NewTrackingEvent => ({
			campaignId: CAMPAIGN,
			reference: 'ada',
			event: 'opened',
			link: 0,
			at: START,
			...more,
		});
		const record = (...events: NewTrackingEvent[]) => scene.store.tracking.record(events);
		const count = async (name: string, link: number, machine: boolean) =>
			(await scene.store.tracking.counts(CAMPAIGN)).find(
				(row) => row.event === name && row.link === link && row.machine === machine,
			);

		it('gives the address that was opened last, and the one before when that is closed', async () => {
			const { tracking } = scene.store;
			expect(await tracking.currentSite()).toBeUndefined();
			await tracking.openSite({ id: 'one', url: 'https://one.example/m' });
			scene.now += 1;
			await tracking.openSite({ id: 'two', url: 'https://two.example/m' });
			expect(await tracking.currentSite()).toEqual({ id: 'two', url: 'https://two.example/m' });
			await tracking.closeSite('two');
			await tracking.closeSite('two');
			expect(await tracking.currentSite()).toEqual({ id: 'one', url: 'https://one.example/m' });
			scene.now += 1;
			await tracking.openSite({ id: 'one', url: 'https://three.example/m' });
			const other = await scene.openAnother();
			expect((await other.tracking.currentSite())?.url).toBe('https://three.example/m');
		});

		it('keeps what a campaign promises, the newest word', async () => {
			const { tracking } = scene.store;
			expect(await tracking.getCampaign(CAMPAIGN)).toBeUndefined();
			await tracking.setCampaign(CAMPAIGN, { list: 'news' });
			await tracking.setCampaign(CAMPAIGN, { list: '' });
			await tracking.setCampaign('autumn', { list: 'offers' });
			expect(await tracking.getCampaign(CAMPAIGN)).toEqual({ list: '' });
		});

		it('numbers each target of a campaign once and for ever', async () => {
			const { tracking } = scene.store;
			const [a, b, c] = ['https://a.example/', 'https://b.example/?x={{id}}', 'https://c.example/'];
			expect(await tracking.numberLinks(CAMPAIGN, [a, b, a])).toEqual([1, 2, 1]);
			expect(await tracking.numberLinks('autumn', [b])).toEqual([1]);
			expect(await tracking.numberLinks(CAMPAIGN, [c, b])).toEqual([3, 2]);
			expect(await tracking.findTarget(CAMPAIGN, 2)).toBe(b);
			expect(await tracking.findTarget(CAMPAIGN, 4)).toBeUndefined();
			expect(await tracking.findTarget('winter', 1)).toBeUndefined();
			expect(await tracking.links(CAMPAIGN)).toEqual([
				{ number: 1, target: a },
				{ number: 2, target: b },
				{ number: 3, target: c },
			]);
		});

		it('gives one number to all who number the same target at once', async () => {
			const stores = [scene.store, await scene.openAnother(), await scene.openAnother()];
			const numbers = await Promise.all(
				stores.map(({ tracking }, index) =>
					tracking.numberLinks(CAMPAIGN, [`https://${index}.example/`, 'https://all.example/']),
				),
			);
			expect(new Set(numbers.map(([, all]) => all)).size).toBe(1);
			expect(await scene.store.tracking.links(CAMPAIGN)).toHaveLength(4);
		});

		it('knows whose a reference is: of the ledger, of a single mail, of nobody who shall be known', async () => {
			const { tracking } = scene.store;
			const claim = await scene.dispatched('ada');
			expect(await tracking.findMail(claim.reference)).toEqual({
				reference: claim.reference,
				campaignId: CAMPAIGN,
				recipient: { key: keyOf('ada'), address: claim.address },
			});
			scene.now += 5;
			await scene.store.ledger.settle([sent(claim)]);
			expect(await tracking.findMail(claim.reference)).toMatchObject({ sentAt: START + 5 });
			const bob = { key: keyOf('bob'), address: 'Bob@example.com' };
			await tracking.addMails([
				{ reference: 'single', campaignId: 'orders', recipient: bob },
				{ reference: 'nobody', campaignId: CAMPAIGN },
			]);
			await tracking.addMails([{ reference: 'single', campaignId: 'stolen' }]);
			expect(await tracking.findMail('single')).toEqual({
				reference: 'single',
				campaignId: 'orders',
				recipient: bob,
				sentAt: START + 5,
			});
			const nobody = { reference: 'nobody', campaignId: CAMPAIGN, sentAt: START + 5 };
			expect(await tracking.findMail('nobody')).toEqual(nobody);
			expect(await tracking.findMail('forged')).toBeUndefined();
		});

		it('tells first events from further ones, and people from machines', async () => {
			expect(
				await record(
					event({ machine: 'prefetch' }),
					event({ at: START + HOUR }),
					event({ at: START + 2 * HOUR }),
					event({ reference: 'bob' }),
				),
			).toEqual([
				{ result: 'recorded', first: true },
				{ result: 'recorded', first: true },
				{ result: 'recorded', first: false },
				{ result: 'recorded', first: true },
			]);
			const counts = await scene.store.tracking.counts(CAMPAIGN);
			const opened = { event: 'opened', link: 0 };
			const byHour = counts.sort(
				(a, b) => a.hour - b.hour || Number(a.machine) - Number(b.machine),
			);
			expect(byHour).toEqual([
				{ ...opened, hour: THIS_HOUR, machine: false, events: 1, recipients: 1, newcomers: 1 },
				{ ...opened, hour: THIS_HOUR, machine: true, events: 1, recipients: 1, newcomers: 1 },
				{
					...opened,
					hour: THIS_HOUR + HOUR,
					machine: false,
					events: 1,
					recipients: 1,
					newcomers: 0,
				},
				{
					...opened,
					hour: THIS_HOUR + 2 * HOUR,
					machine: false,
					events: 1,
					recipients: 0,
					newcomers: 0,
				},
			]);
		});

		it('counts a click for its link and once for all links', async () => {
			const click = (link: number, reference = 'ada') =>
				event({ event: 'clicked', link, reference });
			const results = await record(click(1), click(2), click(2), click(2, 'bob'));
			expect(results.map((result) => 'first' in result && result.first)).toEqual([
				true,
				false,
				false,
				true,
			]);
			expect(await count('clicked', 0, false)).toMatchObject({ events: 4, recipients: 2 });
			expect(await count('clicked', 1, false)).toMatchObject({ events: 1, recipients: 1 });
			expect(await count('clicked', 2, false)).toMatchObject({ events: 3, recipients: 2 });
			expect(await count('clicked', 0, true)).toBeUndefined();
		});

		it('counts the same whether events come at once or one by one, from one process or two', async () => {
			const events = Array.from({ length: 60 }, (_, index) =>
				event({
					reference: `r${index % 7}`,
					event: index % 3 ? 'clicked' : 'opened',
					link: index % 3 ? 1 + (index % 4) : 0,
					at: START + (index % 5) * HOUR,
					...(index % 11 === 0 ? { machine: 'burst' } : {}),
				}),
			);
			await record(...events);
			const other = await scene.openAnother();
			for (const [index, each] of events.entries())
				await (index % 2 ? scene.store : other).tracking.record([
					{ ...each, campaignId: 'autumn' },
				]);
			const totals = async (campaignId: string) => {
				const rows = await scene.store.tracking.counts(campaignId);
				return rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
			};
			expect(await totals('autumn')).toEqual(await totals(CAMPAIGN));
		});

		it('keeps each event, newest first, with what the user asked to keep', async () => {
			await record(
				event(),
				event({ reference: 'bob', at: START + 1, ip: '192.0.2.1', userAgent: 'Mail/1' }),
				event({ at: START + 2, machine: 'tooSoon', event: 'clicked', link: 3 }),
			);
			const { tracking } = scene.store;
			const events = await tracking.events(CAMPAIGN, { limit: 9 });
			expect(events.map(({ at }) => at - START)).toEqual([2, 1, 0]);
			expect(events[0]).toMatchObject({ event: 'clicked', link: 3, machine: 'tooSoon' });
			expect(events[1]).toMatchObject({ ip: '192.0.2.1', userAgent: 'Mail/1', machine: undefined });
			expect(events[2]).toEqual(event({ ip: undefined, userAgent: undefined, machine: undefined }));
			const ofAda = await tracking.events(CAMPAIGN, { limit: 1, offset: 1, reference: 'ada' });
			expect(ofAda.map(({ at }) => at)).toEqual([START]);
		});

		it('tells what each recipient did', async () => {
			await record(
				event({ at: START + 9 }),
				event({ at: START + 3 }),
				event({ event: 'clicked', link: 2 }),
				event({ reference: 'bob', machine: 'userAgent' }),
			);
			const activities = await scene.store.tracking.activities(CAMPAIGN, ['ada', 'bob', 'eve']);
			expect(activities).toHaveLength(4);
			expect(activities).toContainEqual({
				reference: 'ada',
				event: 'opened',
				link: 0,
				machine: false,
				events: 2,
				firstAt: START + 3,
				lastAt: START + 9,
			});
			expect(activities).toContainEqual(
				expect.objectContaining({ reference: 'bob', machine: true, events: 1 }),
			);
		});

		it('keeps no more than so many events of one recipient, and still those of others', async () => {
			const flood = await record(...Array.from({ length: MAX_EVENTS + 50 }, () => event()));
			expect(flood.filter(({ result }) => result === 'ignored')).toHaveLength(50);
			expect(await record(event({ event: 'clicked', link: 1 }))).toEqual([{ result: 'ignored' }]);
			expect(await record(event({ reference: 'bob' }))).toMatchObject([{ result: 'recorded' }]);
			expect(await count('opened', 0, false)).toMatchObject({
				events: MAX_EVENTS + 1,
				recipients: 2,
			});
			expect(await scene.store.tracking.events(CAMPAIGN, { limit: 999 })).toHaveLength(
				MAX_EVENTS + 1,
			);
		});

		it('counts what is anonymous and keeps nothing else of it', async () => {
			const anonymous = event({ reference: 'nobody', anonymous: true, event: 'clicked', link: 1 });
			await record(...Array.from({ length: MAX_EVENTS + 5 }, () => anonymous));
			expect(await count('clicked', 0, false)).toMatchObject({
				events: MAX_EVENTS + 5,
				recipients: 0,
				newcomers: 0,
			});
			expect(await count('clicked', 1, false)).toMatchObject({ events: MAX_EVENTS + 5 });
			expect(await scene.store.tracking.events(CAMPAIGN, { limit: 9 })).toEqual([]);
			expect(await scene.store.tracking.activities(CAMPAIGN, ['nobody'])).toEqual([]);
		});

		it.each(HOSTILE_STRINGS)('takes a hostile string for a string: %j', async (_, text) => {
			const { tracking } = scene.store;
			await tracking.openSite({ id: text, url: text });
			expect(await tracking.currentSite()).toEqual({ id: text, url: text });
			expect(await tracking.numberLinks(text, [text])).toEqual([1]);
			expect(await tracking.findTarget(text, 1)).toBe(text);
			await tracking.addMails([
				{ reference: text, campaignId: text, recipient: { key: text, address: text } },
			]);
			expect(await tracking.findMail(text)).toMatchObject({ recipient: { address: text } });
			await record(event({ campaignId: text, reference: text, ip: text, userAgent: text }));
			expect(await tracking.events(text, { limit: 1, reference: text })).toMatchObject([
				{ ip: text, userAgent: text },
			]);
		});
	});
}
