import type { LedgerState } from '../model/outcome';
import { NO_LINK } from '../model/tracking';
import type { TrackingEventName } from '../model/tracking';
import type { OutcomeCount } from '../store/report-store';
import type { CampaignRecord, CampaignState, Feedback } from '../store/store';
import type { EventCount } from '../store/tracking-store';

/** All that the store knows of one campaign in counts: a few hundred rows, however large it is. */
export interface CampaignCounts {
	campaign: CampaignRecord;
	states: Readonly<Record<LedgerState, number>>;
	feedback: Readonly<Record<Feedback['event'], number>>;
	/** Mails that were sent one by one under the campaign's name, outside of the ledger. */
	singleMails: number;
	events: readonly EventCount[];
}

/**
 * What people and machines did of one kind. Programs that block pictures hide opens, so what people did
 * is a lower bound: "at least".
 */
export interface Reaction {
	/** Recipients of whom a person did it. */
	people: number;
	/** Recipients of whom only machines did it. */
	machinesOnly: number;
	/** How often people did it, repeats and those counted without knowing who included. */
	byPeople: number;
	byMachines: number;
}

export interface Summary {
	campaignId: string;
	name: string;
	/** `finished`: it is not halted, and nobody is owed a mail. */
	state: CampaignState | 'finished';
	/** ms since the epoch */
	startedAt: number;
	finishedAt?: number;
	/** All who were taken in, and the mails sent one by one. */
	recipients: number;
	/** Taken by a mail server. */
	sent: number;
	/** Sent, and no bounce of it came home so far. Servers say no more. */
	delivered: number;
	/** Not mailed yet. */
	waiting: number;
	deferred: number;
	/** Were waiting, and got onto the suppression list: they are left out. Known once it is finished. */
	suppressed: number;
	failed: number;
	/** The connection died after the last byte: perhaps sent. */
	unknown: number;
	hardBounced: number;
	softBounced: number;
	complained: number;
	delayed: number;
	autoReplied: number;
	reactions: Readonly<Record<TrackingEventName, Reaction>>;
	rates: Rates;
}

/** In percent, two decimals at most; null where there is nothing to take a part of. */
export interface Rates {
	/** Delivered of sent. */
	delivery: number | null;
	/** Hard and soft bounces of sent. */
	bounce: number | null;
	/** Refused by a server, of all who were tried to a final end (sent or failed). */
	failure: number | null;
	/** Of delivered, as those below. */
	complaint: number | null;
	open: number | null;
	click: number | null;
	unsubscribe: number | null;
	/** Clicked of opened. */
	clickToOpen: number | null;
}

const REACTIONS = ['opened', 'clicked', 'unsubscribed', 'resubscribed'] as const;

/** The figures of one campaign as they stand now. */
export function summarize(counts: CampaignCounts): Summary {
	const { campaign, states, feedback, singleMails } = counts;
	const sent = states.sent + singleMails;
	const bounced = feedback.hardBounce + feedback.softBounce;
	const delivered = Math.max(sent - bounced, 0);
	const open = states.queued + states.claimed + states.dispatched + states.deferred;
	// A campaign is finished when nobody is owed a mail: whoever is left has been suppressed meanwhile.
	const isFinished =
		campaign.state === 'running' && (campaign.finishedAt !== undefined || open === 0);
	const deferred = isFinished ? 0 : states.deferred;
	const reactions = Object.fromEntries(
		REACTIONS.map((name) => [name, reactionOf(counts.events, name, NO_LINK)]),
	) as Record<TrackingEventName, Reaction>;
	const { opened, clicked, unsubscribed } = reactions;
	return {
		campaignId: campaign.id,
		name: campaign.name || campaign.id,
		state: isFinished ? 'finished' : campaign.state,
		startedAt: campaign.createdAt,
		...(campaign.finishedAt === undefined ? {} : { finishedAt: campaign.finishedAt }),
		recipients: sent + open + states.failed + states.unknown,
		sent,
		delivered,
		waiting: isFinished ? 0 : open - deferred,
		deferred,
		suppressed: isFinished ? open : 0,
		failed: states.failed,
		unknown: states.unknown,
		hardBounced: feedback.hardBounce,
		softBounced: feedback.softBounce,
		complained: feedback.complained,
		delayed: feedback.delayed,
		autoReplied: feedback.autoReplied,
		reactions,
		rates: {
			delivery: percent(delivered, sent),
			bounce: percent(bounced, sent),
			failure: percent(states.failed, sent + states.failed),
			complaint: percent(feedback.complained, delivered),
			open: percent(opened.people, delivered),
			click: percent(clicked.people, delivered),
			unsubscribe: percent(unsubscribed.people, delivered),
			clickToOpen: percent(clicked.people, opened.people),
		},
	};
}

/** @returns null for a part of nothing */
export function percent(part: number, whole: number): number | null {
	return whole === 0 ? null : Math.round((part / whole) * 10_000) / 100;
}

