import type { MailStore } from '../../../mail/store/store';
import {
	aNumber,
	campaignRun,
	containing,
	matching,
	memoryStore,
	outcomes,
	people,
	person,
	tally,
} from './campaign';
import { scriptedPool } from '../../support/scripted-pool';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await store.close();
});

describe('a campaign', () => {
	it('gives one outcome for each recipient, and mails each once', async () => {
		const pool = scriptedPool();
		const all = await outcomes(campaignRun({ store, pool, recipients: people(300) }));
		expect(all.map(({ index }) => index)).toEqual(people(300).map(({ index }) => index));
		expect(tally(all)).toEqual({ sent: 300 });
		expect(pool.taken.toSorted()).toEqual(
			people(300)
				.map(({ address }) => address)
				.toSorted(),
		);
		expect(await store.ledger.counts('spring')).toMatchObject({ sent: 300, queued: 0 });
	});

	it('tells of a sent mail what the server said, its Message-ID and how many tries it took', async () => {
		const [outcome] = await outcomes(campaignRun({ store, recipients: [person(7)] }));
		expect(outcome).toEqual({
			index: 7,
			recipient: 'r7@example.com',
			outcome: 'sent',
			reply: '250 2.0.0 Ok',
			messageId: matching(/^<[a-z2-7]{28}@example\.com>$/),
			attempts: 1,
			at: aNumber(),
		});
	});

	it('renders each mail from the recipient’s own data, with their name and the return path', async () => {
		const pool = scriptedPool();
		const recipients = [
			{ index: 0, address: 'Ada Lovelace <ada@example.com>', data: { name: 'Ada' } },
			{ index: 1, address: 'bob@example.com', name: 'Bob B.', data: { name: 'Bob' } },
		];
		await outcomes(campaignRun({ store, pool, recipients, bounceAddress: 'back@example.com' }));
		expect(pool.mails.get('ada@example.com')).toMatch(/To: "Ada Lovelace" <ada@example\.com>/);
		expect(pool.mails.get('ada@example.com')).toMatch(/Subject: Hello Ada\r\n/);
		expect(pool.mails.get('bob@example.com')).toMatch(/To: "Bob B." <bob@example\.com>/);
	});

	it('sends nothing when it is run again, and says when each was sent', async () => {
		await outcomes(campaignRun({ store, recipients: people(20) }));
		const pool = scriptedPool();
		const again = await outcomes(campaignRun({ store, pool, recipients: people(20) }));
		expect(tally(again)).toEqual({ alreadySent: 20 });
		expect(again[0]).toMatchObject({ reason: matching(/sent .* on \d{4}-\d\d-\d\d/) });
		expect(pool.begun).toEqual([]);
	});

	it('is one of many: another campaign mails the same people', async () => {
		await outcomes(campaignRun({ store, recipients: people(5) }));
		const other = campaignRun({ store, recipients: people(5), campaign: { id: 'summer' } });
		expect(tally(await outcomes(other))).toEqual({ sent: 5 });
	});

	it('takes everybody in before the first mail leaves', async () => {
		let queuedAtFirstMail = 0;
		const pool = scriptedPool(async () => {
			if (queuedAtFirstMail > 0) return 'accept' as const;
			const { queued, claimed } = await store.ledger.counts('spring');
			queuedAtFirstMail ||= queued + claimed;
			return 'accept' as const;
		});
		await outcomes(campaignRun({ store, pool, recipients: people(4_500) }));
		expect(queuedAtFirstMail).toBe(4_500);
	});

	it('never has more messages out whose outcome is open than it has connections', async () => {
		const pool = scriptedPool();
		await outcomes(campaignRun({ store, pool, recipients: people(100), concurrency: 3 }));
		expect(pool.peak).toBe(3);
	});

	it('waits with sending while nobody fetches the outcomes', async () => {
		const pool = scriptedPool();
		const run = campaignRun({ store, pool, recipients: people(5_000), concurrency: 10 });
		await run.next();
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		expect(pool.begun.length).toBeLessThan(3_000);
		expect(tally(await outcomes(run))).toEqual({ sent: 4_999 });
	});

	it('tells how far it is', async () => {
		const told: unknown[] = [];
		const onProgress = (progress: unknown) => told.push(progress);
		await outcomes(campaignRun({ store, recipients: people(10), onProgress }));
		expect(told.at(-1)).toEqual({
			outcomes: { sent: 10, deferred: 0, failed: 0, unknown: 0, skipped: 0 },
			remaining: 0,
		});
	});

	it('refuses a bounce address that leaves no room for the reference, before anything is sent', async () => {
		const bounceAddress = `${'b'.repeat(60)}@example.com`;
		await expect(
			outcomes(campaignRun({ store, recipients: people(2), bounceAddress })),
		).rejects.toThrow(/bounce address .* too long/);
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 0 });
	});
});

