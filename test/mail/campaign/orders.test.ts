import type { MailStore } from '../../../mail/store/store';
import { scriptedPool } from '../../support/scripted-pool';
import { campaignRun, containing, memoryStore, outcomes, people, tally } from './campaign';

const define = { name: 'Spring news', account: 'shop@smtp.example.com', definition: '{}' };
const campaign = { id: 'spring', define };

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await store.close();
});

/** A pool whose mails take a while, so that there is time to give orders. */
const slowPool = () =>
	scriptedPool(async () => {
		await new Promise((resolve) => setTimeout(resolve, 20));
		return 'accept' as const;
	});

async function untilSomeAreSent({ ledger }: MailStore): Promise<void> {
	while ((await ledger.counts('spring')).sent === 0)
		await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a campaign that is paused', () => {
	it('from elsewhere stops its run within seconds, with the rest deferred and queued', async () => {
		const run = outcomes(
			campaignRun({ store, campaign, pool: slowPool(), recipients: people(2_000) }),
		);
		await untilSomeAreSent(store);
		const begun = Date.now();
		await store.campaigns.setState('spring', 'paused');
		const all = await run;
		expect(Date.now() - begun).toBeLessThan(4_000);
		const { sent = 0, deferred = 0 } = tally(all);
		expect(sent).toBeGreaterThan(0);
		expect(sent + deferred).toBe(2_000);
		expect(all.at(-1)).toMatchObject({ reason: containing('paused'), waitsFor: 'order' });
		expect(await store.ledger.counts('spring')).toMatchObject({ sent, queued: deferred });

		await store.campaigns.setState('spring', 'running');
		const rest = await outcomes(campaignRun({ store, recipients: 'owed', concurrency: 20 }));
		expect(tally(rest)).toEqual({ sent: deferred });
		expect(await store.campaigns.get('spring')).toMatchObject({
			finishedAt: expect.any(Number) as number,
		});
	});

	it('takes recipients in, and mails nobody', async () => {
		await store.campaigns.define({ id: 'spring', ...define });
		await store.campaigns.setState('spring', 'paused');
		const pool = scriptedPool();
		const all = await outcomes(campaignRun({ store, campaign, pool, recipients: people(10) }));
		expect(tally(all)).toEqual({ deferred: 10 });
		expect(pool.begun).toEqual([]);
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 10 });
	});
});

describe('a campaign that is cancelled', () => {
	it('in mid-run skips who is left, and keeps nothing of them', async () => {
		const run = outcomes(
			campaignRun({ store, campaign, pool: slowPool(), recipients: people(2_000) }),
		);
		await untilSomeAreSent(store);
		await store.campaigns.setState('spring', 'cancelled');
		const { sent = 0, campaignCancelled = 0 } = tally(await run);
		expect(sent).toBeGreaterThan(0);
		expect(sent + campaignCancelled).toBe(2_000);
		expect(await store.ledger.owed('spring', { limit: 10 })).toEqual([]);
		expect(tally(await outcomes(campaignRun({ store, recipients: 'owed' })))).toEqual({});
	});

	it('takes nobody in any more', async () => {
		await store.campaigns.define({ id: 'spring', ...define });
		await store.campaigns.setState('spring', 'cancelled');
		const all = await outcomes(campaignRun({ store, campaign, recipients: people(3) }));
		expect(tally(all)).toEqual({ campaignCancelled: 3 });
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 0 });
	});
});