function reactionOf(
	events: readonly EventCount[],
	event: TrackingEventName,
	link: number,
): Reaction {
	const reaction = { people: 0, machinesOnly: 0, byPeople: 0, byMachines: 0 };
	let all = 0;
	for (const row of events) {
		if (row.event !== event || row.link !== link) continue;
		all += row.newcomers;
		if (row.machine) reaction.byMachines += row.events;
		else {
			reaction.people += row.recipients;
			reaction.byPeople += row.events;
		}
	}
	return { ...reaction, machinesOnly: Math.max(all - reaction.people, 0) };
}

/** One hour or day of a campaign. */
export interface Moment {
	/** `2026-11-25T14:00`, or `2026-11-25` for a day; in the zone asked for. */
	at: string;
	sent: number;
	deferred: number;
	failed: number;
	/** People for the first time. */
	opened: number;
	clicked: number;
	unsubscribed: number;
	/** Every time, by people. */
	opens: number;
	clicks: number;
}

type Measure = Exclude<keyof Moment, 'at'>;

const OF_STATE: Partial<Record<LedgerState, Measure>> = {
	sent: 'sent',
	deferred: 'deferred',
	failed: 'failed',
};
const OF_EVENT: Partial<Record<TrackingEventName, { people: Measure; all?: Measure }>> = {
	opened: { people: 'opened', all: 'opens' },
	clicked: { people: 'clicked', all: 'clicks' },
	unsubscribed: { people: 'unsubscribed' },
};

/**
 * What happened when, oldest first; hours and days in which nothing did are left out.
 *
 * @param zone whose clocks the days follow, such as `Europe/Paris`
 */
export function timeline(
	outcomes: readonly OutcomeCount[],
	events: readonly EventCount[],
	{ by, zone }: { by: 'hour' | 'day'; zone: string },
): Moment[] {
	const nameOf = clockOf(by, zone);
	const moments = new Map<string, Moment>();
	const add = (hour: number, measure: Measure | undefined, count: number) => {
		if (!measure || count === 0) return;
		const at = nameOf(hour);
		const moment = moments.get(at) ?? { at, ...NOTHING };
		moment[measure] += count;
		moments.set(at, moment);
	};
	for (const { hour, state, recipients } of outcomes) add(hour, OF_STATE[state], recipients);
	for (const { hour, event, link, machine, events: times, recipients } of events) {
		if (machine || link !== NO_LINK) continue;
		add(hour, OF_EVENT[event]?.people, recipients);
		add(hour, OF_EVENT[event]?.all, times);
	}
	return [...moments.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}

const NOTHING: Readonly<Record<Measure, number>> = {
	sent: 0,
	deferred: 0,
	failed: 0,
	opened: 0,
	clicked: 0,
	unsubscribed: 0,
	opens: 0,
	clicks: 0,
};

function clockOf(by: 'hour' | 'day', zone: string): (at: number) => string {
	const format = new Intl.DateTimeFormat('en-CA', {
		timeZone: zone,
		hourCycle: 'h23',
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		...(by === 'hour' ? { hour: '2-digit', minute: '2-digit' } : {}),
	});
	return (at) => {
		const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
		const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
		const day = `${part('year')}-${part('month')}-${part('day')}`;
		return by === 'day' ? day : `${day}T${part('hour')}:${part('minute')}`;
	};
}

/** One link of the campaign's mails, and who followed it. */
export interface LinkFigures extends Reaction {
	number: number;
	target: string;
	/** Of all people who clicked something, how many clicked this; in percent. */
	share: number | null;
}

/** The most clicked first. */
export function linkFigures(
	links: readonly { number: number; target: string }[],
	events: readonly EventCount[],
): LinkFigures[] {
	const byLink = Map.groupBy(events, ({ link }) => link);
	const clickers = reactionOf(byLink.get(NO_LINK) ?? [], 'clicked', NO_LINK).people;
	return links
		.map(({ number, target }) => {
			const reaction = reactionOf(byLink.get(number) ?? [], 'clicked', number);
			return { number, target, ...reaction, share: percent(reaction.people, clickers) };
		})
		.sort((a, b) => b.people - a.people || b.byPeople - a.byPeople || a.number - b.number);
}

/** One recipient who was refused, or of whom something came home. */
export interface Setback {
	event: 'failed' | Feedback['event'];
	/** Of the taxonomy in docs/bounce-reasons.md. */
	reason: string;
	/** A provider's name, or the domain. */
	provider: string;
}

export interface SetbackCount extends Setback {
	recipients: number;
}

/** Counts setbacks of one kind as they come, so that a list of any length needs no memory. */
export class SetbackTally {
	readonly #counts = new Map<string, SetbackCount>();

	add({ event, reason, provider }: Setback): void {
		const key = JSON.stringify([event, reason, provider]);
		const count = this.#counts.get(key);
		if (count) count.recipients += 1;
		else this.#counts.set(key, { event, reason, provider, recipients: 1 });
	}

	/** The most frequent first. */
	counts(): SetbackCount[] {
		return [...this.#counts.values()].sort(
			(a, b) =>
				b.recipients - a.recipients ||
				[a.event, a.reason, a.provider]
					.join()
					.localeCompare([b.event, b.reason, b.provider].join()),
		);
	}
}
