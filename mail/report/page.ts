import type { Chart } from './chart';
import { compareChart, deliveryChart, linksChart, setbacksChart, timelineChart } from './charts';
import type { LinkFigures, Moment, SetbackCount, Summary } from './figures';
import { renderDocument } from '../model/document';
import { escapeMarkup, number, rate, shorten, shortLink } from '../model/markup';
import { reasonInPlainWords } from '../model/reasons';

export interface CampaignFigures {
	summary: Summary;
	moments: readonly Moment[];
	links: readonly LinkFigures[];
	setbacks: readonly SetbackCount[];
}

/** When the figures were read, and on whose clocks times are shown. */
export interface PageTime {
	at: number;
	zone: string;
}

/** Tables on the page show the first rows; the node's operations give them all. */
const MAX_ROWS = 50;

const STATES: Readonly<Record<Summary['state'], string>> = {
	running: 'Running',
	paused: 'Paused',
	cancelled: 'Cancelled',
	finished: 'Finished',
};

/**
 * One campaign as a page of its own: no scripts, nothing from elsewhere, readable on a phone and by a
 * screen reader, and in a mail program that shows no pictures: each picture has its table. What the
 * store holds is text in it and never HTML.
 */
export function campaignPage(figures: CampaignFigures, time: PageTime): string {
	const { summary, moments, links, setbacks } = figures;
	const { reactions, rates } = summary;
	const when = (at: number) => escapeMarkup(clock(at, time.zone));
	const ended = summary.finishedAt === undefined ? '' : `, finished ${when(summary.finishedAt)}`;
	return page(
		summary.name,
		time,
		`<p class="state">${STATES[summary.state]}. Started ${when(summary.startedAt)}${ended}.</p>
<dl class="cards">
${card('Sent', number(summary.sent), `of ${number(summary.recipients)} ${summary.recipients === 1 ? 'recipient' : 'recipients'}`)}
${card('Delivered', number(summary.delivered), withRate('as far as is known', rates.delivery))}
${card('Opened', number(reactions.opened.people), withRate('at least', rates.open))}
${card('Clicked', number(reactions.clicked.people), withRate('at least', rates.click))}
${card('Unsubscribed', number(reactions.unsubscribed.people), partOf('delivered', rates.unsubscribe))}
${card('Bounced', number(summary.hardBounced + summary.softBounced), partOf('sent', rates.bounce))}
${card('Complained', number(summary.complained), partOf('delivered', rates.complaint))}
${card('Still to be sent', number(summary.waiting + summary.deferred), `${number(summary.deferred)} deferred`)}
</dl>
<div class="grid">
${section('Mails', deliveryChart(summary), table('Mails and recipients', ['What', 'Number'], sendingRows(summary)))}
${section('Time', ifAny(moments, timelineChart), timeTable(moments))}
${section('People and machines', undefined, reactionTable(summary))}
${section('Links', ifAny(links, linksChart), linkTable(links))}
${section('Bounces and refusals', ifAny(setbacks, setbacksChart), setbackTable(setbacks))}
</div>`,
	);
}

/** Several campaigns beside each other. */
export function comparePage(summaries: readonly Summary[], time: PageTime): string {
	return page(
		'Campaigns compared',
		time,
		`<div class="grid">
${section('Open rates', compareChart(summaries))}
</div>
${section(
	'All figures',
	undefined,
	table(
		'Campaigns',
		[
			'Campaign',
			'Started',
			'Sent',
			'Delivered',
			'Opened, at least',
			'Clicked, at least',
			'Unsubscribed',
			'Bounced',
			'Complained',
		],
		summaries.map((summary) => [
			summary.name,
			clock(summary.startedAt, time.zone),
			number(summary.sent),
			rate(summary.rates.delivery),
			rate(summary.rates.open),
			rate(summary.rates.click),
			rate(summary.rates.unsubscribe),
			rate(summary.rates.bounce),
			rate(summary.rates.complaint),
		]),
		{ words: 2 },
	),
)}`,
	);
}

/** An empty chart beside "Nothing yet." would say it twice. */
function ifAny<T>(rows: readonly T[], draw: (rows: readonly T[]) => Chart): Chart | undefined {
	return rows.length > 0 ? draw(rows) : undefined;
}

