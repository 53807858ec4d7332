import { DAY, HOUR, MINUTE, SECOND } from './plan';
import type { PacePlan } from './plan';
import type { Limit } from './window';

const UNITS: ReadonlyMap<number, string> = new Map([
	[SECOND, 'a second'],
	[MINUTE, 'a minute'],
	[HOUR, 'an hour'],
	[DAY, 'a day'],
]);

/** A plan in a line for people, such as `14 a second, 50,000 a day; google: 5 connections`. */
export function describePlan(plan: PacePlan): string {
	const { limits, connections, providers, warmUp, quietHours } = plan;
	const whole = [
		...limits.map(describeLimit),
		...(connections === undefined ? [] : [`${connections} connections`]),
		...(warmUp?.length ? [`a warm-up over ${warmUp.length} days`] : []),
		...(quietHours
			? [`quiet from ${time(quietHours.from)} to ${time(quietHours.to)} (${quietHours.timeZone})`]
			: []),
	];
	const rules = providers.map(({ provider, limits: own, connections: atOnce }) => {
		const parts = own.map(describeLimit);
		if (atOnce !== undefined) parts.push(`${atOnce} connections`);
		return `${provider}: ${parts.join(', ')}`;
	});
	return [...(whole.length ? [whole.join(', ')] : []), ...rules].join('; ') || 'no limits';
}

function describeLimit({ count, perMs }: Limit): string {
	return `${count.toLocaleString('en')} ${UNITS.get(perMs) ?? `in ${perMs / 1_000} seconds`}`;
}

function time(minutes: number): string {
	const two = (value: number) => String(value).padStart(2, '0');
	return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
