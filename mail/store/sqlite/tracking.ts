import { NO_LINK } from '../../model/tracking';
import { linksOf, Tally } from '../tracking-tally';
import { MAX_EVENTS } from '../tracking-store';
import type {
	CampaignTracking,
	NewTrackedMail,
	NewTrackingEvent,
	RecordedEvent,
	TrackingStore,
} from '../tracking-store';
import type { Database } from './database';
import { prepareTracking } from './tracking-sql';
import type { Steps } from './transactions';

/** How many rows are written before the event loop may have its turn. */
const STEP = 200;

export function createTrackingStore(database: Database, clock: () => number): TrackingStore {
	const sql = prepareTracking(database);

	function* numberAll(campaignId: string, targets: readonly string[]): Steps<number[]> {
		sql.addCampaign.run({ campaignId, now: clock() });
		const numbers: number[] = [];
		for (const [index, target] of targets.entries()) {
			const known = sql.numberOf.get({ campaignId, target });
			if (!known) sql.addLink.run({ campaignId, target });
			const number = (known ?? sql.numberOf.get({ campaignId, target }))?.number;
			if (number === undefined) throw new Error('The mail store lost a link that it was given.');
			numbers.push(number);
			if (index % STEP === STEP - 1) yield;
		}
		return numbers;
	}

	function* addAll(mails: readonly NewTrackedMail[]): Steps<undefined> {
		for (const [index, { reference, campaignId, recipient }] of mails.entries()) {
			sql.addCampaign.run({ campaignId, now: clock() });
			const { key, address } = recipient ?? {};
			sql.addMail.run({ reference, campaignId, key, address, now: clock() });
			if (index % STEP === STEP - 1) yield;
		}
		return undefined;
	}

	function* recordAll(events: readonly NewTrackingEvent[]): Steps<RecordedEvent[]> {
		const tally = new Tally();
		const recorded: RecordedEvent[] = [];
		for (const campaignId of new Set(events.map((event) => event.campaignId)))
			sql.addCampaign.run({ campaignId, now: clock() });
		for (const [index, event] of events.entries()) {
			recorded.push(event.anonymous ? countOnly(event, tally) : recordOne(event, tally));
			if (index % STEP === STEP - 1) yield;
		}
		for (const count of tally.counts()) sql.addCount.run(count);
		return recorded;
	}

	function countOnly(event: NewTrackingEvent, tally: Tally): RecordedEvent {
		for (const link of linksOf(event)) tally.add(event, link, { isFirst: false, isNew: false });
		return { result: 'recorded', first: false };
	}

	function recordOne(event: NewTrackingEvent, tally: Tally): RecordedEvent {
		const { campaignId, reference, at, ip, userAgent, link } = event;
		if ((sql.eventsOf.get({ campaignId, reference })?.events ?? 0) >= MAX_EVENTS)
			return { result: 'ignored' };
		const { event: name, machine } = event;
		sql.addEvent.run({ campaignId, reference, event: name, link, machine, at, ip, userAgent });
		let first = false;
		for (const each of linksOf(event)) {
			const activity = { campaignId, reference, event: name, link: each, machine: machine ? 1 : 0 };
			const isFirst = sql.addActivity.run({ ...activity, at }) === 1;
			if (!isFirst) sql.countActivity.run({ ...activity, at });
			tally.add(event, each, { isFirst, isNew: isFirst && !sql.otherActivity.get(activity) });
			if (each === NO_LINK) first = isFirst;
		}
		return { result: 'recorded', first };
	}

	return {
		async openSite(site) {
			await database.share('powerCut', () => sql.openSite.run({ ...site, now: clock() }));
		},
		async closeSite(id) {
			await database.share('powerCut', () => sql.closeSite.run({ id }));
		},
		currentSite: () =>
			database.read(() => {
				const row = sql.currentSite.get();
				return row && { id: row.id, url: row.url };
			}),

		async setCampaign(campaignId, settings) {
			await database.alone('powerCut', () => {
				sql.addCampaign.run({ campaignId, now: clock() });
				sql.setCampaign.run({ campaignId, settings: JSON.stringify(settings) });
			});
		},
		getCampaign: (campaignId) =>
			database.read(() => {
				const row = sql.getCampaign.get({ campaignId });
				return row && (JSON.parse(row.settings) as CampaignTracking);
			}),

		// On disk before the mails that carry the numbers leave.
		numberLinks: (campaignId, targets) =>
			database.inSteps('powerCut', () => numberAll(campaignId, targets)),
		findTarget: (campaignId, number) =>
			database.read(() => sql.target.get({ campaignId, number })?.target),
		links: (campaignId) =>
			database.read(() =>
				sql.links.all({ campaignId }).map(({ number, target }) => ({ number, target })),
			),

		async addMails(mails) {
			await database.inSteps('powerCut', () => addAll(mails));
		},
		findMail: (reference) =>
			database.read(() => {
				const row = sql.ledgerMail.get({ reference }) ?? sql.singleMail.get({ reference });
				if (!row) return undefined;
				const { campaignId, key, address, sent_at: sentAt } = row;
				return {
					reference,
					campaignId,
					...(key === null || address === null ? {} : { recipient: { key, address } }),
					...(sentAt === null ? {} : { sentAt }),
				};
			}),

		record: (events) => database.inSteps('kill', () => recordAll(events)),

		counts: (campaignId) =>
			database.read(() =>
				sql.counts.all({ campaignId }).map((row) => ({ ...row, machine: row.machine === 1 })),
			),

		async activities(campaignId, references) {
			const found = await database.readEach(references, (reference) =>
				sql.activity.all({ campaignId, reference }),
			);
			return found.flat().map(({ first_at, last_at, machine, ...row }) => ({
				reference: row.reference,
				event: row.event,
				link: row.link,
				events: row.events,
				machine: machine === 1,
				firstAt: first_at,
				lastAt: last_at,
			}));
		},

		async events(campaignId, { limit, offset = 0, reference }) {
			const page = { campaignId, limit: Math.max(limit, 0), offset };
			const rows = await database.read(() =>
				reference === undefined
					? sql.events.all(page)
					: sql.eventsByReference.all({ ...page, reference }),
			);
			return rows.map((row) => ({
				campaignId,
				reference: row.reference,
				event: row.event,
				link: row.link,
				machine: row.machine ?? undefined,
				at: row.at,
				ip: row.ip ?? undefined,
				userAgent: row.user_agent ?? undefined,
			}));
		},
	};
}
