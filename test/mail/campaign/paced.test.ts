import { Pacer } from '../../../mail/pacing/pacer';
import type { PacePlan } from '../../../mail/pacing/plan';
import type { RecipientOutcome } from '../../../mail/model/outcome';
import type { MailStore } from '../../../mail/store/store';
import { fullestWindow } from '../../support/fullest-window';
import { scriptedPool } from '../../support/scripted-pool';
import type { Scene } from '../../support/scripted-pool';
import { campaignRun, containing, memoryStore, outcomes, tally } from './campaign';

let store: MailStore;
let pacers: Pacer[];

beforeEach(async () => {
	store = await memoryStore();
	pacers = [];
});

afterEach(async () => {
	for (const pacer of pacers) await pacer.close();
	await store.close();
});

async function pacer(plan?: PacePlan): Promise<Pacer> {
	const made = await Pacer.start({ book: store.paceBook, account: 'shop', plan });
	pacers.push(made);
	return made;
}

/** So many recipients at each domain. */
function at(counts: Record<string, number>) {
	return Object.entries(counts)
		.flatMap(([domain, count]) => Array.from({ length: count }, (_, nth) => `p${nth}@${domain}`))
		.map((address, index) => ({ index, address, data: { name: 'A' } }));
}

/** Who got what, by domain. */
function byDomain(all: readonly RecipientOutcome[]): Record<string, Record<string, number>> {
	const domains = new Map<string, RecipientOutcome[]>();
	for (const one of all) {
		const domain = one.recipient.slice(one.recipient.indexOf('@') + 1);
		domains.set(domain, [...(domains.get(domain) ?? []), one]);
	}
	const tallies: Record<string, Record<string, number>> = {};
	for (const [name, list] of domains) tallies[name] = tally(list);
	return tallies;
}

describe('a run with limits', () => {
	it('keeps to them, and mails everybody', async () => {
		const times: number[] = [];
		const pool = scriptedPool(() => {
			times.push(Date.now());
			return 'accept';
		});
		const limits = [
			{ count: 10, perMs: 100 },
			{ count: 40, perMs: 500 },
		];
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ 'x.example': 100 }),
				pacer: await pacer({ limits, providers: [] }),
			}),
		);
		expect(tally(all)).toEqual({ sent: 100 });
		expect(fullestWindow(times, 100).count).toBeLessThanOrEqual(10);
		expect(fullestWindow(times, 500).count).toBeLessThanOrEqual(40);
	});

	it('shares them with another run of the same account', async () => {
		const times: number[] = [];
		const pool = scriptedPool(() => {
			times.push(Date.now());
			return 'accept';
		});
		const plan = { limits: [{ count: 10, perMs: 100 }], providers: [] };
		const runs = ['one', 'two'].map(async (id) =>
			outcomes(
				campaignRun({
					store,
					pool,
					campaign: { id },
					recipients: at({ 'x.example': 30 }),
					pacer: await pacer(plan),
				}),
			),
		);
		for (const all of await Promise.all(runs)) expect(tally(all)).toEqual({ sent: 30 });
		expect(fullestWindow(times, 100).count).toBeLessThanOrEqual(10);
	});

	it('lets the others go on while one provider is at its limit', async () => {
		const plan: PacePlan = {
			limits: [],
			providers: [{ provider: 'google', limits: [{ count: 3, perMs: 3_600_000 }] }],
		};
		const all = await outcomes(
			campaignRun({
				store,
				recipients: at({ 'gmail.com': 50, 'x.example': 50 }),
				pacer: await pacer(plan),
				longestWaitMs: 1_000,
			}),
		);
		expect(byDomain(all)).toEqual({
			'gmail.com': { sent: 3, deferred: 47 },
			'x.example': { sent: 50 },
		});
		const waiting = all.find(({ outcome }) => outcome === 'deferred');
		expect(waiting).toMatchObject({
			attempts: 0,
			reason: containing('sending limit'),
			waitsFor: 'pace',
		});
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 47, claimed: 0 });
	});

	it('holds a domain to its own rule, whosever mail servers it has', async () => {
		const plan = {
			limits: [],
			providers: [{ provider: 'gmail.com', limits: [{ count: 2, perMs: 3_600_000 }] }],
		};
		const all = await outcomes(
			campaignRun({
				store,
				pool: scriptedPool(() => 'accept'),
				pacer: await pacer(plan),
				longestWaitMs: 0,
				recipients: at({ 'gmail.com': 5, 'googlemail.com': 5 }),
			}),
		);
		expect(byDomain(all)).toEqual({
			'gmail.com': { sent: 2, deferred: 3 },
			'googlemail.com': { sent: 5 },
		});
	});

	it('never has more mails to a provider under way than its connections', async () => {
		const plan: PacePlan = {
			limits: [],
			providers: [{ provider: 'other', limits: [], connections: 2 }],
		};
		let now = 0;
		let most = 0;
		const pool = scriptedPool(async () => {
			most = Math.max(most, (now += 1));
			await new Promise((resolve) => setTimeout(resolve, 2));
			now -= 1;
			return 'accept' as const;
		});
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ 'x.example': 20 }),
				concurrency: 10,
				pacer: await pacer(plan),
			}),
		);
		expect(tally(all)).toEqual({ sent: 20 });
		expect(most).toBe(2);
	});

	it('waits for the end of the quiet hours, or leaves that to a later run', async () => {
		const minute = new Date().getUTCHours() * 60 + new Date().getUTCMinutes();
		const quietHours = { from: minute, to: (minute + 120) % 1_440, timeZone: 'UTC' };
		const pool = scriptedPool();
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ 'x.example': 5 }),
				pacer: await pacer({ limits: [], providers: [], quietHours }),
			}),
		);
		expect(tally(all)).toEqual({ deferred: 5 });
		expect(all[0]).toMatchObject({ reason: containing('quiet hours') });
		expect(pool.begun).toEqual([]);
	});

	it('uses no slot for a mail that reached no server', async () => {
		const plan = { limits: [{ count: 2, perMs: 3_600_000 }], providers: [] };
		const recipients = [
			{ index: 0, address: 'a@x.example', data: {} },
			{ index: 1, address: 'b@x.example', data: {} },
			...at({ 'y.example': 2 }).map((one) => ({ ...one, index: one.index + 2 })),
		];
		const all = await outcomes(
			campaignRun({ store, recipients, pacer: await pacer(plan), longestWaitMs: 5_000 }),
		);
		expect(tally(all)).toEqual({ failed: 2, sent: 2 });
	});
});

