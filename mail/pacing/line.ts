import type { PlaceInLine } from './page';

/** How many mails have to go before those of this desk; all that wait, where it is not in the line. */
export function mailsAhead(line: readonly PlaceInLine[], id: string, now: number): number {
	let mails = 0;
	for (const [owner, waiting, until] of line) {
		if (owner === id) break;
		if (until > now) mails += waiting;
	}
	return mails;
}

/**
 * The line with this desk in the place that it has, or at the end; without it when none of its mails
 * wait. Whoever was not seen in time has lost their place.
 */
export function keepPlace(
	line: readonly PlaceInLine[],
	place: PlaceInLine,
	now: number,
): PlaceInLine[] | undefined {
	const [id, mails] = place;
	const others = line.filter(([owner, , until]) => owner === id || until > now);
	const at = others.findIndex(([owner]) => owner === id);
	const kept = at < 0 ? [...others, place] : others.with(at, place);
	const waiting = mails > 0 ? kept : kept.filter(([owner]) => owner !== id);
	return waiting.length > 0 ? waiting : undefined;
}
