import { Health } from '../../../mail/mailbox/health';
import type { MailboxProblem } from '../../../mail/mailbox/problem';
import type { WatchChange } from '../../../mail/mailbox/session-options';
import { WATCH_TIMING } from '../../../mail/mailbox/session-options';

describe('when to try again, and what to tell', () => {
	let now: number;
	let told: WatchChange[];
	let health: Health;
	beforeEach(() => {
		now = 1_000_000;
		told = [];
		health = new Health(
			WATCH_TIMING,
			() => now,
			() => 0,
			(change) => told.push(change),
		);
	});
	const problem = (code: MailboxProblem['code'] = 'timeout'): MailboxProblem => ({
		code,
		message: '',
		advice: '',
	});
	const fail = (code?: MailboxProblem['code']): number => {
		const delay = health.failed(problem(code));
		now += delay;
		return delay;
	};

	it('pauses grow from 1 s to 30 s, for ever', () => {
		expect(Array.from({ length: 8 }, () => fail())).toEqual([
			1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
		]);
		for (let index = 0; index < 3_000; index += 1) expect(fail()).toBe(30_000);
	});

	it('where nobody listens at all, the longest is 10 s', () => {
		expect(Array.from({ length: 6 }, () => fail('nobodyListening'))).toEqual([
			1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
		]);
	});

	it('pauses differ by a quarter, so that many watches do not knock at one time', () => {
		const jittered = new Health(
			WATCH_TIMING,
			() => now,
			() => 0.999,
			() => undefined,
		);
		expect(jittered.failed(problem())).toBeCloseTo(750, -1);
	});

	it('a refused password is tried more rarely, since servers lock accounts', () => {
		expect(Array.from({ length: 6 }, () => fail('wrongPassword'))).toEqual([
			30_000, 60_000, 120_000, 240_000, 300_000, 300_000,
		]);
	});

	it('only a minute that held lets the pauses start again', () => {
		fail();
		fail();
		health.opened();
		health.good();
		now += 30_000;
		expect(fail()).toBe(4_000);
		health.opened();
		health.good();
		now += 60_000;
		expect(fail()).toBe(1_000);
	});

	it('a failure is told once, after two minutes, with its recovery', () => {
		health.opened();
		health.good();
		const since = now;
		while (told.length < 2) fail();
		expect(now - since).toBeGreaterThanOrEqual(120_000);
		expect(now - since).toBeLessThan(190_000);
		for (let index = 0; index < 50; index += 1) fail();
		expect(told).toMatchObject([{ state: 'connected' }, { state: 'lost', since }]);
		health.opened();
		expect(told).toHaveLength(2);
		health.good();
		health.good();
		expect(told.slice(2)).toEqual([{ state: 'recovered', since }]);
		fail();
		expect(told).toHaveLength(3);
	});

	it('connections that open and break again are no recovery', () => {
		health.opened();
		health.good();
		for (let index = 0; index < 10; index += 1) {
			fail();
			health.opened();
		}
		expect(told.at(-1)).toMatchObject({ state: 'lost' });
	});

	it.each(['wrongPassword', 'folderMissing', 'certificate', 'starttlsMissing'] as const)(
		'%s is told at once: only a person can mend it',
		(code) => {
			fail(code);
			expect(told).toMatchObject([{ state: 'lost', problem: { code } }]);
		},
	);

	it('a dead connection is found within 90 s, and a replaced folder as well', () => {
		const { heartbeatMs, answerMs, silenceMs, recheckMs } = WATCH_TIMING;
		expect(heartbeatMs + answerMs).toBeLessThanOrEqual(65_000);
		expect(silenceMs).toBeLessThanOrEqual(65_000);
		expect(Math.max(heartbeatMs, recheckMs)).toBeLessThanOrEqual(45_000);
	});
});
