import type { Mood } from './adapt';
import { DAY, HOUR, MINUTE, SECOND } from './plan';
import type { PacePlan } from './plan';
import { tidy } from './window';
import type { Limit, SlotLog } from './window';

/*
 * What stands on the pages of the store's pace book. An account has one page of slots for everything
 * it sends, one for each provider that is limited, one with its plan, and one with the moods.
 */
export interface SlotPage {
	/** When the first mail was let go. */
	since?: number;
	log: SlotLog;
	/** Who waits for single mails, the first in front: the next slots are theirs. */
	line?: readonly PlaceInLine[];
}

/** A desk, how many of its mails wait, and until when the place is kept for it (ms, the store's clock). */
export type PlaceInLine = readonly [id: string, mails: number, until: number];

export interface AccountPage {
	plan?: PacePlan;
	/** By lane. A list, since a lane may be a domain named `constructor`. */
	moods: readonly (readonly [lane: string, mood: Mood])[];
}

export const accountPageKey = (account: string) => `account ${account}`;
/** @param lane `*` for everything that the account sends */
export const slotPageKey = (account: string, lane: string) => `slots ${account} ${lane}`;

export function readSlotPage(text: string | undefined): SlotPage {
	return text === undefined ? { log: [] } : (JSON.parse(text) as SlotPage);
}

/** A plan may be changed for one with longer windows: a day is remembered whatever the limits are. */
const REMEMBERED: readonly Limit[] = [SECOND, MINUTE, HOUR, DAY].map((perMs) => ({
	count: 1,
	perMs,
}));

export function writeSlotPage(page: SlotPage, limits: readonly Limit[], now: number): string {
	return JSON.stringify({ ...page, log: tidy(page.log, [...limits, ...REMEMBERED], now) });
}

export function readAccountPage(text: string | undefined): AccountPage {
	return text === undefined ? { moods: [] } : (JSON.parse(text) as AccountPage);
}