describe('who is not mailed', () => {
	it('leaves an address that is none out, with the reason, and mails the others', async () => {
		const recipients = [person(0, 'not an address'), person(1), person(2, '')];
		const all = await outcomes(campaignRun({ store, recipients }));
		expect(all).toMatchObject([
			{
				outcome: 'skipped',
				skipReason: 'invalidAddress',
				recipient: 'not an address',
				reason: containing('not an address'),
			},
			{ outcome: 'sent' },
			{ outcome: 'skipped', skipReason: 'invalidAddress' },
		]);
	});

	it('mails an address that stands in the list in two spellings once', async () => {
		const pool = scriptedPool();
		const recipients = [person(0, 'Ada@Example.com'), person(1, 'ada@example.COM ')];
		const all = await outcomes(campaignRun({ store, pool, recipients }));
		expect(all).toMatchObject([{ outcome: 'sent' }, { skipReason: 'duplicate' }]);
		expect(pool.taken).toEqual(['Ada@example.com']);
	});

	it('leaves suppressed addresses out, says why, and mails them when they are off the list', async () => {
		await store.suppressions.add([
			{ key: 'r1@example.com', address: 'r1@example.com', reason: 'unsubscribed' },
		]);
		const all = await outcomes(campaignRun({ store, recipients: people(3) }));
		expect(tally(all)).toEqual({ sent: 2, suppressed: 1 });
		expect(all[1]).toMatchObject({
			skipReason: 'suppressed',
			reason: matching(/suppression list since \d{4}-\d\d-\d\d: .*unsubscribed/),
		});
		await store.suppressions.remove(['r1@example.com']);
		expect(tally(await outcomes(campaignRun({ store, recipients: people(3) })))).toEqual({
			sent: 1,
			alreadySent: 2,
		});
	});

	it('leaves out who was suppressed while the run was going on', async () => {
		const pool = scriptedPool(async (address) => {
			if (address === 'r0@example.com')
				await store.suppressions.add([
					{ key: 'r299@example.com', address: 'r299@example.com', reason: 'unsubscribed' },
				]);
			return 'accept' as const;
		});
		const all = await outcomes(campaignRun({ store, pool, recipients: people(300) }));
		expect(all[299]).toMatchObject({ outcome: 'skipped', skipReason: 'suppressed' });
		expect(pool.taken).toHaveLength(299);
	});

	it('reads a source that comes bit by bit', async () => {
		async function* source() {
			for (const one of people(5)) {
				await new Promise((resolve) => setImmediate(resolve));
				yield one;
			}
		}
		const all = await outcomes(campaignRun({ store, recipients: source() }));
		expect(tally(all)).toEqual({ sent: 5 });
	});
});

describe('data that does not fit the templates', () => {
	const broken = { index: 1, address: 'r1@example.com', data: {} };

	it('fails that recipient by name of the missing field, and the others are mailed', async () => {
		const pool = scriptedPool();
		const all = await outcomes(
			campaignRun({ store, pool, recipients: [person(0), broken, person(2)] }),
		);
		expect(all[1]).toMatchObject({
			outcome: 'failed',
			blame: 'content',
			reason: containing('name'),
			attempts: 0,
		});
		expect(all[1]).not.toHaveProperty('reply');
		expect(pool.taken.toSorted()).toEqual(['r0@example.com', 'r2@example.com']);
	});

	it('can be mended: the next run mails them', async () => {
		await outcomes(campaignRun({ store, recipients: [person(0), broken] }));
		const all = await outcomes(campaignRun({ store, recipients: [person(0), person(1)] }));
		expect(tally(all)).toEqual({ alreadySent: 1, sent: 1 });
	});

	it('is told when it cannot be kept as JSON', async () => {
		const data: Record<string, unknown> = {};
		data.self = data;
		const all = await outcomes(
			campaignRun({ store, recipients: [{ index: 0, address: 'a@example.com', data }, person(1)] }),
		);
		expect(all).toMatchObject([
			{ outcome: 'failed', blame: 'content', reason: containing('JSON') },
			{ outcome: 'sent' },
		]);
	});
});
