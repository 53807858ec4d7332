/**
 * Reads a date as n8n gives it: an ISO text with or without an offset (the date picker leaves it out), a
 * Luxon DateTime or a Date from an expression, or milliseconds.
 *
 * @param zone where a text without an offset is meant, such as `Europe/Paris`
 * @returns undefined for an empty field
 * @throws Error that names the field when the text is no date
 */
export function readDate(field: string, value: unknown, zone: string): Date | undefined {
	if (value === undefined || value === null || value === '') return undefined;
	const date = toDate(value, zone);
	if (date && !Number.isNaN(date.getTime())) return date;
	throw new Error(`${field}: what is given is no date. Write it as 2026-11-25T09:30.`);
}

const WITHOUT_OFFSET = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?$/;

function toDate(value: unknown, zone: string): Date | undefined {
	if (value instanceof Date) return value;
	if (typeof value === 'number') return new Date(value);
	if (typeof value === 'object') {
		const { toMillis } = value as { toMillis?: () => number };
		return typeof toMillis === 'function' ? new Date(toMillis.call(value)) : undefined;
	}
	if (typeof value !== 'string') return undefined;
	const text = value.trim();
	if (!WITHOUT_OFFSET.test(text)) return new Date(text);
	const asUtc = new Date(`${text.replace(' ', 'T')}${text.length > 10 ? 'Z' : 'T00:00Z'}`);
	// Twice: near a change of the clocks the first guess may fall on its other side.
	const guess = new Date(asUtc.getTime() - offsetAt(asUtc, zone));
	return new Date(asUtc.getTime() - offsetAt(guess, zone));
}

/** How far the zone's clocks are ahead of UTC at this moment, in ms. */
function offsetAt(at: Date, zone: string): number {
	if (Number.isNaN(at.getTime())) return 0;
	const parts = new Intl.DateTimeFormat('en-US', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: 'numeric',
		day: 'numeric',
		hour: 'numeric',
		minute: 'numeric',
		second: 'numeric',
	}).formatToParts(at);
	const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
	const local = Date.UTC(
		part('year'),
		part('month') - 1,
		part('day'),
		part('hour'),
		part('minute'),
		part('second'),
	);
	return local - Math.floor(at.getTime() / 1000) * 1000;
}
