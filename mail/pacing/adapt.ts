import type { PaceSignal } from '../smtp/reply';
import { HOUR, MINUTE } from './plan';
import type { Limit } from './window';

/**
 * How a provider takes our mail at present; absent while all is well. Slowed down, it gets a limit a
 * minute, half of the rate at which it complained for each level, and climbs back a level for each
 * calm step. Stopped, it gets nothing for a while.
 */
export interface Mood {
	/** Why, in the server's words. */
	why: string;
	/** Nothing leaves before this time (ms, the store's clock). */
	pausedUntil: number;
	/** Given when the pause is a stop: what for. */
	stopped?: StopCause;
	/** How often the rate was halved. */
	level: number;
	/** Mails a minute when it first complained. */
	ratePerMinute: number;
	/** Refusals in a row of the kind that stops only when it comes again. */
	strikes: number;
}

export type StopCause = 'policy' | 'reputation';

const LONGEST_LEVEL = 6;
/** The pause of the first complaint; each further one doubles it. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 30 * MINUTE;
/** So long without a complaint, and the rate is doubled. */
export const CALM_STEP_MS = 5 * MINUTE;
/** Yahoo's TSS04 wants two hours of quiet (KumoMTA publishes that pause). */
const STOP_MS: Readonly<Record<StopCause, number>> = { reputation: 2 * HOUR, policy: 2 * HOUR };
/** A refusal of a kind that may be about one recipient only has to come so often in a row. */
const STRIKES = 3;

/** How slow a provider is at this moment: levels are climbed back by time alone. */
export function levelAt(mood: Mood, now: number): number {
	const calmSteps = Math.floor(Math.max(now - mood.pausedUntil, 0) / CALM_STEP_MS);
	return Math.max(mood.level - calmSteps, 0);
}

/** The limit that the mood adds, if any. */
export function moodLimit(mood: Mood, now: number): Limit | undefined {
	const level = levelAt(mood, now);
	if (level === 0) return undefined;
	return { count: Math.max(Math.round(mood.ratePerMinute / 2 ** level), 1), perMs: MINUTE };
}

/** Whether nothing of the mood is left. */
export function isCalm(mood: Mood, now: number): boolean {
	return now >= mood.pausedUntil && levelAt(mood, now) === 0 && mood.strikes === 0;
}

/**
 * What a reply makes of a provider's mood.
 *
 * Complaints that come while it is paused are of mails that were on their way, and change nothing.
 *
 * @param ratePerMinute mails to this provider in the last minute
 * @returns the new mood; the same when the reply changes nothing
 */
export function hear(
	mood: Mood | undefined,
	signal: PaceSignal,
	reply: string,
	{
		now,
		ratePerMinute,
		retryAfterMs,
	}: { now: number; ratePerMinute: number; retryAfterMs?: number },
): Mood | undefined {
	const before = mood ?? NEUTRAL;
	const isPaused = now < before.pausedUntil;
	switch (signal) {
		case 'slower': {
			if (isPaused) return mood;
			const level = Math.min(levelAt(before, now) + 1, LONGEST_LEVEL);
			const ownPauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (level - 1), LONGEST_PAUSE_MS);
			return {
				why: reply,
				pausedUntil: now + Math.min(retryAfterMs ?? ownPauseMs, STOP_MS.reputation),
				level,
				ratePerMinute: before.level > 0 ? before.ratePerMinute : Math.max(ratePerMinute, 1),
				strikes: before.strikes,
			};
		}
		case 'stopReputation':
			return stop(before, 'reputation', reply, now);
		case 'stopPolicy':
			return stop(before, 'policy', reply, now);
		case 'maybeStopPolicy':
		case 'maybeStopReputation': {
			if (isPaused) return mood;
			const strikes = before.strikes + 1;
			const cause = signal === 'maybeStopPolicy' ? 'policy' : 'reputation';
			if (strikes >= STRIKES) return stop(before, cause, reply, now);
			return { ...before, why: reply, strikes };
		}
	}
}

/** A mail was taken: refusals in a row begin anew. @returns the same mood when that changes nothing */
export function hearAccepted(mood: Mood | undefined): Mood | undefined {
	return mood && mood.strikes > 0 ? { ...mood, strikes: 0 } : mood;
}

const NEUTRAL: Mood = { why: '', pausedUntil: 0, level: 0, ratePerMinute: 0, strikes: 0 };

function stop(mood: Mood, cause: StopCause, why: string, now: number): Mood {
	return { ...mood, why, stopped: cause, strikes: 0, pausedUntil: now + STOP_MS[cause] };
}
