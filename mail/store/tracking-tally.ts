import { NO_LINK } from '../model/tracking';
import type { EventCount, NewTrackingEvent } from './tracking-store';

const HOUR_MS = 3_600_000;

/** Each event counts once for itself, and a click once more for its link. */
export function linksOf({ link }: NewTrackingEvent): number[] {
	return link === NO_LINK ? [NO_LINK] : [NO_LINK, link];
}

/** The counters that a batch changes, added up before they are written. */
export class Tally {
	readonly #counts = new Map<
		string,
		Omit<EventCount, 'machine'> & { campaignId: string; machine: number }
	>();

	add(
		{ campaignId, event, machine, at }: NewTrackingEvent,
		link: number,
		{ isFirst, isNew }: { isFirst: boolean; isNew: boolean },
	): void {
		const row = {
			campaignId,
			hour: Math.floor(at / HOUR_MS) * HOUR_MS,
			event,
			link,
			machine: machine ? 1 : 0,
		};
		const key = JSON.stringify(row);
		const known = this.#counts.get(key) ?? { ...row, events: 0, recipients: 0, newcomers: 0 };
		known.events += 1;
		known.recipients += isFirst ? 1 : 0;
		known.newcomers += isNew ? 1 : 0;
		this.#counts.set(key, known);
	}

	counts() {
		return this.#counts.values();
	}
}
