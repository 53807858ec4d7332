import type { MailStore } from '../../../mail/store/store';
import { aNumber, campaignRun, containing, memoryStore, outcomes, people, tally } from './campaign';
import { scriptedPool } from '../../support/scripted-pool';
import type { Scene } from '../../support/scripted-pool';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	jest.useRealTimers();
	await store.close();
});

/** Time that passes by itself as soon as everybody waits for it. */
function fastTime(): void {
	jest.useFakeTimers({
		advanceTimers: 5,
		doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
	});
}

async function inFastTime<T>(work: Promise<T>): Promise<T> {
	let over = false;
	const ended = work.finally(() => {
		over = true;
	});
	const pass = async () => {
		while (!over) {
			await new Promise((resolve) => setImmediate(resolve));
			await jest.advanceTimersByTimeAsync(100);
		}
	};
	const [result] = await Promise.all([ended, pass().catch(() => undefined)]);
	return result;
}

/** One recipient meets the scene, the others are accepted. */
function only(address: string, ...scenes: Scene[]) {
	return (to: string, nth: number): Scene =>
		to === address ? (scenes[Math.min(nth, scenes.length) - 1] ?? 'accept') : 'accept';
}

describe('what the server says', () => {
	it('makes a refusal for good `failed`, with the reply and whose fault it is', async () => {
		const reply = '550 5.7.1 Message refused by policy';
		const pool = scriptedPool(only('r1@example.com', { reply }));
		const all = await outcomes(campaignRun({ store, pool, recipients: people(3) }));
		expect(tally(all)).toEqual({ sent: 2, failed: 1 });
		expect(all[1]).toMatchObject({
			outcome: 'failed',
			reply,
			blame: 'senderPolicy',
			attempts: 1,
		});
		expect(await store.suppressions.count()).toBe(0);
	});

	it('suppresses an address that does not exist, and says so by the blame', async () => {
		const reply = '550 5.1.1 <r1@example.com>: Recipient address rejected: User unknown';
		const pool = scriptedPool(only('r1@example.com', { reply }));
		const all = await outcomes(campaignRun({ store, pool, recipients: people(3) }));
		expect(all[1]).toMatchObject({ outcome: 'failed', blame: 'recipient' });
		expect(await store.suppressions.list({ limit: 10 })).toMatchObject([
			{ key: 'r1@example.com', reason: 'hardBounce', campaignId: 'spring', detail: reply },
		]);
	});

	it('suppresses nobody where the caller does not want it', async () => {
		const pool = scriptedPool(() => ({ reply: '550 5.1.1 User unknown' }));
		await outcomes(campaignRun({ store, pool, recipients: people(3), suppressRefused: false }));
		expect(await store.suppressions.count()).toBe(0);
	});

	it.each([
		['a full mailbox', '552 5.2.2 Mailbox full'],
		['the sender’s reputation', '554 5.7.1 Service unavailable; blocked using zen.spamhaus.org'],
		['the sender’s authentication', '550 5.7.515 Access denied, sending domain does not pass'],
	])('never suppresses for %s', async (_, reply) => {
		const pool = scriptedPool(() => ({ reply }));
		await outcomes(campaignRun({ store, pool, recipients: people(2) }));
		expect(await store.suppressions.count()).toBe(0);
	});

	it('does not mail a recipient again who was refused for their own sake', async () => {
		const refusing = scriptedPool(() => ({ reply: '550 5.1.1 User unknown' }));
		await outcomes(
			campaignRun({ store, pool: refusing, recipients: people(1), suppressRefused: false }),
		);
		const pool = scriptedPool();
		const [again] = await outcomes(campaignRun({ store, pool, recipients: people(1) }));
		expect(again).toMatchObject({
			skipReason: 'alreadyFailed',
			reason: containing('550 5.1.1 User unknown'),
		});
		expect(pool.begun).toEqual([]);
	});

	it('leaves a refusal for now as `deferred`, with the time to try again', async () => {
		const before = Date.now();
		const pool = scriptedPool(only('r0@example.com', { reply: '451 4.3.0 Try later' }));
		const [first] = await outcomes(campaignRun({ store, pool, recipients: people(2) }));
		expect(first).toMatchObject({ outcome: 'deferred', reply: '451 4.3.0 Try later', attempts: 1 });
		expect(first?.outcome === 'deferred' && first.retryAt).toBeGreaterThanOrEqual(before + 60_000);
		expect(await store.ledger.get('spring', 'r0@example.com')).toMatchObject({
			state: 'deferred',
			retryAt: first?.outcome === 'deferred' ? first.retryAt : 0,
		});
	});

	it('tries again within the run when the server names a time that patience allows', async () => {
		fastTime();
		const reply = '450 4.2.0 Greylisted, try again in 20 seconds';
		const times: number[] = [];
		const pool = scriptedPool((to, nth) => {
			if (to !== 'r0@example.com') return 'accept';
			times.push(Date.now());
			return nth === 1 ? { reply } : 'accept';
		});
		const all = await inFastTime(
			outcomes(campaignRun({ store, pool, recipients: people(2), patienceMs: 60_000 })),
		);
		expect(all[0]).toMatchObject({ outcome: 'sent', attempts: 2 });
		expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(20_000);
	});

	it('puts off at once who would have to wait longer than patience lasts', async () => {
		const reply = '450 4.2.0 Greylisted, try again in 300 seconds';
		const pool = scriptedPool(() => ({ reply }));
		const all = await outcomes(
			campaignRun({ store, pool, recipients: people(1), patienceMs: 60_000 }),
		);
		expect(all).toMatchObject([{ outcome: 'deferred', attempts: 1 }]);
		expect(pool.begun).toHaveLength(1);
	});

	it('stops trying when patience is at its end', async () => {
		fastTime();
		const pool = scriptedPool(() => ({ reply: '450 4.2.0 try again in 20 seconds' }));
		const all = await inFastTime(
			outcomes(campaignRun({ store, pool, recipients: people(1), patienceMs: 50_000 })),
		);
		expect(all).toMatchObject([{ outcome: 'deferred', attempts: 3 }]);
	});

	it('mails who was put off when the campaign is run again', async () => {
		const slow = scriptedPool(() => ({ reply: '451 4.3.0 Try later' }));
		await outcomes(campaignRun({ store, pool: slow, recipients: people(3) }));
		const all = await outcomes(campaignRun({ store, recipients: people(3) }));
		expect(all).toMatchObject(people(3).map(() => ({ outcome: 'sent', attempts: 2 })));
	});
});