describe('what the servers say', () => {
	const refuses =
		(domain: string, reply: string) =>
		(address: string): Scene =>
			address.endsWith(`@${domain}`) ? { reply } : 'accept';

	it('stops the provider that refuses the sender, says why, and goes on with the others', async () => {
		const reply = '550 5.7.515 Access denied, sending domain does not meet the required level';
		const pool = scriptedPool(refuses('hotmail.com', reply));
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ 'hotmail.com': 200, 'x.example': 200 }),
				pacer: await pacer(),
			}),
		);
		const { failed = 0, deferred = 0 } = byDomain(all)['hotmail.com'] ?? {};
		expect(failed).toBeGreaterThanOrEqual(1);
		// What was on its way when the first answer came.
		expect(failed).toBeLessThanOrEqual(20);
		expect(failed + deferred).toBe(200);
		expect(byDomain(all)['x.example']).toEqual({ sent: 200 });
		expect(all.find(({ outcome }) => outcome === 'deferred')).toMatchObject({
			reply,
			blame: 'senderPolicy',
			attempts: 0,
			reason: containing('SPF, DKIM and DMARC'),
		});
		expect(await store.suppressions.count()).toBe(0);
	});

	it('is known to the next run of the account too', async () => {
		const reply = '421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred';
		const pool = scriptedPool(refuses('yahoo.com', reply));
		const stopped = await outcomes(
			campaignRun({ store, pool, recipients: at({ 'yahoo.com': 5 }), pacer: await pacer() }),
		);
		// Whoever's own reply it was waits no less than the others.
		const inAnHour = Date.now() + 3_600_000;
		for (const one of stopped)
			expect(one.outcome === 'deferred' && one.retryAt).toBeGreaterThan(inAnHour);
		const next = scriptedPool();
		const all = await outcomes(
			campaignRun({
				store,
				pool: next,
				campaign: { id: 'next' },
				recipients: at({ 'aol.com': 5, 'x.example': 1 }),
				pacer: await pacer(),
			}),
		);
		expect(byDomain(all)).toEqual({ 'aol.com': { deferred: 5 }, 'x.example': { sent: 1 } });
		expect(all[0]).toMatchObject({ blame: 'reputation', reply });
	});

	it('slows the provider down that asks for it, and no other', async () => {
		const reply = '421 4.7.28 Gmail has detected an unusual rate of mail';
		const pool = scriptedPool(refuses('gmail.com', reply));
		const thePacer = await pacer();
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ 'gmail.com': 40, 'x.example': 40 }),
				pacer: thePacer,
				longestWaitMs: 1_000,
			}),
		);
		expect(byDomain(all)['x.example']).toEqual({ sent: 40 });
		expect(byDomain(all)['gmail.com']).toEqual({ deferred: 40 });
		expect(pool.begun.filter((to) => to.endsWith('gmail.com')).length).toBeLessThan(20);
		expect(thePacer.moods()).toMatchObject([{ lane: 'google', level: 1, mood: { why: reply } }]);
	});

	it('does not stop a provider for one recipient whom a rule of their own protects', async () => {
		const reply = '550 5.7.1 Delivery not authorized, message refused';
		const pool = scriptedPool((address) => (address.startsWith('p7@') ? { reply } : 'accept'));
		const all = await outcomes(
			campaignRun({ store, pool, recipients: at({ 'outlook.com': 30 }), pacer: await pacer() }),
		);
		expect(tally(all)).toEqual({ sent: 29, failed: 1 });
	});

	it('ends the run when the account is out of quota, with nobody blamed', async () => {
		const reply = '550 5.4.5 Daily user sending limit exceeded';
		const pool = scriptedPool(() => (pool.taken.length >= 10 ? { reply } : 'accept'));
		const all = await outcomes(
			campaignRun({ store, pool, recipients: at({ 'x.example': 60 }), pacer: await pacer() }),
		);
		const { sent = 0, deferred = 0, ...others } = tally(all);
		expect(others).toEqual({});
		expect(sent + deferred).toBe(60);
		expect(sent).toBeLessThan(20);
		const waiting = all.filter((one) => one.outcome === 'deferred');
		for (const { attempts, reason, blame, retryAt } of waiting) {
			expect({ attempts, blame }).toEqual({ attempts: 0, blame: undefined });
			expect(reason).toContain('may send no more for now');
			expect(retryAt).toBeGreaterThan(Date.now() + 3_000_000);
		}
	});

	it('takes a domain with the name of a built-in for a domain', async () => {
		const pool = scriptedPool(refuses('constructor', '550 5.7.515 denied'));
		const all = await outcomes(
			campaignRun({
				store,
				pool,
				recipients: at({ constructor: 5, __proto__x: 2 }),
				pacer: await pacer(),
			}),
		);
		expect(all).toHaveLength(7);
		expect(byDomain(all)).toMatchObject({ __proto__x: { sent: 2 } });
	});
});
