import { escapeMarkup, number, shorten } from '../model/markup';

/** A picture, with the words that stand for it where it cannot be seen. */
export interface Chart {
	/** A whole SVG document; it needs nothing from elsewhere and holds no script. */
	svg: string;
	/** All that it shows, in a sentence. */
	words: string;
}

export interface Bar {
	label: string;
	value: number;
	/** What is written for the value; the number itself unless given. */
	shown?: string;
	/** Behind it, such as a rate. */
	note?: string;
	color?: Color;
}

export interface Series {
	label: string;
	color: Color;
	values: readonly number[];
}

/** Each with a contrast of 3 to 1 at least on white (WCAG 2.2, 1.4.11). */
const COLORS = {
	blue: '#1f4fd8',
	green: '#0b7a5b',
	orange: '#b45309',
	red: '#b3261e',
	grey: '#5b6472',
} as const;

export type Color = keyof typeof COLORS;

const PAPER = '#ffffff';
const INK = '#1f2937';
const QUIET = '#4b5563';
const LINE = '#d5d9e0';
/** The empty part of a bar. */
const TRACK = '#eef0f4';

/**
 * What each colour becomes where the reader's screen is dark, on PAPER's: text with 4.5 to 1 at least,
 * shapes with 3 to 1. The attributes stay those of the light picture: some programs read no style.
 */
const DARK: readonly (readonly [light: string, dark: string])[] = [
	[PAPER, '#1a2130'],
	[INK, '#e5e7eb'],
	[QUIET, '#b6bdc9'],
	[LINE, '#3b4557'],
	[TRACK, '#2b3446'],
	[COLORS.blue, '#7ea2ff'],
	[COLORS.green, '#3fbf95'],
	[COLORS.orange, '#f0a04b'],
	[COLORS.red, '#ff8a80'],
	[COLORS.grey, '#98a2b3'],
];
const DARK_STYLE = `@media (prefers-color-scheme:dark){${DARK.map(([light, dark]) => `[fill="${light}"]{fill:${dark}}[stroke="${light}"]{stroke:${dark}}`).join('')}}`;

/** In user units: narrow, so that the letters stay readable on a phone. */
const WIDTH = 400;
/** How many letters a line has room for, bold figures and a gap included; wider ones are few. */
const LETTERS = 46;
/** More than that is a table's business. */
const MAX_BARS = 12;
const MAX_COLUMNS = 48;

/** Horizontal bars, a line of words above each. Labels may be any text. */
export function barChart(title: string, bars: readonly Bar[]): Chart {
	const shown = bars.slice(0, MAX_BARS);
	const most = Math.max(1, ...shown.map(({ value }) => value));
	const rows = shown.map((bar, index) => {
		const { label, value, color = 'blue' } = bar;
		const y = 48 + index * 42;
		const width = (Math.max(value, 0) / most) * (WIDTH - 24);
		const figure = [shownOf(bar), bar.note].filter(Boolean).join(' · ');
		const room = Math.max(8, LETTERS - figure.length);
		return [
			`<text x="12" y="${y}" fill="${INK}">${escapeMarkup(shorten(label, room))}</text>`,
			`<text x="${WIDTH - 12}" y="${y}" fill="${INK}" text-anchor="end" font-weight="600">${escapeMarkup(figure)}</text>`,
			`<rect x="12" y="${y + 6}" width="${WIDTH - 24}" height="14" rx="3" fill="${TRACK}"/>`,
			...(width > 0
				? [
						`<rect x="12" y="${y + 6}" width="${round(Math.max(width, 2))}" height="14" rx="3" fill="${COLORS[color]}"/>`,
					]
				: []),
		].join('');
	});
	const left = bars.length - shown.length;
	const words = sentence(
		title,
		shown.map((bar) => `${bar.label} ${shownOf(bar)}${bar.note ? ` (${bar.note})` : ''}`),
		left,
	);
	return { svg: frame(title, words, Math.max(40 + shown.length * 42, 76), rows), words };
}

