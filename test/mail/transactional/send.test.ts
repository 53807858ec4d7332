import { sendTransactional } from '../../../mail/transactional/send';
import type { Scene } from '../../support/scripted-pool';
import { scriptedPool } from '../../support/scripted-pool';
import { draftTo } from './draft';

const ADA = 'ada@example.com';
const PAUSES = { pausesMs: [10, 20, 30] };

/** Scenes in their order; the last one stays. */
function inOrder(...scenes: Scene[]) {
	return (_: string, nth: number): Scene => scenes[Math.min(nth, scenes.length) - 1] ?? 'accept';
}

describe('one mail', () => {
	it('gives the server’s receipt', async () => {
		const pool = scriptedPool();
		const receipt = await sendTransactional(pool, draftTo(ADA));
		expect(receipt).toMatchObject({
			outcome: 'sent',
			envelope: { from: 'shop@example.com', to: [ADA] },
			accepted: [ADA],
			rejected: [],
			reply: '250 2.0.0 Ok',
		});
		expect(receipt.messageId).toMatch(/^<[0-9a-f-]{36}@example\.com>$/);
		expect(receipt).not.toHaveProperty('earlier');
		expect(pool.mails.get(ADA)).toContain(`Message-ID: ${receipt.messageId}`);
	});

	it('says what the server calls it, when it was taken and how long that took', async () => {
		const reply = '250 2.0.0 Ok: queued as 4XbR7k2Zz9z1Q';
		const pool = {
			...scriptedPool(),
			send: () =>
				Promise.resolve({
					result: 'accepted' as const,
					reply,
					accepted: [ADA],
					rejected: [],
					warm: true,
				}),
		};
		let now = 1_795_600_000_000;
		const receipt = await sendTransactional(pool, draftTo(ADA), { clock: () => (now += 250) });
		expect(receipt).toMatchObject({
			serverId: '4XbR7k2Zz9z1Q',
			sentAt: new Date(now).toISOString(),
			durationMs: 250,
		});
	});

	it('of which the server refused some recipients is sent in part', async () => {
		const pool = scriptedPool();
		const rejected = [{ address: 'bob@example.com', reply: '550 5.1.1 No such user' }];
		const partly = {
			...pool,
			send: () =>
				Promise.resolve({
					result: 'accepted' as const,
					reply: '250 Ok',
					accepted: [ADA],
					rejected,
					warm: false,
				}),
		};
		const receipt = await sendTransactional(partly, draftTo(ADA, 'bob@example.com'));
		expect(receipt).toMatchObject({ outcome: 'partlySent', accepted: [ADA], rejected });
	});

	it.each<[string, Scene]>([
		['the server asks to come back later', { reply: '451 4.3.0 Try later' }],
		['the server says so after the body', { reply: '452 4.3.1 No space', stage: 'body' }],
		['the connection is lost before the final dot', { lost: 'body' }],
		[
			'the sign-in is refused for the moment',
			{ problem: 'signInRefused', reply: '454 4.7.0 Busy' },
		],
	])('is tried again when %s, with the same Message-ID', async (_, scene) => {
		const ids = new Set<string>();
		const pool = scriptedPool(inOrder(scene, scene, 'accept'));
		const { send } = pool;
		pool.send = (envelope, raw, options) => {
			ids.add(/^Message-ID: .*/im.exec(Buffer.isBuffer(raw) ? raw.toString() : '')?.[0] ?? '');
			return send(envelope, raw, options);
		};
		expect(await sendTransactional(pool, draftTo(ADA), PAUSES)).toMatchObject({ outcome: 'sent' });
		expect(pool.begun).toHaveLength(3);
		expect(pool.taken).toEqual([ADA]);
		expect([...ids]).toEqual([expect.stringMatching(/^Message-ID: <.+>$/)]);
	});

	it.each<[string, Scene, string]>([
		['a refusal for good', { reply: '550 5.1.1 No such user' }, 'refused'],
		['a delay longer than a minute', { reply: '450 4.2.0 Try again in 300 seconds' }, 'refused'],
		['a wrong password', { problem: 'wrongPassword', reply: '535 5.7.8 No' }, 'notSent'],
		['a host that is not there', { problem: 'hostNotFound' }, 'notSent'],
		['a server that keeps silent', { problem: 'timeout' }, 'notSent'],
		['a connection lost after the final dot', { lostAfterDot: 'taken' }, 'unknown'],
	])('is not tried again after %s', async (_, scene, outcome) => {
		const pool = scriptedPool(() => scene);
		const receipt = await sendTransactional(pool, draftTo(ADA), PAUSES);
		expect(receipt.outcome).toBe(outcome);
		expect(pool.begun).toHaveLength(1);
	});

	it.each([
		['rcptTo', 'recipient'],
		['body', 'content'],
	] as const)('a bare refusal after %s is about the %s', async (stage, blame) => {
		const pool = scriptedPool(() => ({ reply: '550 No', stage }));
		expect(await sendTransactional(pool, draftTo(ADA), PAUSES)).toMatchObject({
			outcome: 'refused',
			verdict: { verdict: 'permanent', blame },
		});
	});

	it('is given up after the last pause, with the server’s words', async () => {
		const pool = scriptedPool(() => ({ reply: '451 4.3.0 Try later' }));
		const receipt = await sendTransactional(pool, draftTo(ADA), PAUSES);
		expect(receipt).toMatchObject({
			outcome: 'refused',
			reply: '451 4.3.0 Try later',
			verdict: { verdict: 'transient' },
		});
		expect(pool.begun).toHaveLength(4);
	});

	it('waits as long as the server asks for', async () => {
		const pool = scriptedPool(inOrder({ reply: '450 4.2.0 Try again in 1 seconds' }, 'accept'));
		const start = Date.now();
		await sendTransactional(pool, draftTo(ADA), PAUSES);
		expect(Date.now() - start).toBeGreaterThanOrEqual(990);
	});

	it('is not tried again once it was stopped', async () => {
		const stop = new AbortController();
		const pool = scriptedPool(() => ({ reply: '451 4.3.0 Try later' }));
		setTimeout(() => {
			stop.abort();
		}, 50);
		const options = { pausesMs: [10_000], signal: stop.signal };
		expect(await sendTransactional(pool, draftTo(ADA), options)).toMatchObject({
			outcome: 'refused',
		});
		expect(pool.begun).toHaveLength(1);
	});
});
