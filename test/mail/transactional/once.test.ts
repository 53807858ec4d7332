import type { MailStore } from '../../../mail/store/store';
import { sendTransactional } from '../../../mail/transactional/send';
import { memoryStore } from '../campaign/campaign';
import type { ScriptedPool } from '../../support/scripted-pool';
import { scriptedPool } from '../../support/scripted-pool';
import { draftTo } from './draft';

const ADA = 'ada@example.com';
let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(async () => {
	await store.close();
});

function send(pool: ScriptedPool, key = 'item 1', more: { resendUnknown?: boolean } = {}) {
	return sendTransactional(pool, draftTo(ADA), {
		pausesMs: [10, 10],
		once: { receipts: store.receipts, key, leaseMs: 300, ...more },
	});
}

describe('a mail that is to be sent once', () => {
	it('is not sent again by a second try: the first receipt comes back', async () => {
		const pool = scriptedPool();
		const first = await send(pool);
		const second = await send(pool);
		expect(first).toMatchObject({ outcome: 'sent' });
		expect(first).not.toHaveProperty('earlier');
		expect(second).toEqual({ ...first, earlier: true });
		expect(pool.taken).toEqual([ADA]);
	});

	it('tells its outcome before the store has it, to whoever waits for the store in the end', async () => {
		const pool = scriptedPool();
		const writing: Promise<void>[] = [];
		let letGo: () => void = () => undefined;
		const held = new Promise<void>((resolve) => {
			letGo = resolve;
		});
		const receipts = {
			...store.receipts,
			settle: (...args: Parameters<typeof store.receipts.settle>) =>
				held.then(() => store.receipts.settle(...args)),
		};
		const later = (written: Promise<void>) => void writing.push(written);
		const once = { receipts, key: 'item 1', later };
		const first = await sendTransactional(pool, draftTo(ADA), { once });
		expect(first).toMatchObject({ outcome: 'sent' });
		letGo();
		await Promise.all(writing);
		expect(await send(pool)).toEqual({ ...first, earlier: true });
		expect(pool.taken).toEqual([ADA]);
	});

	it('is another mail when its key has counted long enough, with a Message-ID of its own', async () => {
		const pool = scriptedPool();
		const sendAs = (messageKey: string, countsForMs: number) =>
			sendTransactional(pool, draftTo(ADA), {
				messageKey,
				once: { receipts: store.receipts, key: 'order 1', countsForMs },
			});
		const first = await sendAs('execution 1', 60_000);
		expect(await sendAs('execution 2', 60_000)).toEqual({ ...first, earlier: true });
		await new Promise((resolve) => setTimeout(resolve, 60));
		const later = await sendAs('execution 3', 50);
		expect(later).toMatchObject({ outcome: 'sent' });
		expect(later.messageId).not.toBe(first.messageId);
		expect(pool.taken).toEqual([ADA, ADA]);
	});

	it('is another mail by another key', async () => {
		const pool = scriptedPool();
		await send(pool, 'item 1');
		await send(pool, 'item 2');
		expect(pool.taken).toHaveLength(2);
	});

	it('is sent by one of many that try at once, and all have its receipt', async () => {
		const pool = scriptedPool(async () => {
			await new Promise((resolve) => setTimeout(resolve, 50));
			return 'accept' as const;
		});
		const receipts = await Promise.all([1, 2, 3, 4].map(() => send(pool)));
		expect(pool.taken).toEqual([ADA]);
		expect(receipts.map(({ outcome }) => outcome)).toEqual(['sent', 'sent', 'sent', 'sent']);
		expect(receipts.filter(({ earlier }) => earlier)).toHaveLength(3);
	});

	it('is left to a try that takes longer than its lease, for as long as it lives', async () => {
		const pool = scriptedPool(async () => {
			await new Promise((resolve) => setTimeout(resolve, 700));
			return 'accept' as const;
		});
		const receipts = await Promise.all([1, 2].map(() => send(pool)));
		expect(pool.taken).toEqual([ADA]);
		expect(receipts.map(({ outcome }) => outcome)).toEqual(['sent', 'sent']);
	});

	it.each([
		['refused for good', { reply: '550 5.7.1 No' }],
		['refused after the body', { reply: '554 5.6.0 No', stage: 'body' }],
		['not sent', { problem: 'wrongPassword' }],
	] as const)('may be sent by a later try when it was %s', async (_, scene) => {
		await send(scriptedPool(() => scene));
		const pool = scriptedPool();
		expect(await send(pool)).toMatchObject({ outcome: 'sent' });
		expect(pool.taken).toEqual([ADA]);
	});

	it('is tried again within one call when the server asks for it, after the dot too', async () => {
		const pool = scriptedPool((_, nth) =>
			nth < 3 ? { reply: '451 4.3.0 Later', stage: 'body' } : 'accept',
		);
		expect(await send(pool)).toMatchObject({ outcome: 'sent' });
		expect(pool.taken).toEqual([ADA]);
	});

	it('stays unknown when its connection was lost after the dot, unless the risk is taken', async () => {
		const first = await send(scriptedPool(() => ({ lostAfterDot: 'dropped' })));
		expect(first).toMatchObject({ outcome: 'unknown' });
		const pool = scriptedPool();
		expect(await send(pool)).toEqual({ ...first, earlier: true });
		expect(pool.begun).toEqual([]);
		const sent = await send(pool, 'item 1', { resendUnknown: true });
		expect(sent).toMatchObject({ outcome: 'sent', messageId: first.messageId });
	});

	it('is unknown when the process of an earlier try ended with the dot on its way', async () => {
		const answer = await store.receipts.claim('item 1', { owner: 'gone', leaseMs: 100 });
		if (answer.answer !== 'send') throw new Error('Not to be sent.');
		await store.receipts.dispatch(answer.claim);
		const pool = scriptedPool();
		expect(await send(pool)).toMatchObject({ outcome: 'unknown', earlier: true });
		expect(pool.begun).toEqual([]);
	});

	it('is sent when the process of an earlier try ended before that', async () => {
		await store.receipts.claim('item 1', { owner: 'gone', leaseMs: 100 });
		const pool = scriptedPool();
		expect(await send(pool)).toMatchObject({ outcome: 'sent' });
	});

	it('is left to another try when this one froze too long', async () => {
		const pool = scriptedPool(async (_, nth) => {
			if (nth === 1) await new Promise((resolve) => setTimeout(resolve, 600));
			return 'accept' as const;
		});
		// A frozen process renews nothing.
		const receipts = { ...store.receipts, renew: () => Promise.resolve(false) };
		const frozen = sendTransactional(pool, draftTo(ADA), {
			once: { receipts, key: 'item 1', leaseMs: 300 },
		});
		await new Promise((resolve) => setTimeout(resolve, 350));
		expect(await send(pool)).toMatchObject({ outcome: 'sent' });
		expect(await frozen).toMatchObject({ outcome: 'sent', earlier: true });
		expect(pool.taken).toEqual([ADA]);
	});

	it('is not sent when the store cannot be told that it leaves', async () => {
		const pool = scriptedPool();
		const receipts = {
			...store.receipts,
			dispatch: () => Promise.reject(new Error('The disk is full.')),
		};
		const failing = sendTransactional(pool, draftTo(ADA), { once: { receipts, key: 'item 1' } });
		await expect(failing).rejects.toThrow('The disk is full.');
		expect(pool.taken).toEqual([]);
	});

	it('is told as sent even if that cannot be written down', async () => {
		const pool = scriptedPool();
		const receipts = {
			...store.receipts,
			settle: () => Promise.reject(new Error('The disk is full.')),
		};
		const once = { receipts, key: 'item 1', leaseMs: 100 };
		expect(await sendTransactional(pool, draftTo(ADA), { once })).toMatchObject({
			outcome: 'sent',
		});
		expect(await send(pool)).toMatchObject({ outcome: 'unknown', earlier: true });
		expect(pool.taken).toEqual([ADA]);
	});
});
