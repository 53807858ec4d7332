import type { Providers } from './provider';
import type { Limit } from './window';

/** How fast an account may send. */
export interface PacePlan {
	/** Over everything that the account sends. */
	limits: readonly Limit[];
	/** At once; the account's own limit counts as well. */
	connections?: number;
	messagesPerConnection?: number;
	/** Besides, for the recipients of one provider, by its id (`google`) or a domain (`example.org`). */
	providers: readonly ProviderRule[];
	/** Mails a day since the first mail of this account: the last number holds from then on. */
	warmUp?: readonly number[];
	quietHours?: QuietHours;
}

export interface ProviderRule {
	/**
	 * A provider's id, a domain (which then keeps no pace with its provider's others), or `other`: every
	 * provider without a rule of its own, each for itself.
	 */
	provider: string;
	limits: readonly Limit[];
	/** Mails to it at once. */
	connections?: number;
}

/** No mail leaves between these times of day. */
export interface QuietHours {
	/** Minutes since midnight; `to` may be before `from`, and is then on the next day. */
	from: number;
	to: number;
	/** IANA name, such as Europe/Berlin. */
	timeZone: string;
}

export const NO_PLAN: PacePlan = { limits: [], providers: [] };

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/**
 * Who keeps pace with the recipients of a domain: all that its provider takes mail for, unless the plan
 * has a rule for the domain itself.
 */
export function laneOf(domain: string, plan: PacePlan, providers: Providers): string {
	const name = domain.toLowerCase();
	return plan.providers.some(({ provider }) => provider === name) ? name : providers.of(name);
}

/** The plan's rule for a lane: one for its name counts before the one for all others. */
export function ruleFor(plan: PacePlan, lane: string): ProviderRule | undefined {
	return (
		plan.providers.find(({ provider }) => provider === lane) ??
		plan.providers.find(({ provider }) => provider === 'other')
	);
}

/**
 * The limits of the account at this moment, the warm-up among them.
 *
 * @param since when the account sent its first mail; undefined before that
 */
export function accountLimits(plan: PacePlan, since: number | undefined, now: number): Limit[] {
	const { limits, warmUp = [] } = plan;
	const day = Math.floor((now - (since ?? now)) / DAY);
	const today = warmUp[Math.min(Math.max(day, 0), warmUp.length - 1)];
	return [...limits, ...(today === undefined ? [] : [{ count: today, perMs: DAY }])];
}

/** Of the plan and what an account or a preset says, the lower of each counts. */
export function mergePlans(a: PacePlan, b: PacePlan): PacePlan {
	return {
		limits: [...a.limits, ...b.limits],
		...lower('connections', a, b),
		...lower('messagesPerConnection', a, b),
		providers: [...b.providers, ...a.providers],
		...((b.warmUp ?? a.warmUp) ? { warmUp: b.warmUp ?? a.warmUp } : {}),
		...((b.quietHours ?? a.quietHours) ? { quietHours: b.quietHours ?? a.quietHours } : {}),
	};
}

function lower(key: 'connections' | 'messagesPerConnection', a: PacePlan, b: PacePlan) {
	const value = Math.min(a[key] ?? Infinity, b[key] ?? Infinity);
	return Number.isFinite(value) ? { [key]: value } : {};
}

/**
 * For how long, in ms, a list takes that the plan alone holds back: with a sliding window a limit is
 * met by a full burst, then one a window. Quiet hours are not counted.
 *
 * @param counts recipients by lane
 */
export function estimateMs(plan: PacePlan, counts: ReadonlyMap<string, number>): number {
	let total = 0;
	let longest = 0;
	for (const [lane, count] of counts) {
		total += count;
		for (const limit of ruleFor(plan, lane)?.limits ?? [])
			longest = Math.max(longest, timeFor(count, limit));
	}
	for (const limit of plan.limits) longest = Math.max(longest, timeFor(total, limit));
	return Math.max(longest, warmUpMs(plan.warmUp ?? [], total));
}

function timeFor(mails: number, { count, perMs }: Limit): number {
	return Math.max(Math.ceil(mails / count) - 1, 0) * perMs;
}

function warmUpMs(warmUp: readonly number[], mails: number): number {
	const last = warmUp.at(-1);
	if (last === undefined) return 0;
	let left = mails;
	for (const [day, count] of warmUp.entries()) {
		left -= count;
		if (left <= 0) return day * DAY;
	}
	return (warmUp.length - 1 + Math.ceil(left / last)) * DAY;
}
