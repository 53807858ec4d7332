import type { QuietHours } from './plan';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/**
 * When the next mail may leave: now, or at the end of the quiet hours that this moment falls into. A
 * change of the clocks within the quiet hours is met by asking again at that time.
 *
 * @param now ms since the epoch
 */
export function opensAt({ from, to, timeZone }: QuietHours, now: number): number {
	if (from === to) return now;
	const minute = minuteOfDay(now, timeZone);
	const length = (to - from + DAY_MINUTES) % DAY_MINUTES;
	const since = (minute - from + DAY_MINUTES) % DAY_MINUTES;
	if (since >= length) return now;
	const minuteStart = now - (now % MINUTE_MS);
	return minuteStart + (length - since) * MINUTE_MS;
}

/** @throws RangeError for a time zone that does not exist */
export function checkTimeZone(timeZone: string): void {
	minuteOfDay(0, timeZone);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function minuteOfDay(time: number, timeZone: string): number {
	let format = formats.get(timeZone);
	if (!format) {
		format = new Intl.DateTimeFormat('en-GB', {
			timeZone,
			hour: '2-digit',
			minute: '2-digit',
			hourCycle: 'h23',
		});
		formats.set(timeZone, format);
	}
	const [hour, minute] = format.format(time).split(':').map(Number);
	return (hour ?? 0) * 60 + (minute ?? 0);
}