describe('finishing without the source', () => {
	it('mails those whom a stopped run left, with their own data, and nobody else', async () => {
		const stop = new AbortController();
		const first = scriptedPool();
		const run = campaignRun({
			store,
			campaign,
			pool: first,
			recipients: people(300),
			signal: stop.signal,
		});
		let seen = 0;
		for await (const { outcome } of run) if (outcome === 'sent' && ++seen === 40) stop.abort();
		const second = scriptedPool();
		const all = await outcomes(campaignRun({ store, pool: second, recipients: 'owed' }));
		expect(first.taken.length + second.taken.length).toBe(300);
		expect(new Set([...first.taken, ...second.taken]).size).toBe(300);
		expect(tally(all)).toEqual({ sent: second.taken.length });
		expect(second.mails.get('r299@example.com')).toContain('Dear Person 299');
		// Harmless when nothing is owed.
		expect(await outcomes(campaignRun({ store, recipients: 'owed' }))).toEqual([]);
	});

	it('leaves alone whose time has not come, and says when it will', async () => {
		const reply = '451 4.3.0 later';
		await outcomes(
			campaignRun({ store, pool: scriptedPool(() => ({ reply })), recipients: people(1) }),
		);
		const pool = scriptedPool();
		const [one] = await outcomes(campaignRun({ store, pool, recipients: 'owed' }));
		expect(one).toMatchObject({ outcome: 'deferred', reply, attempts: 1 });
		expect(one?.outcome === 'deferred' && one.retryAt).toBeGreaterThan(Date.now() + 60_000);
		expect(pool.begun).toEqual([]);
	});

	it('skips who was suppressed meanwhile', async () => {
		await store.campaigns.define({ id: 'spring', ...define });
		await store.campaigns.setState('spring', 'paused');
		await outcomes(campaignRun({ store, campaign, recipients: people(2) }));
		await store.campaigns.setState('spring', 'running');
		await store.suppressions.add([
			{ key: 'r0@example.com', address: 'r0@example.com', reason: 'manual' },
		]);
		const all = await outcomes(campaignRun({ store, recipients: 'owed' }));
		expect(tally(all)).toEqual({ suppressed: 1, sent: 1 });
		// Nobody is owed a mail any more.
		expect(await store.campaigns.get('spring')).toHaveProperty('finishedAt');
		expect(await store.campaigns.owing()).toEqual([]);
	});
});

describe('whom a run leaves out', () => {
	it('spellings of one Gmail address are one only when that is asked for', async () => {
		const addresses = ['a.da@gmail.com', 'ADA+news@googlemail.com', 'ada@gmail.com', 'a.da@x.org'];
		const recipients = addresses.map((address, index) => ({ index, address, data: { name: 'A' } }));
		const plain = await outcomes(campaignRun({ store, campaign: { id: 'one' }, recipients }));
		expect(tally(plain)).toEqual({ sent: 4 });
		const skip = { gmailSpellings: true };
		const strict = await outcomes(
			campaignRun({ store, campaign: { id: 'two' }, recipients, skip }),
		);
		expect(tally(strict)).toEqual({ sent: 2, duplicate: 2 });
	});

	it('addresses of a task, when that is asked for', async () => {
		const addresses = ['Info@example.com', 'no-reply+x@example.com', 'infos@example.com'];
		const recipients = addresses.map((address, index) => ({ index, address, data: { name: 'A' } }));
		const skip = { roleAddresses: true };
		const all = await outcomes(campaignRun({ store, recipients, skip }));
		expect(tally(all)).toEqual({ roleAddress: 2, sent: 1 });
		expect(tally(await outcomes(campaignRun({ store, recipients })))).toMatchObject({ sent: 2 });
	});
});

describe('giving up', () => {
	it('ends the tries of a recipient when the time for them is over, with the last reply', async () => {
		const reply = '452 4.2.2 Mailbox full';
		const pool = scriptedPool(() => ({ reply }));
		const options = { store, pool, recipients: people(1) };
		expect(tally(await outcomes(campaignRun(options)))).toEqual({ deferred: 1 });
		const late = await outcomes(campaignRun({ ...options, giveUpAfterMs: 1 }));
		expect(late).toMatchObject([
			{
				outcome: 'failed',
				reply,
				blame: 'recipient',
				reason: containing('Given up after 2 tries'),
			},
		]);
		expect(await store.suppressions.count()).toBe(0);
	});
});
