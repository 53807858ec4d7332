import type { CampaignCounts } from '../../../mail/report/figures';
import { linkFigures, SetbackTally, summarize, timeline } from '../../../mail/report/figures';
import type { EventCount } from '../../../mail/store/tracking-store';

const HOUR = 3_600_000;
/** 23:00 UTC, which is midnight in Paris. */
const START = Date.UTC(2026, 10, 24, 23);

const event = (more: Partial<EventCount>): EventCount => ({
	hour: START,
	event: 'opened',
	link: 0,
	machine: false,
	events: 0,
	recipients: 0,
	newcomers: 0,
	...more,
});

const EVENTS: EventCount[] = [
	event({ events: 30, recipients: 20, newcomers: 15 }),
	event({ hour: START + HOUR, events: 12, recipients: 4, newcomers: 4 }),
	// 15 by machines, of which 5 opened themselves later.
	event({ machine: true, events: 50, recipients: 15, newcomers: 15 }),
	event({ event: 'clicked', events: 9, recipients: 6, newcomers: 6 }),
	event({ event: 'clicked', link: 1, events: 3, recipients: 2, newcomers: 2 }),
	event({ event: 'clicked', link: 2, events: 6, recipients: 5, newcomers: 5 }),
	event({ event: 'clicked', link: 2, machine: true, events: 7, recipients: 7, newcomers: 7 }),
	event({ event: 'clicked', machine: true, events: 7, recipients: 7, newcomers: 7 }),
	event({ event: 'unsubscribed', events: 2, recipients: 2, newcomers: 2 }),
];

const counts = (more: Partial<CampaignCounts> = {}): CampaignCounts => ({
	campaign: {
		id: 'spring',
		name: '',
		account: '',
		state: 'running',
		createdAt: START,
		stateSince: START,
	},
	states: { queued: 0, claimed: 0, dispatched: 0, sent: 97, deferred: 0, failed: 3, unknown: 1 },
	feedback: { hardBounce: 4, softBounce: 3, complained: 1, delayed: 2, autoReplied: 5 },
	singleMails: 3,
	events: EVENTS,
	...more,
});

describe('the summary of a campaign', () => {
	it('adds up what is known, with single mails among the sent, and takes bounces from delivered', () => {
		expect(summarize(counts())).toMatchObject({
			name: 'spring',
			state: 'finished',
			recipients: 104,
			sent: 100,
			delivered: 93,
			waiting: 0,
			failed: 3,
			unknown: 1,
			hardBounced: 4,
			softBounced: 3,
			complained: 1,
			delayed: 2,
			autoReplied: 5,
		});
	});

	it('counts people and machines apart, and nobody twice', () => {
		const { reactions } = summarize(counts());
		expect(reactions).toEqual({
			opened: { people: 24, machinesOnly: 10, byPeople: 42, byMachines: 50 },
			clicked: { people: 6, machinesOnly: 7, byPeople: 9, byMachines: 7 },
			unsubscribed: { people: 2, machinesOnly: 0, byPeople: 2, byMachines: 0 },
			resubscribed: { people: 0, machinesOnly: 0, byPeople: 0, byMachines: 0 },
		});
	});

	it('gives rates in percent of what they are a part of', () => {
		expect(summarize(counts()).rates).toEqual({
			delivery: 93,
			bounce: 7,
			failure: 2.91,
			complaint: 1.08,
			open: 25.81,
			click: 6.45,
			unsubscribe: 2.15,
			clickToOpen: 25,
		});
	});

	it('has no rate of nothing, and is running while somebody waits', () => {
		const states = {
			queued: 2,
			claimed: 1,
			dispatched: 1,
			sent: 0,
			deferred: 0,
			failed: 0,
			unknown: 0,
		};
		const feedback = { hardBounce: 0, softBounce: 0, complained: 0, delayed: 0, autoReplied: 0 };
		const empty = summarize(counts({ states, feedback, singleMails: 0, events: [] }));
		expect(empty).toMatchObject({ state: 'running', waiting: 4, recipients: 4 });
		expect(Object.values(empty.rates)).toEqual(Array(8).fill(null));
	});
});

describe('the timeline', () => {
	const outcomes = [
		{ hour: START - HOUR, state: 'sent' as const, recipients: 40 },
		{ hour: START, state: 'sent' as const, recipients: 57 },
		{ hour: START, state: 'failed' as const, recipients: 3 },
		{ hour: START, state: 'queued' as const, recipients: 9 },
	];

	it('tells hours by the clocks of the zone, oldest first, machines left out', () => {
		const moments = timeline(outcomes, EVENTS, { by: 'hour', zone: 'Europe/Paris' });
		expect(moments.map(({ at }) => at)).toEqual([
			'2026-11-24T23:00',
			'2026-11-25T00:00',
			'2026-11-25T01:00',
		]);
		expect(moments[1]).toEqual({
			at: '2026-11-25T00:00',
			sent: 57,
			deferred: 0,
			failed: 3,
			opened: 20,
			clicked: 6,
			unsubscribed: 2,
			opens: 30,
			clicks: 9,
		});
	});

	it('begins a day at the midnight of the zone', () => {
		const sentOn = (zone: string) =>
			timeline(outcomes, [], { by: 'day', zone }).map(({ at, sent }) => [at, sent]);
		expect(sentOn('Europe/Paris')).toEqual([
			['2026-11-24', 40],
			['2026-11-25', 57],
		]);
		expect(sentOn('UTC')).toEqual([['2026-11-24', 97]]);
	});
});

describe('the links', () => {
	it('are in the order of the people who clicked, with their share of all who did', () => {
		const targets = [
			{ number: 1, target: 'https://a.test' },
			{ number: 2, target: 'https://b.test' },
			{ number: 3, target: 'https://c.test' },
		];
		expect(
			linkFigures(targets, EVENTS).map(({ number, people, share, byPeople, byMachines }) => [
				number,
				people,
				share,
				byPeople,
				byMachines,
			]),
		).toEqual([
			[2, 5, 83.33, 6, 7],
			[1, 2, 33.33, 3, 0],
			[3, 0, 0, 0, 0],
		]);
	});
});

describe('setbacks', () => {
	it('are counted by event, reason and provider', () => {
		const tally = new SetbackTally();
		const add = (reason: string, provider: string) => {
			tally.add({ event: 'hardBounce', reason, provider });
		};
		add('userunknown', 'x.test');
		add('userunknown', 'google');
		add('userunknown', 'google');
		add('suspend', 'google');
		expect(tally.counts().map(({ reason, provider, recipients }) => [reason, provider, recipients]))
			// The same number: by name.
			.toEqual([
				['userunknown', 'google', 2],
				['suspend', 'google', 1],
				['userunknown', 'x.test', 1],
			]);
	});
});