describe('a connection that ends', () => {
	it('after the final dot leaves `unknown`, and nobody is mailed again by a second run', async () => {
		const lost = scriptedPool(only('r1@example.com', { lostAfterDot: 'taken' }));
		const first = await outcomes(campaignRun({ store, pool: lost, recipients: people(3) }));
		expect(first[1]).toMatchObject({ outcome: 'unknown', attempts: 1 });

		const pool = scriptedPool();
		const again = await outcomes(campaignRun({ store, pool, recipients: people(3) }));
		expect(tally(again)).toEqual({ alreadySent: 2, outcomeUnknown: 1 });
		expect(pool.begun).toEqual([]);
	});

	it('after the final dot is sent again where the user chose so', async () => {
		const lost = scriptedPool(only('r1@example.com', { lostAfterDot: 'dropped' }));
		await outcomes(campaignRun({ store, pool: lost, recipients: people(3) }));
		const again = campaignRun({ store, recipients: people(3), resendUnknown: true });
		expect(tally(await outcomes(again))).toEqual({ alreadySent: 2, sent: 1 });
	});

	it('before the final dot is tried again within the run', async () => {
		fastTime();
		const pool = scriptedPool(
			only('r1@example.com', { lost: 'body' }, { lost: 'rcptTo' }, 'accept'),
		);
		const all = await inFastTime(
			outcomes(campaignRun({ store, pool, recipients: people(30), patienceMs: 60_000 })),
		);
		expect(tally(all)).toEqual({ sent: 30 });
		expect(all[1]).toMatchObject({ attempts: 3 });
		expect(new Set(pool.taken).size).toBe(30);
	});

	it('again and again for one recipient is put off, and the others are mailed', async () => {
		fastTime();
		const pool = scriptedPool(only('r1@example.com', { lost: 'body' }));
		const all = await inFastTime(
			outcomes(campaignRun({ store, pool, recipients: people(10), patienceMs: 30_000 })),
		);
		expect(tally(all)).toEqual({ sent: 9, deferred: 1 });
		expect(all[1]).toMatchObject({ outcome: 'deferred' });
		expect(all[1]).not.toHaveProperty('blame');
	});
});

