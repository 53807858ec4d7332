import type { ReceiptAnswer, ReceiptClaim, ReceiptRun } from '../../../../mail/store/store';
import type { MakePlace } from '../contract';
import { HOSTILE_STRINGS, LEASE_MS, Scene } from './scene';

const KEY = 'execution 7, node Send, run 0, item 3';

export function receiptsContract(makePlace: MakePlace): void {
	describe('receipts', () => {
		let scene: Scene;
		beforeEach(async () => {
			scene = await Scene.set(makePlace);
		});
		afterEach(() => scene.end());

		const ask = (owner = 'one', resendUnknown = false, key = KEY): Promise<ReceiptAnswer> =>
			scene.store.receipts.claim(key, { owner, leaseMs: LEASE_MS, resendUnknown });

		async function claimed(owner = 'one'): Promise<ReceiptClaim> {
			const answer = await ask(owner);
			if (answer.answer !== 'send') throw new Error(`Was answered ${answer.answer}.`);
			return answer.claim;
		}

		async function dispatched(owner = 'one'): Promise<ReceiptClaim> {
			const claim = await claimed(owner);
			expect(await scene.store.receipts.dispatch(claim)).toBe(true);
			return claim;
		}

		it('of a mail that was sent come back, for every later try', async () => {
			const claim = await dispatched();
			expect(await scene.store.receipts.settle(claim, { state: 'sent', receipt: '{"a":1}' })).toBe(
				true,
			);
			const sent = { answer: 'sent', receipt: '{"a":1}', at: scene.now };
			scene.now += 10 * LEASE_MS;
			expect(await ask('two')).toEqual(sent);
			expect(await ask('two', true)).toEqual(sent);
			const other = await scene.openAnother();
			expect(await other.receipts.claim(KEY, { owner: 'x', leaseMs: 1 })).toEqual(sent);
		});

		it('are of one key: another may be sent', async () => {
			await claimed();
			expect(await ask('one', false, 'another')).toMatchObject({ answer: 'send' });
		});

		it('let one of many who ask at once send', async () => {
			const stores = [scene.store, await scene.openAnother(), await scene.openAnother()];
			const answers = await Promise.all(
				stores.flatMap(({ receipts }, index) =>
					['a', 'b', 'c'].map((name) =>
						receipts.claim(KEY, { owner: `${name}${index}`, leaseMs: LEASE_MS }),
					),
				),
			);
			expect(answers.filter(({ answer }) => answer === 'send')).toHaveLength(1);
			expect(answers.filter(({ answer }) => answer === 'busy')).toHaveLength(8);
		});

		it('say until when another try has the mail, and give it away when that is over', async () => {
			const first = await claimed('one');
			expect(await ask('two')).toEqual({ answer: 'busy', until: scene.now + LEASE_MS });
			scene.now += LEASE_MS;
			expect(await scene.store.receipts.dispatch(first)).toBe(false);
			const second = await dispatched('two');
			expect(await scene.store.receipts.dispatch(first)).toBe(false);
			expect(await scene.store.receipts.settle(first, { state: 'sent', receipt: 'x' })).toBe(false);
			await scene.store.receipts.release(first);
			expect(await scene.store.receipts.settle(second, { state: 'sent', receipt: 'y' })).toBe(true);
		});

		it('of a try that died after dispatch are unknown, and not sent again by default', async () => {
			const claim = await dispatched();
			expect(await ask('two')).toMatchObject({ answer: 'busy' });
			expect(await ask('two', true)).toMatchObject({ answer: 'busy' });
			scene.now += LEASE_MS;
			expect(await ask('two')).toEqual({ answer: 'unknown', at: scene.now - LEASE_MS });
			// The reply came late after all.
			expect(await scene.store.receipts.settle(claim, { state: 'sent', receipt: 'late' })).toBe(
				true,
			);
			expect(await ask('two')).toMatchObject({ answer: 'sent', receipt: 'late' });
		});

		it('of an unknown try are sent again where the caller takes the risk', async () => {
			const claim = await dispatched();
			await scene.store.receipts.settle(claim, { state: 'unknown', receipt: 'lost' });
			expect(await ask('two')).toEqual({ answer: 'unknown', receipt: 'lost', at: scene.now });
			const again = await ask('two', true);
			expect(again).toMatchObject({ answer: 'send', claim: { owner: 'two' } });
			expect(await scene.store.receipts.settle(claim, { state: 'sent', receipt: 'x' })).toBe(false);
		});

		it.each(['sent', 'unknown'] as const)(
			'that are %s count for the time asked for',
			async (state) => {
				await scene.store.receipts.settle(await dispatched(), { state, receipt: 'first' });
				const later = (owner: string, countsForMs?: number) =>
					scene.store.receipts.claim(KEY, { owner, leaseMs: LEASE_MS, countsForMs });
				const first = { answer: state, receipt: 'first', at: scene.now };
				scene.now += 999;
				expect(await later('two', 1_000)).toEqual(first);
				scene.now += 1;
				expect(await later('two')).toEqual(first);
				expect(await later('two', 1_001)).toEqual(first);
				expect(await later('two', 1_000)).toMatchObject({
					answer: 'send',
					claim: { owner: 'two' },
				});
				expect(await later('three', 1_000)).toMatchObject({ answer: 'busy' });
			},
		);

		it('of a mail that is being sent are not taken away by a short time', async () => {
			await dispatched();
			scene.now += LEASE_MS - 1;
			const ask = { owner: 'two', leaseMs: LEASE_MS, countsForMs: 1 };
			expect(await scene.store.receipts.claim(KEY, ask)).toMatchObject({ answer: 'busy' });
			scene.now += 1;
			expect(await scene.store.receipts.claim(KEY, ask)).toMatchObject({ answer: 'send' });
		});

		it('are given back when no server has the mail, before and after dispatch', async () => {
			await scene.store.receipts.release(await claimed());
			await scene.store.receipts.release(await dispatched());
			const claim = await dispatched('two');
			await scene.store.receipts.settle(claim, { state: 'sent', receipt: 'x' });
			await scene.store.receipts.release(claim);
			expect(await ask()).toMatchObject({ answer: 'sent' });
		});

		it('are forgotten by age, but not what is being sent', async () => {
			await scene.store.receipts.settle(await dispatched(), { state: 'sent', receipt: 'x' });
			scene.now += 1_000;
			await scene.store.receipts.claim('young', { owner: 'one', leaseMs: LEASE_MS });
			expect(await scene.store.receipts.forget(scene.now)).toBe(1);
			expect(await scene.store.receipts.forget(scene.now + 1)).toBe(0);
			expect(await ask()).toMatchObject({ answer: 'send' });
			scene.now += LEASE_MS;
			expect(await scene.store.receipts.forget(scene.now)).toBe(2);
		});

		it('keep a claim that is renewed, until it has run out', async () => {
			const { receipts } = scene.store;
			const claim = await claimed();
			scene.now += LEASE_MS - 1;
			expect(await receipts.renew(claim, LEASE_MS)).toBe(true);
			scene.now += LEASE_MS - 1;
			expect(await ask('two')).toMatchObject({ answer: 'busy' });
			expect(await receipts.dispatch(claim)).toBe(true);
			expect(await receipts.renew(claim, LEASE_MS)).toBe(true);
			scene.now += LEASE_MS;
			expect(await receipts.renew(claim, LEASE_MS)).toBe(false);
			expect(await ask('two')).toMatchObject({ answer: 'unknown' });
		});

		describe('of runs', () => {
			const run = (execution: number, node = 'Send'): ReceiptRun => ({
				id: `${node}:${execution}`,
				node,
			});
			const mail = { place: '0:3', digest: 'hello' };
			/** An execution sends a mail at this place. */
			async function sends(of = run(1), { place, digest } = mail): Promise<void> {
				const { receipts } = scene.store;
				await receipts.openRun(of);
				const key = `${of.id}:${place}`;
				const answer = await receipts.claim(key, { owner: 'one', leaseMs: LEASE_MS, digest });
				if (answer.answer === 'send') await receipts.dispatch(answer.claim);
			}
			const inherits = (by = run(2), what = mail) => scene.store.receipts.inherit(by, what);

			it('that never ended well are found by place and digest', async () => {
				await sends();
				await scene.store.receipts.openRun(run(2));
				expect(await inherits()).toBe('Send:1:0:3');
				expect(await inherits(run(2), { ...mail, place: '0:4' })).toBeUndefined();
				expect(await inherits(run(2), { ...mail, digest: 'another' })).toBeUndefined();
				expect(await inherits(run(2, 'Other'))).toBeUndefined();
			});

			it('that ended well are not', async () => {
				await sends();
				await scene.store.receipts.closeRun(run(1).id);
				expect(await inherits()).toBeUndefined();
			});

			it('that ended well are, where they are of the same execution', async () => {
				await sends();
				await scene.store.receipts.closeRun(run(1).id);
				const retry = { ...run(2), sameExecution: true };
				await scene.store.receipts.openRun(retry);
				expect(await inherits(retry)).toBe('Send:1:0:3');
				expect(await inherits(retry, { ...mail, place: '0:4' })).toBeUndefined();
				expect(await inherits(retry, { ...mail, digest: 'another' })).toBeUndefined();
				expect(await inherits({ ...retry, node: 'Other' })).toBeUndefined();
				await scene.store.receipts.closeRun(retry.id);
				expect(await inherits({ ...run(3), sameExecution: true })).toBe('Send:1:0:3');
			});

			it('are done with once a run that went on with them has ended well', async () => {
				await sends();
				await sends(run(3), { ...mail, place: '0:4' });
				await scene.store.receipts.openRun(run(2));
				await inherits();
				await scene.store.receipts.closeRun(run(2).id);
				expect(await inherits(run(4))).toBeUndefined();
				expect(await inherits(run(4), { ...mail, place: '0:4' })).toBe('Send:3:0:4');
			});

			it('are open again where the node of the execution runs once more, as in a loop', async () => {
				const second = { ...mail, place: '1:0' };
				await sends();
				await sends(run(1), second);
				await scene.store.receipts.openRun(run(2));
				await inherits();
				await scene.store.receipts.closeRun(run(2).id);
				await scene.store.receipts.openRun(run(2));
				expect(await inherits(run(2), second)).toBe('Send:1:1:0');
			});

			it('are found by the retry of a retry, wherever the receipt is from', async () => {
				const later = { ...mail, place: '0:4' };
				await sends();
				await scene.store.receipts.openRun(run(2));
				await inherits();
				await sends(run(2), later);
				await scene.store.receipts.openRun(run(3));
				expect(await inherits(run(3))).toBe('Send:1:0:3');
				expect(await inherits(run(3), later)).toBe('Send:2:0:4');
				expect(await inherits(run(3), later)).toBe('Send:2:0:4');
			});

			it('are forgotten by age', async () => {
				await sends();
				scene.now += 2 * LEASE_MS;
				expect(await scene.store.receipts.forget(scene.now)).toBe(1);
				await scene.store.receipts.claim(`${run(1).id}:${mail.place}`, {
					owner: 'one',
					leaseMs: LEASE_MS,
					digest: mail.digest,
				});
				expect(await inherits()).toBeUndefined();
			});
		});

		it.each(HOSTILE_STRINGS)('keep %j as it is', async (_, text) => {
			const answer = await ask(text, false, text);
			if (answer.answer !== 'send') throw new Error('Not to be sent.');
			expect(answer.claim).toEqual({ key: text, owner: text, fence: 1 });
			expect(await scene.store.receipts.dispatch(answer.claim)).toBe(true);
			await scene.store.receipts.settle(answer.claim, { state: 'sent', receipt: text });
			expect(await ask('x', false, text)).toMatchObject({ answer: 'sent', receipt: text });
		});
	});
}
