import { barChart, timeChart } from './chart';
import type { Chart } from './chart';
import type { LinkFigures, Moment, SetbackCount, Summary } from './figures';
import { rate, shortLink } from '../model/markup';
import { reasonInPlainWords } from '../model/reasons';

/** From all recipients down to who left: each bar is a part of those before. */
export function deliveryChart(summary: Summary): Chart {
	const { reactions, rates } = summary;
	return barChart('What became of the mails', [
		{ label: 'Recipients', value: summary.recipients, color: 'grey' },
		{ label: 'Sent', value: summary.sent, color: 'blue' },
		{
			label: 'Delivered, as far as is known',
			value: summary.delivered,
			note: rateIfAny(rates.delivery),
			color: 'green',
		},
		{
			label: 'Opened, at least',
			value: reactions.opened.people,
			note: rateIfAny(rates.open),
			color: 'green',
		},
		{
			label: 'Clicked, at least',
			value: reactions.clicked.people,
			note: rateIfAny(rates.click),
			color: 'green',
		},
		{
			label: 'Unsubscribed',
			value: reactions.unsubscribed.people,
			note: rateIfAny(rates.unsubscribe),
			color: 'orange',
		},
		{
			label: 'Bounced',
			value: summary.hardBounced + summary.softBounced,
			note: rateIfAny(rates.bounce),
			color: 'red',
		},
		{
			label: 'Complained',
			value: summary.complained,
			note: rateIfAny(rates.complaint),
			color: 'red',
		},
	]);
}

export function timelineChart(moments: readonly Moment[]): Chart {
	return timeChart(
		'Over time',
		moments.map(({ at }) => at),
		[
			{ label: 'Sent', color: 'blue', values: moments.map(({ sent }) => sent) },
			{ label: 'Opened, people', color: 'green', values: moments.map(({ opened }) => opened) },
			{ label: 'Clicked, people', color: 'orange', values: moments.map(({ clicked }) => clicked) },
		],
	);
}

export function linksChart(links: readonly LinkFigures[]): Chart {
	return barChart(
		'Links, people who clicked',
		links.map(({ target, people, share }) => ({
			label: shortLink(target),
			value: people,
			note: rateIfAny(share),
			color: 'orange',
		})),
	);
}

/** By reason; the table beside it tells the providers. */
export function setbacksChart(setbacks: readonly SetbackCount[]): Chart {
	const byReason = new Map<string, number>();
	for (const { reason, recipients } of setbacks)
		byReason.set(reason, (byReason.get(reason) ?? 0) + recipients);
	return barChart(
		'Bounces and refusals by reason',
		[...byReason]
			.sort(([, a], [, b]) => b - a)
			.map(([reason, value]) => ({ label: reasonInPlainWords(reason), value, color: 'red' })),
	);
}

export function compareChart(summaries: readonly Summary[]): Chart {
	return barChart(
		'Opened, at least',
		summaries.map(({ name, rates }) => ({
			label: name,
			value: rates.open ?? 0,
			shown: rate(rates.open),
			note: rates.click === null ? undefined : `clicked ${rate(rates.click)}`,
			color: 'green',
		})),
	);
}

/** A rate of nothing is left out: a dash says no more. */
function rateIfAny(value: number | null): string | undefined {
	return value === null ? undefined : rate(value);
}
