import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Parser } from 'htmlparser2';

import { barChart, timeChart } from '../../../mail/report/chart';
import {
	compareChart,
	linksChart,
	setbacksChart,
	timelineChart,
} from '../../../mail/report/charts';
import type { CampaignCounts, Summary } from '../../../mail/report/figures';
import { summarize } from '../../../mail/report/figures';
import { campaignPage, comparePage } from '../../../mail/report/page';
import type { CampaignFigures } from '../../../mail/report/page';

const AT = Date.UTC(2026, 10, 25, 9, 30);
const TIME = { at: AT, zone: 'Europe/Paris' };

const none = { queued: 0, claimed: 0, dispatched: 0, sent: 0, deferred: 0, failed: 0, unknown: 0 };
const counts: CampaignCounts = {
	campaign: {
		id: 'spring',
		name: 'Spring news',
		account: '',
		state: 'paused',
		createdAt: AT,
		stateSince: AT,
	},
	states: { queued: 5, claimed: 0, dispatched: 0, sent: 1200, deferred: 2, failed: 3, unknown: 0 },
	feedback: { hardBounce: 4, softBounce: 3, complained: 1, delayed: 2, autoReplied: 5 },
	singleMails: 0,
	events: [],
};
const summary: Summary = summarize(counts);

/** What a page or picture is made of, by a parser that is not ours. */
function readMarkup(markup: string, xmlMode: boolean) {
	const names = new Set<string>();
	const attributes: [string, string][] = [];
	let text = '';
	const parser = new Parser(
		{
			onopentag(name, values) {
				names.add(name);
				attributes.push(...Object.entries(values));
			},
			ontext(data) {
				text += data;
			},
		},
		{ xmlMode, decodeEntities: true },
	);
	parser.end(markup);
	return { names, attributes, text };
}

const picturesOf = (page: string) =>
	[...page.matchAll(/src="data:image\/svg\+xml;base64,([^"]+)"/g)].map(([, base64 = '']) =>
		Buffer.from(base64, 'base64').toString(),
	);

const ENEMIES = [
	'</title></style><script>alert(1)</script>',
	'" onload="alert(1)" x="',
	"' onmouseover='alert(1)",
	'<img src=x onerror=alert(1)>',
	'javascript:alert(1)//',
	']]><!--<svg onload=alert(1)>',
	'\u0000\u0008\ud800\uffff<b>',
];

describe('a report of hostile words', () => {
	const allowed = {
		page: 'html head meta title style body main h1 p dl div dt dd strong span section h2 img table caption thead tbody tr th td footer',
		picture: 'svg title desc style rect text line',
	};

	const expectHarmless = (markup: string, words: string, xmlMode: boolean) => {
		const { names, attributes } = readMarkup(markup, xmlMode);
		const known = new Set(words.split(' '));
		expect([...names].filter((name) => !known.has(name))).toEqual([]);
		expect(attributes.filter(([name]) => /^on|href|^action$/i.test(name))).toEqual([]);
		for (const [name, value] of attributes)
			if (name === 'src') expect(value).toMatch(/^data:image\/svg\+xml;base64,[\w+/=]+$/);
		expect(markup).not.toMatch(/[\u0000-\u0008\ufffe\uffff]/);
		expect(markup.isWellFormed()).toBe(true);
	};

	it.each(ENEMIES)('%j is text in every field, on every page and in every picture', (enemy) => {
		const hostile = { ...summary, name: enemy, campaignId: enemy };
		const figures: CampaignFigures = {
			summary: hostile,
			moments: [
				{
					at: enemy,
					sent: 1,
					deferred: 0,
					failed: 0,
					opened: 1,
					clicked: 1,
					unsubscribed: 0,
					opens: 1,
					clicks: 1,
				},
			],
			links: [
				{
					number: 1,
					target: `https://${enemy}`,
					people: 1,
					machinesOnly: 0,
					byPeople: 1,
					byMachines: 0,
					share: 100,
				},
			],
			setbacks: [{ event: 'failed', reason: enemy, provider: enemy, recipients: 1 }],
		};
		for (const page of [campaignPage(figures, TIME), comparePage([hostile, hostile], TIME)]) {
			expectHarmless(page, allowed.page, false);
			for (const picture of picturesOf(page)) expectHarmless(picture, allowed.picture, true);
		}
		for (const { svg } of [
			timelineChart(figures.moments),
			linksChart(figures.links),
			setbacksChart(figures.setbacks),
			compareChart([hostile]),
			barChart(enemy, [{ label: enemy, value: 1, note: enemy }]),
			timeChart(enemy, [enemy], [{ label: enemy, color: 'blue', values: [1] }]),
		])
			expectHarmless(svg, allowed.picture, true);
	});
});

