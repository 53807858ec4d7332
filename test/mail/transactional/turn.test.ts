import type { Slot } from '../../../mail/pacing/desk';
import type { SmtpProblem } from '../../../mail/smtp/send-result';
import type { MailStore } from '../../../mail/store/store';
import { sendTransactional } from '../../../mail/transactional/send';
import { memoryStore } from '../campaign/campaign';
import { scriptedPool } from '../../support/scripted-pool';
import type { Scene } from '../../support/scripted-pool';
import { draftTo } from './draft';

const ADA = 'ada@example.com';
const NO_ROOM: SmtpProblem = { code: 'limitReached', message: 'No room.', advice: 'Wait.' };

/** Slots as they are asked for, and how each ended. */
function slots(...over: boolean[]) {
	const ends: string[] = [];
	return {
		ends,
		turn: (): Promise<Slot> => {
			const index = ends.push('open') - 1;
			return Promise.resolve({
				isOver: over[index] ?? false,
				finish: () => {
					ends[index] = 'used';
				},
				giveBack: () => {
					ends[index] = 'given back';
				},
			});
		},
	};
}

describe('a mail of an account with limits', () => {
	let store: MailStore;
	beforeEach(async () => {
		store = await memoryStore();
	});
	afterEach(async () => {
		await store.close();
	});
	const once = () => ({ receipts: store.receipts, key: 'item 1', leaseMs: 300 });

	it.each<[string, Scene, string]>([
		['that the server takes', 'accept', 'used'],
		['that the server refuses', { reply: '550 5.1.1 No such user' }, 'used'],
		['of which nobody knows', { lostAfterDot: 'taken' }, 'used'],
		['that did not get there', { problem: 'nobodyListening' }, 'given back'],
	])('%s leaves its slot %j: %s', async (_, scene, end) => {
		const { turn, ends } = slots();
		await sendTransactional(
			scriptedPool(() => scene),
			draftTo(ADA),
			{ turn, pausesMs: [], once: once() },
		);
		expect(ends).toEqual([end]);
	});

	it('asks again for each try', async () => {
		const { turn, ends } = slots();
		const pool = scriptedPool((_, nth) => (nth === 1 ? { reply: '451 Later' } : 'accept'));
		await sendTransactional(pool, draftTo(ADA), { turn, pausesMs: [1], once: once() });
		expect(ends).toEqual(['used', 'used']);
	});

	it('is not sent where there is no room, and may be tried again at once', async () => {
		const pool = scriptedPool();
		const send = (turn: () => Promise<Slot | SmtpProblem>) =>
			sendTransactional(pool, draftTo(ADA), { turn, pausesMs: [1, 1], once: once() });
		expect(await send(() => Promise.resolve(NO_ROOM))).toMatchObject({
			outcome: 'notSent',
			problem: NO_ROOM,
		});
		expect(pool.begun).toEqual([]);
		expect(await send(slots().turn)).toMatchObject({ outcome: 'sent' });
		expect(pool.taken).toEqual([ADA]);
	});

	it('that an earlier try has sent takes no slot', async () => {
		const pool = scriptedPool();
		const { turn, ends } = slots();
		for (let tries = 0; tries < 2; tries += 1)
			await sendTransactional(pool, draftTo(ADA), { turn, once: once() });
		expect(ends).toEqual(['used']);
	});

	it('whose slot is over before its final dot takes another there', async () => {
		const pool = scriptedPool();
		const { turn, ends } = slots(true);
		const receipt = await sendTransactional(pool, draftTo(ADA), { turn, once: once() });
		expect(receipt).toMatchObject({ outcome: 'sent' });
		expect(ends).toEqual(['given back', 'used']);
		expect(pool.begun).toEqual([ADA]);
	});

	it.each(['there is no room', 'the store fails'])(
		'whose slot is over is cut off when %s for another',
		async (how) => {
			const pool = scriptedPool();
			const { turn } = slots(true);
			let asked = 0;
			const send = sendTransactional(pool, draftTo(ADA), {
				once: once(),
				turn: () => {
					asked += 1;
					if (asked === 1) return turn();
					return how === 'the store fails'
						? Promise.reject(new Error('The disk is full.'))
						: Promise.resolve(NO_ROOM);
				},
			});
			if (how === 'the store fails') await expect(send).rejects.toThrow('The disk is full.');
			else expect(await send).toMatchObject({ outcome: 'notSent', problem: NO_ROOM });
			expect(pool.taken).toEqual([]);
		},
	);
});
