import {
	CALM_STEP_MS,
	hear,
	hearAccepted,
	isCalm,
	levelAt,
	moodLimit,
} from '../../../mail/pacing/adapt';
import type { Mood } from '../../../mail/pacing/adapt';
import {
	accountLimits,
	DAY,
	estimateMs,
	laneOf,
	NO_PLAN,
	ruleFor,
} from '../../../mail/pacing/plan';
import type { PacePlan } from '../../../mail/pacing/plan';
import { PACE_PRESETS } from '../../../mail/pacing/presets';
import { providerOfMx, Providers } from '../../../mail/pacing/provider';
import { opensAt } from '../../../mail/pacing/quiet-hours';

const NOW = 1_790_000_000_000;
const minutes = (count: number) => count * 60_000;

describe('a provider that complains of too much mail', () => {
	const slower = (mood: Mood | undefined, now: number, retryAfterMs?: number) =>
		hear(mood, 'slower', '421 too fast', { now, ratePerMinute: 120, retryAfterMs });

	it('gets none for half a minute, then half as much, then step by step more', () => {
		const mood = slower(undefined, NOW)!;
		expect(mood.pausedUntil).toBe(NOW + 30_000);
		const resumed = mood.pausedUntil;
		expect(moodLimit(mood, resumed)).toEqual({ count: 60, perMs: 60_000 });
		expect(isCalm(mood, resumed + CALM_STEP_MS - 1)).toBe(false);
		expect(moodLimit(mood, resumed + CALM_STEP_MS)).toBeUndefined();
		expect(isCalm(mood, resumed + CALM_STEP_MS)).toBe(true);
	});

	it('gets half as much again for each further complaint, after a pause twice as long', () => {
		let mood = slower(undefined, NOW)!;
		mood = slower(mood, mood.pausedUntil + 1)!;
		expect(mood.pausedUntil).toBe(NOW + 30_001 + 60_000);
		expect(moodLimit(mood, mood.pausedUntil)).toEqual({ count: 30, perMs: 60_000 });
		expect(levelAt(mood, mood.pausedUntil + CALM_STEP_MS)).toBe(1);
		for (let again = 0; again < 20; again += 1) mood = slower(mood, mood.pausedUntil)!;
		expect(moodLimit(mood, mood.pausedUntil)?.count).toBeGreaterThanOrEqual(1);
	});

	it('is left alone for as long as it asks', () => {
		expect(slower(undefined, NOW, 600_000)?.pausedUntil).toBe(NOW + 600_000);
	});

	it('is heard once, however many mails were on their way', () => {
		const mood = slower(undefined, NOW);
		expect(slower(mood, NOW + 10)).toBe(mood);
	});
});

describe('a refusal of policy', () => {
	const hearIt = (mood: Mood | undefined, signal: 'stopReputation' | 'maybeStopPolicy') =>
		hear(mood, signal, '550 5.7.1 no', { now: NOW, ratePerMinute: 10 });

	it('stops the provider for two hours', () => {
		expect(hearIt(undefined, 'stopReputation')).toMatchObject({
			stopped: 'reputation',
			pausedUntil: NOW + 2 * 3_600_000,
			why: '550 5.7.1 no',
		});
	});

	it('that may be about one recipient stops it when it comes three times in a row', () => {
		let mood = hearIt(undefined, 'maybeStopPolicy');
		mood = hearIt(mood, 'maybeStopPolicy');
		expect(mood).toMatchObject({ strikes: 2, pausedUntil: 0 });
		expect(hearIt(mood, 'maybeStopPolicy')).toMatchObject({ stopped: 'policy' });
		const afterOneWasTaken = hearAccepted(mood);
		expect(hearIt(afterOneWasTaken, 'maybeStopPolicy')).toMatchObject({ strikes: 1 });
	});
});