function withRate(words: string, value: number | null): string {
	return value === null ? words : `${rate(value)} ${words}`;
}

function partOf(whole: string, value: number | null): string {
	return value === null ? '' : `${rate(value)} of ${whole}`;
}

function sendingRows(summary: Summary): string[][] {
	const rows: [string, number][] = [
		['Recipients', summary.recipients],
		['Sent', summary.sent],
		['Delivered, as far as is known', summary.delivered],
		['Waiting', summary.waiting],
		['Deferred', summary.deferred],
		['Suppressed while they waited', summary.suppressed],
		['Failed', summary.failed],
		['Unknown, perhaps sent', summary.unknown],
		['Hard bounces', summary.hardBounced],
		['Soft bounces', summary.softBounced],
		['Complaints', summary.complained],
		['Delay reports', summary.delayed],
		['Auto-replies', summary.autoReplied],
	];
	return rows.map(([label, value]) => [label, number(value)]);
}

function timeTable(moments: readonly Moment[]): string {
	return table(
		'Hour by hour or day by day',
		['When', 'Sent', 'Failed', 'Opened', 'Clicked', 'Left'],
		moments.map(({ at, sent, failed, opened, clicked, unsubscribed }) => [
			at.replace('T', ' '),
			...[sent, failed, opened, clicked, unsubscribed].map(number),
		]),
		{ keep: 'last' },
	);
}

function reactionTable({ reactions }: Summary): string {
	return table(
		'Who did it: people, or programs that look at mail for them',
		['What', 'People, at least', 'Only machines', 'Times by people', 'Times by machines'],
		Object.entries(reactions).map(([name, each]) => [
			`${name.charAt(0).toUpperCase()}${name.slice(1)}`,
			...[each.people, each.machinesOnly, each.byPeople, each.byMachines].map(number),
		]),
	);
}

function linkTable(links: readonly LinkFigures[]): string {
	return table(
		'Clicks on each link',
		['Link', 'People', 'Share', 'Clicks', 'By machines'],
		links.map(({ target, people, share, byPeople, byMachines }) => [
			shorten(shortLink(target), 200),
			number(people),
			rate(share),
			number(byPeople),
			number(byMachines),
		]),
	);
}

const SETBACKS: Readonly<Record<SetbackCount['event'], string>> = {
	failed: 'Refused',
	hardBounce: 'Hard bounce',
	softBounce: 'Soft bounce',
	complained: 'Complaint',
	delayed: 'Delay report',
	autoReplied: 'Auto-reply',
};

function setbackTable(setbacks: readonly SetbackCount[]): string {
	return table(
		'By reason and provider',
		['What', 'Reason', 'Provider', 'Recipients'],
		setbacks.map(({ event, reason, provider, recipients }) => [
			SETBACKS[event],
			reasonInPlainWords(reason),
			shorten(provider, 100),
			number(recipients),
		]),
		{ words: 3 },
	);
}

function card(label: string, value: string, note: string): string {
	return `<div class="card"><dt>${escapeMarkup(label)}</dt><dd><strong>${value}</strong> <span>${escapeMarkup(note)}</span></dd></div>`;
}

/** The picture comes as an image: nothing in it can run or reach out, and mail programs show its words. */
function section(title: string, chart: Chart | undefined, rows = ''): string {
	const picture = chart
		? `<img src="data:image/svg+xml;base64,${Buffer.from(chart.svg).toString('base64')}" alt="${escapeMarkup(chart.words)}">`
		: '';
	return `<section><h2>${escapeMarkup(title)}</h2>${picture}${rows}</section>`;
}

interface TableOptions {
	/** Which rows of a long one are shown. */
	keep?: 'first' | 'last';
	/** So many columns from the left hold words; the others hold numbers. */
	words?: number;
}