function shownOf({ value, shown }: Bar): string {
	return shown ?? number(value);
}

/** Several series over one row of moments, one small chart above the other: a large one hides none. */
export function timeChart(
	title: string,
	labels: readonly string[],
	series: readonly Series[],
): Chart {
	const rows = series.map(({ label, color, values }, row) => {
		const top = 48 + row * 86;
		const floor = top + 62;
		const columns = intoColumns(values);
		const most = Math.max(1, ...columns);
		const step = (WIDTH - 24) / Math.max(columns.length, 1);
		const width = Math.min(step * 0.8, 28);
		const total = values.reduce((sum, value) => sum + value, 0);
		return [
			`<text x="12" y="${top}" fill="${INK}">${escapeMarkup(shorten(label, 30))}</text>`,
			`<text x="${WIDTH - 12}" y="${top}" fill="${INK}" text-anchor="end" font-weight="600">${number(total)}</text>`,
			`<line x1="12" y1="${floor}" x2="${WIDTH - 12}" y2="${floor}" stroke="${LINE}"/>`,
			...columns.map((value, index) => {
				if (value <= 0) return '';
				const height = Math.max((value / most) * 50, 1.5);
				return `<rect x="${round(12 + index * step + (step - width) / 2)}" y="${round(floor - height)}" width="${round(width)}" height="${round(height)}" fill="${COLORS[color]}"/>`;
			}),
		].join('');
	});
	const end = 44 + series.length * 86;
	const [first = '', last = ''] = [labels[0], labels.at(-1)].map((label) =>
		label?.replace('T', ' '),
	);
	rows.push(
		`<text x="12" y="${end}" fill="${QUIET}" font-size="12">${escapeMarkup(first)}</text>`,
		...(labels.length > 1
			? [
					`<text x="${WIDTH - 12}" y="${end}" fill="${QUIET}" font-size="12" text-anchor="end">${escapeMarkup(last)}</text>`,
				]
			: []),
	);
	const words = sentence(
		`${title}${first ? `, from ${first} to ${last}` : ''}`,
		series.map(({ label, values }) => {
			const best = values.reduce((at, value, index) => (value > (values[at] ?? 0) ? index : at), 0);
			const total = values.reduce((sum, value) => sum + value, 0);
			const peak = total > 0 ? `, most at ${labels[best]?.replace('T', ' ') ?? ''}` : '';
			return `${label} ${number(total)}${peak}`;
		}),
		0,
	);
	return { svg: frame(title, words, end + 14, rows), words };
}

/** Neighbours are added up where there are more moments than the picture has room for. */
function intoColumns(values: readonly number[]): number[] {
	const each = Math.ceil(values.length / MAX_COLUMNS) || 1;
	return Array.from({ length: Math.ceil(values.length / each) }, (_, column) =>
		values.slice(column * each, (column + 1) * each).reduce((sum, value) => sum + value, 0),
	);
}

function sentence(title: string, parts: readonly string[], left: number): string {
	const more = left > 0 ? [`and ${number(left)} more`] : [];
	return `${title}: ${parts.length === 0 ? 'nothing yet' : [...parts, ...more].join('; ')}.`;
}

function frame(title: string, words: string, height: number, rows: readonly string[]): string {
	const body =
		rows.length > 0 ? rows.join('') : `<text x="12" y="60" fill="${QUIET}">Nothing yet</text>`;
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title words" font-family="system-ui, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" font-size="14"><title id="title">${escapeMarkup(title)}</title><desc id="words">${escapeMarkup(words)}</desc><style>${DARK_STYLE}</style><rect width="${WIDTH}" height="${height}" fill="${PAPER}"/><text x="12" y="22" fill="${INK}" font-size="15" font-weight="700">${escapeMarkup(shorten(title, 44))}</text>${body}</svg>`;
}

function round(value: number): number {
	return Math.round(value * 100) / 100;
}