describe('whose mailbox it is', () => {
	it.each([
		['aspmx.l.google.com', 'google'],
		['alt1.aspmx.l.google.com.', 'google'],
		['example-com.mail.protection.outlook.com', 'microsoft'],
		['mta5.am0.yahoodns.net', 'yahoo'],
		['mx01.mail.icloud.com', 'apple'],
		['mx00.gmx.net', 'gmx'],
		['notgoogle.com', undefined],
		['google.com.evil.example', undefined],
	])('is told by the mail server: %s', (host, provider) => {
		expect(providerOfMx([host])).toBe(provider);
	});

	it('is told by the domain without asking anybody, and else learnt once', async () => {
		const asked: string[] = [];
		const providers = new Providers({
			resolveMx: (domain) => {
				asked.push(domain);
				return Promise.resolve([{ exchange: 'aspmx.l.google.com' }]);
			},
		});
		expect(providers.of('GMail.com')).toBe('google');
		expect(providers.of('school.example')).toBe('school.example');
		await providers.learn(['gmail.com', 'school.example', 'SCHOOL.example']);
		await providers.learn(['school.example']);
		expect(asked).toEqual(['school.example']);
		expect(providers.of('school.example')).toBe('google');
	});

	it('is the domain’s own when the name service fails or says nothing', async () => {
		const providers = new Providers({
			timeoutMs: 20,
			resolveMx: (domain) =>
				domain === 'dead.example' ? Promise.reject(new Error('no')) : new Promise(() => undefined),
		});
		await providers.learn(['dead.example', 'silent.example']);
		expect(providers.of('dead.example')).toBe('dead.example');
		expect(providers.of('silent.example')).toBe('silent.example');
	});

	it('is asked for few at a time', async () => {
		let atOnce = 0;
		let most = 0;
		const providers = new Providers({
			atOnce: 4,
			resolveMx: async () => {
				most = Math.max(most, (atOnce += 1));
				await new Promise((resolve) => setTimeout(resolve, 2));
				atOnce -= 1;
				return [];
			},
		});
		await providers.learn(Array.from({ length: 40 }, (_, index) => `d${index}.example`));
		expect(most).toBe(4);
	});
});

describe('quiet hours', () => {
	const night = { from: 22 * 60, to: 7 * 60, timeZone: 'Europe/Berlin' };
	const at = (text: string) => Date.parse(text);

	it.each([
		['2026-01-15T20:59:59Z', '2026-01-15T20:59:59Z'],
		['2026-01-15T21:00:00Z', '2026-01-16T06:00:00Z'],
		['2026-01-16T05:59:30Z', '2026-01-16T06:00:00Z'],
		['2026-01-16T06:00:00Z', '2026-01-16T06:00:00Z'],
		['2026-07-15T21:30:00Z', '2026-07-16T05:00:00Z'],
	])('at %s mail may leave at %s', (now, opens) => {
		expect(new Date(opensAt(night, at(now))).toISOString()).toBe(new Date(opens).toISOString());
	});

	it('may lie within one day, or be none', () => {
		const noon = { from: 12 * 60, to: 13 * 60, timeZone: 'UTC' };
		expect(opensAt(noon, at('2026-01-15T12:30:00Z'))).toBe(at('2026-01-15T13:00:00Z'));
		expect(opensAt({ ...noon, to: noon.from }, NOW)).toBe(NOW);
	});
});

describe('a plan', () => {
	const plan: PacePlan = {
		limits: [{ count: 30, perMs: 60_000 }],
		providers: [
			{ provider: 'google', limits: [{ count: 5, perMs: 60_000 }] },
			{ provider: 'other', limits: [], connections: 2 },
		],
		warmUp: [50, 100],
	};

	it('has one rule for a provider, and one for all without', () => {
		expect(ruleFor(plan, 'google')?.limits).toHaveLength(1);
		expect(ruleFor(plan, 'example.org')?.connections).toBe(2);
		expect(ruleFor(NO_PLAN, 'google')).toBeUndefined();
	});

	it('has a rule for a domain apart from those of its provider', () => {
		const providers = new Providers();
		const ruled: PacePlan = { ...plan, providers: [{ provider: 'gmail.com', limits: [] }] };
		expect(laneOf('Gmail.com', ruled, providers)).toBe('gmail.com');
		expect(laneOf('googlemail.com', ruled, providers)).toBe('google');
		expect(laneOf('gmail.com', plan, providers)).toBe('google');
	});

	it('warms up by days since the first mail', () => {
		const today = (since: number | undefined) => accountLimits(plan, since, NOW).at(-1)?.count;
		expect(today(undefined)).toBe(50);
		expect(today(NOW - DAY + 1)).toBe(50);
		expect(today(NOW - DAY)).toBe(100);
		expect(today(NOW - 9 * DAY)).toBe(100);
	});

	it('tells how long a list takes', () => {
		const paced = { ...plan, warmUp: undefined };
		expect(estimateMs(paced, new Map([['google', 30]]))).toBe(minutes(5));
		expect(estimateMs(paced, new Map([['x.example', 61]]))).toBe(minutes(2));
		expect(estimateMs(plan, new Map([['x.example', 151]]))).toBe(2 * DAY);
		expect(estimateMs(NO_PLAN, new Map([['x.example', 1e6]]))).toBe(0);
	});

	it.each(PACE_PRESETS)('$name has limits that can be kept', ({ plan: preset }) => {
		for (const { count, perMs } of [
			...preset.limits,
			...preset.providers.flatMap(({ limits }) => limits),
		]) {
			expect(count).toBeGreaterThanOrEqual(1);
			expect(perMs).toBeGreaterThanOrEqual(1_000);
		}
	});
});