/** The first cell of each row names it. */
function table(
	caption: string,
	head: readonly string[],
	rows: readonly (readonly string[])[],
	{ keep = 'first', words = 1 }: TableOptions = {},
): string {
	if (rows.length === 0) return '<p>Nothing yet.</p>';
	const shown = keep === 'first' ? rows.slice(0, MAX_ROWS) : rows.slice(-MAX_ROWS);
	const left = rows.length - shown.length;
	const kind = (column: number) => (column < words ? '' : ' class="number"');
	const heads = head
		.map((cell, column) => `<th scope="col"${kind(column)}>${escapeMarkup(cell)}</th>`)
		.join('');
	const cells = (row: readonly string[]) =>
		row
			.map((cell, column) =>
				column === 0
					? `<th scope="row">${escapeMarkup(cell)}</th>`
					: `<td${kind(column)}>${escapeMarkup(cell)}</td>`,
			)
			.join('');
	const body = shown.map((row) => `<tr>${cells(row)}</tr>`).join('');
	const more =
		left > 0
			? `<p>${keep === 'first' ? 'And' : 'Before these:'} ${number(left)} more rows.</p>`
			: '';
	return `<div class="scroll" role="region" aria-label="${escapeMarkup(caption)}" tabindex="0"><table><caption>${escapeMarkup(caption)}</caption><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table></div>${more}`;
}

function page(title: string, { at, zone }: PageTime, body: string): string {
	return renderDocument({
		language: 'en',
		title: `${shorten(title, 120)} – campaign report`,
		style: STYLE,
		policy: "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
		main: `<h1>${escapeMarkup(title)}</h1>
${body}
<footer><p>As of ${escapeMarkup(clock(at, zone))}. Mail programs that block pictures hide opens, so opened and clicked are people at least; what machines did (prefetching, link scanners) is told apart and counts in no rate. Delivered is sent without what bounced so far.</p></footer>`,
	});
}

function clock(at: number, zone: string): string {
	return new Intl.DateTimeFormat('en-GB', {
		timeZone: zone,
		dateStyle: 'medium',
		timeStyle: 'short',
	}).format(at);
}

const STYLE = `
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:#f3f4f6;color:#1f2937;font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:68rem;margin:0 auto;padding:1.25rem 1rem 2rem}
h1{margin:.25rem 0 .5rem;font-size:1.6rem;line-height:1.25;overflow-wrap:anywhere}
h1,th{unicode-bidi:plaintext;text-align:left}
h2{margin:0 0 .5rem;font-size:1.1rem}
.state{margin:0 0 1rem;color:#4b5563}
.cards{display:grid;grid-template-columns:repeat(2,1fr);gap:.75rem;margin:0 0 1rem}
.card,section{padding:.9rem 1rem;background:#fff;border:1px solid #d5d9e0;border-radius:10px}
dt{color:#4b5563;font-size:.9rem}
dd{margin:0}
dd strong{display:block;font-size:1.6rem;line-height:1.2}
dd span{color:#4b5563;font-size:.9rem}
.grid{columns:24rem;column-gap:.75rem;margin:0 0 .75rem}
section{break-inside:avoid;margin:0 0 .75rem}
img{display:block;width:100%;max-width:480px;height:auto;margin:0 0 .5rem}
.scroll{overflow:auto;max-height:31rem}
.scroll:focus-visible{outline:3px solid #1f4fd8;outline-offset:2px}
table{width:100%;border-collapse:collapse;font-size:.9rem}
caption{padding:.25rem 0;text-align:left;color:#4b5563}
th,td{padding:.35rem .5rem;border-top:1px solid #e5e7eb;text-align:left;vertical-align:top}
th{font-weight:500;overflow-wrap:anywhere;min-width:7.8rem}
thead th{position:sticky;top:0;background:#fff;border-top:0;font-weight:600;overflow-wrap:normal;min-width:0}
.number{text-align:right;font-variant-numeric:tabular-nums}
footer{margin-top:1rem;color:#4b5563;font-size:.9rem}
@media (min-width:48rem){.cards{grid-template-columns:repeat(4,1fr)}}
@media (max-width:30rem){table{font-size:.75rem}th,td{padding:.3rem .2rem}tbody th{min-width:5.6rem}td{overflow-wrap:anywhere}.number{overflow-wrap:normal}}
@media print{.scroll{max-height:none}}
@media screen and (prefers-color-scheme:dark){
body{background:#10151f;color:#e5e7eb}
.card,section,thead th{background:#1a2130}
.card,section,th,td{border-color:#3b4557}
.state,dt,dd span,caption,footer{color:#b6bdc9}
.scroll:focus-visible{outline-color:#7ea2ff}
}
`;