describe('the page', () => {
	const page = campaignPage({ summary, moments: [], links: [], setbacks: [] }, TIME);
	const { text, attributes } = readMarkup(page, false);

	it('tells the figures, what they are, and when they were read, in the zone asked for', () => {
		expect(text).toContain('Spring news');
		expect(text).toContain('1,193');
		expect(text).toContain('99.42% as far as is known');
		expect(text).toContain('at least');
		expect(text).toContain('Paused. Started 25 Nov 2026, 10:30');
		expect(text).toContain('As of 25 Nov 2026, 10:30');
	});

	it('has the words of each picture for those who do not see it', () => {
		const words = attributes.filter(([name]) => name === 'alt').map(([, value]) => value);
		expect(words).toHaveLength(1);
		expect(words[0]).toContain(
			'What became of the mails: Recipients 1,210; Sent 1,200; Delivered, as far as is known 1,193 (99.42%)',
		);
	});

	it('says once of what has not happened that there is nothing, and gives no rate of nothing', () => {
		expect(text.match(/Nothing yet/g)).toHaveLength(3);
		const unsent = { ...summary, rates: summarize({ ...counts, states: none }).rates };
		const empty = campaignPage({ summary: unsent, moments: [], links: [], setbacks: [] }, TIME);
		expect(readMarkup(empty, false).text).not.toMatch(/\d\s*–|of delivered/);
	});

	it('needs nothing from elsewhere', () => {
		expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
		expect(page).not.toContain('<script');
	});

	it('shows the first fifty rows of a long list, and says how many there are more', () => {
		const setbacks = Array.from({ length: 60 }, (_, index) => ({
			event: 'failed' as const,
			reason: 'filtered',
			provider: `domain-${index}.test`,
			recipients: 60 - index,
		}));
		const long = campaignPage({ summary, moments: [], links: [], setbacks }, TIME);
		expect(long).toContain('domain-49.test');
		expect(long).not.toContain('domain-50.test');
		expect(long).toContain('And 10 more rows.');
		// In words, and not by the name that the taxonomy has for it.
		expect(readMarkup(long, false).text).toContain('refused it');
		expect(long).not.toContain('filtered');
	});
});

describe('a chart', () => {
	const widths = (svg: string) =>
		[...svg.matchAll(/width="([\d.]+)" height="14" rx="3" fill="#1f4fd8"/g)].map(([, width]) =>
			Number(width),
		);

	it('draws bars as long as their values are', () => {
		const { svg } = barChart('Bars', [
			{ label: 'a', value: 200 },
			{ label: 'b', value: 50 },
			{ label: 'c', value: 0 },
		]);
		expect(widths(svg)).toEqual([376, 94]);
	});

	it('has a line for label and figure, whichever of them is long', () => {
		const label = 'a campaign with a name that is long';
		const { svg, words } = barChart('Bars', [
			{ label, value: 31.5, shown: '31.5%', note: 'clicked 6.41%' },
		]);
		const [, ...texts] = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = '']) => text);
		expect(texts).toEqual(['a campaign with a name t…', '31.5% · clicked 6.41%']);
		expect(words).toBe(`Bars: ${label} 31.5% (clicked 6.41%).`);
	});

	it('says in words what it shows, and how many bars it leaves out', () => {
		const bars = Array.from({ length: 14 }, (_, index) => ({ label: `b${index}`, value: index }));
		expect(barChart('Bars', bars).words).toMatch(/^Bars: b0 0; .*b11 11; and 2 more\.$/);
		expect(barChart('Bars', []).words).toBe('Bars: nothing yet.');
	});

	it('adds neighbours up where there are more moments than columns, and loses none', () => {
		const values = Array.from({ length: 1_000 }, () => 1);
		const labels = values.map((_, index) => `h${index}`);
		const { svg, words } = timeChart('Time', labels, [{ label: 'Sent', color: 'blue', values }]);
		expect(svg.match(/height="[\d.]+" fill="#1f4fd8"/g)).toHaveLength(48);
		expect(words).toBe('Time, from h0 to h999: Sent 1,000, most at h0.');
	});

	it('has colours that stand out from white by 3 to 1', () => {
		const source = readFileSync(path.join(__dirname, '../../../mail/report/chart.ts'), 'utf8');
		const table = /const COLORS = \{([^}]+)\}/.exec(source)?.[1] ?? '';
		const colors = table.match(/#[0-9a-f]{6}/g) ?? [];
		expect(colors.length).toBeGreaterThanOrEqual(5);
		for (const color of colors) expect(contrast('#ffffff', color)).toBeGreaterThan(3);
	});

	it('is dark on a dark screen: every colour has another there, that stands out as well', () => {
		const day = { color: 'grey', values: [1, 2] } as const;
		for (const { svg } of [
			barChart('Bars', [
				{ label: 'a', value: 2, color: 'green' },
				{ label: 'b', value: 1, color: 'orange' },
				{ label: 'c', value: 1, color: 'red' },
				{ label: 'd', value: 1, color: 'blue' },
			]),
			timeChart('Time', ['1', '2'], [{ label: 'Sent', ...day }]),
		]) {
			const [, style = '', drawn = ''] = /<style>(.+)<\/style>(.+)$/.exec(svg) ?? [];
			expect(style).toMatch(/^@media \(prefers-color-scheme:dark\)\{/);
			const dark = new Map(
				[...style.matchAll(/\[fill="(#\w+)"\]\{fill:(#\w+)\}/g)].map(([, from = '', to = '']) => [
					from,
					to,
				]),
			);
			const paper = dark.get('#ffffff') ?? '';
			expect(luminance(paper)).toBeLessThan(0.03);
			for (const [, tag, color = ''] of drawn.matchAll(/<(rect|text)[^>]* fill="(#\w+)"/g)) {
				const becomes = dark.get(color) ?? '';
				expect(becomes).toMatch(/^#[0-9a-f]{6}$/);
				if (tag === 'text') expect(contrast(becomes, paper)).toBeGreaterThan(4.5);
				// The paper itself and the empty part of a bar say nothing.
				else if (color !== '#ffffff' && color !== '#eef0f4')
					expect(contrast(becomes, paper)).toBeGreaterThan(3);
			}
		}
	});
});

/** WCAG 2.2, contrast ratio. */
function contrast(one: string, other: string): number {
	const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
	return (high + 0.05) / (low + 0.05);
}

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255;
		return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