describe('a server that cannot be reached', () => {
	it('is asked again after growing pauses, not once a recipient, and the run goes on', async () => {
		fastTime();
		const start = Date.now();
		const knocks: number[] = [];
		const pool = scriptedPool((to) => {
			const now = Date.now() - start;
			if (to === 'r0@example.com' || now > 20_000) return 'accept';
			knocks.push(now);
			return { problem: 'connectionLost' };
		});
		const all = await inFastTime(
			outcomes(
				campaignRun({ store, pool, recipients: people(200), concurrency: 2, patienceMs: 60_000 }),
			),
		);
		expect(tally(all)).toEqual({ sent: 200 });
		expect(knocks.length).toBeLessThan(20);
		expect(all[1]).toMatchObject({ attempts: 1 });
	});

	it('for longer than patience ends the run: everybody is put off, nobody is blamed', async () => {
		fastTime();
		const pool = scriptedPool((to) =>
			to === 'r0@example.com' ? 'accept' : { problem: 'nobodyListening' },
		);
		const all = await inFastTime(
			outcomes(
				campaignRun({ store, pool, recipients: people(50), concurrency: 1, patienceMs: 30_000 }),
			),
		);
		expect(tally(all)).toEqual({ sent: 1, deferred: 49 });
		expect(all[49]).toMatchObject({
			attempts: 0,
			reason: containing('Problem nobodyListening.'),
		});
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 49, sent: 1 });
	});
});

describe('an account that may not send', () => {
	it.each(['wrongPassword', 'certificate', 'hostNotFound', 'nobodyListening'] as const)(
		'ends the run at once (%s): all are put off, in the problem’s words, and stay queued',
		async (code) => {
			const pool = scriptedPool(() => ({ problem: code }));
			const all = await outcomes(
				campaignRun({ store, pool, recipients: people(100), patienceMs: 60_000 }),
			);
			expect(tally(all)).toEqual({ deferred: 100 });
			expect(all[99]).toMatchObject({
				reason: `Problem ${code}. Do something.`,
				attempts: 0,
				retryAt: aNumber(),
			});
			expect(all[99]).not.toHaveProperty('blame');
			expect(pool.begun.length).toBeLessThanOrEqual(4);
			expect(await store.ledger.counts('spring')).toMatchObject({ queued: 100 });
		},
	);

	it('is not what a sign-in refused for the moment means', async () => {
		fastTime();
		const pool = scriptedPool((_, nth) =>
			nth === 1 ? { problem: 'signInRefused', reply: '454 4.7.0 Temporary failure' } : 'accept',
		);
		const all = await inFastTime(
			outcomes(campaignRun({ store, pool, recipients: people(4), patienceMs: 60_000 })),
		);
		expect(tally(all)).toEqual({ sent: 4 });
	});

	it('ends the run when the server refuses the sender for good, before it named a recipient', async () => {
		const reply = '553 5.7.1 Sender address rejected: not owned by user';
		const pool = scriptedPool(() => ({ reply, stage: 'mailFrom' }));
		const all = await outcomes(campaignRun({ store, pool, recipients: people(100) }));
		expect(tally(all)).toEqual({ deferred: 100 });
		expect(all[50]).toMatchObject({ reason: containing(reply) });
		expect(await store.ledger.counts('spring')).toMatchObject({ queued: 100 });
	});

	it('is not what a message that is too large for the server means', async () => {
		const reply = '552 5.3.4 Message size exceeds fixed limit';
		const pool = scriptedPool(only('r1@example.com', { reply, stage: 'mailFrom' }));
		const all = await outcomes(campaignRun({ store, pool, recipients: people(3) }));
		expect(tally(all)).toEqual({ sent: 2, failed: 1 });
	});
});
