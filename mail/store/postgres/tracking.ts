import { createHash } from 'node:crypto';
import { NO_LINK } from '../../model/tracking';
import { MAX_EVENTS } from '../tracking-store';
import type {
	CampaignTracking,
	NewTrackingEvent,
	RecordedEvent,
	TrackingStore,
} from '../tracking-store';
import { linksOf, Tally } from '../tracking-tally';
import { chunksOf } from './chunks';
import type { Database, Session } from './database';
import { LEDGER } from './ledger-sql';
import { lock } from './lock';
import { TRACKING } from './tracking-sql';
import type { ActivityRow } from './tracking-sql';

export function createTrackingStore(database: Database): TrackingStore {
	return {
		async openSite(site) {
			await database.all(TRACKING.openSite, site);
		},
		async closeSite(id) {
			await database.all(TRACKING.closeSite, { id });
		},
		currentSite: () => database.get(TRACKING.currentSite),

		async setCampaign(campaignId, settings) {
			await database.transaction(async ({ all }) => {
				await all(TRACKING.addCampaigns, { campaigns: [campaignId] });
				await all(TRACKING.setCampaign, { campaignId, settings: JSON.stringify(settings) });
			});
		},
		async getCampaign(campaignId) {
			const row = await database.get(TRACKING.getCampaign, { campaignId });
			return row && (JSON.parse(row.settings) as CampaignTracking);
		},

		numberLinks: (campaignId, targets) =>
			database.transaction(async ({ all }) => {
				// Keeps the campaign until the end: numbers are given to one after the other.
				await all(LEDGER.openCampaign, { campaignId });
				const numbers: number[] = [];
				for (const chunk of chunksOf(targets)) {
					const digests = chunk.map(digestOf);
					const unique = new Map(chunk.map((target, index) => [digests[index] ?? '', target]));
					await all(TRACKING.addLinks, {
						campaignId,
						targets: [...unique.values()],
						digests: [...unique.keys()],
					});
					const rows = await all(TRACKING.numbers, { campaignId, digests: [...unique.keys()] });
					const byDigest = new Map(rows.map(({ digest, number }) => [digest, number]));
					for (const digest of digests) numbers.push(byDigest.get(digest) ?? 0);
				}
				return numbers;
			}),
		async findTarget(campaignId, number) {
			return (await database.get(TRACKING.target, { campaignId, number }))?.target;
		},
		links: (campaignId) => database.all(TRACKING.links, { campaignId }),

		async addMails(mails) {
			await database.transaction(async ({ all }) => {
				for (const chunk of chunksOf(mails)) {
					const campaigns = chunk.map(({ campaignId }) => campaignId);
					await all(TRACKING.addCampaigns, { campaigns });
					await all(TRACKING.addMails, {
						campaigns,
						references: chunk.map(({ reference }) => reference),
						keys: chunk.map(({ recipient }) => recipient?.key ?? null),
						addresses: chunk.map(({ recipient }) => recipient?.address ?? null),
					});
				}
			});
		},
		async findMail(reference) {
			const row =
				(await database.get(TRACKING.ledgerMail, { reference })) ??
				(await database.get(TRACKING.singleMail, { reference }));
			if (!row) return undefined;
			const { campaignId, key, address, sent_at: sentAt } = row;
			return {
				reference,
				campaignId,
				...(key === null || address === null ? {} : { recipient: { key, address } }),
				...(sentAt === null ? {} : { sentAt }),
			};
		},

		record: (events) =>
			database.transaction(async (session) => {
				const recorded: RecordedEvent[] = [];
				const campaigns = events.map(({ campaignId }) => campaignId);
				await session.all(TRACKING.addCampaigns, { campaigns });
				// Who was first is decided by looking first, so those of one campaign wait for each other.
				await lock(session, 'tracking', campaigns);
				for (const chunk of chunksOf(events))
					for (const one of await recordAll(session, chunk)) recorded.push(one);
				return recorded;
			}),

		counts: (campaignId) => database.all(TRACKING.counts, { campaignId }),

		async activities(campaignId, references) {
			const found: ActivityRow[] = [];
			for (const chunk of chunksOf(references)) {
				const asked = { campaigns: chunk.map(() => campaignId), references: chunk };
				for (const row of await database.all(TRACKING.activitiesOf, asked)) found.push(row);
			}
			return found.map(({ reference, event, link, machine, events, first_at, last_at }) => ({
				...{ reference, event, link, machine, events },
				firstAt: first_at,
				lastAt: last_at,
			}));
		},

		async events(campaignId, { limit, offset = 0, reference }) {
			const page = { campaignId, limit: Math.max(limit, 0), offset, reference };
			const rows = await database.all(
				reference === undefined ? TRACKING.events : TRACKING.eventsByReference,
				page,
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

function digestOf(target: string): string {
	return createHash('sha256').update(target).digest('hex');
}

type ActivityKey = Pick<ActivityRow, 'campaignId' | 'reference' | 'event' | 'link' | 'machine'>;

/** What recipients did so far, and what a batch adds to it. */
class Deeds {
	readonly #known = new Set<string>();
	readonly #events = new Map<string, number>();
	readonly #added = new Map<
		string,
		ActivityKey & { events: number; firstAt: number; lastAt: number }
	>();

	constructor(rows: readonly ActivityRow[]) {
		for (const row of rows) {
			this.#known.add(nameOf(row));
			if (row.link === NO_LINK) this.#count(row, row.events);
		}
	}

	/** How many events of this recipient are kept. */
	eventsOf(mail: { campaignId: string; reference: string }): number {
		return this.#events.get(mailName(mail)) ?? 0;
	}

	has(key: ActivityKey): boolean {
		return this.#known.has(nameOf(key));
	}

	add(key: ActivityKey, at: number): void {
		const name = nameOf(key);
		this.#known.add(name);
		if (key.link === NO_LINK) this.#count(key, 1);
		const known = this.#added.get(name) ?? { ...key, events: 0, firstAt: at, lastAt: at };
		known.events += 1;
		known.firstAt = Math.min(known.firstAt, at);
		known.lastAt = Math.max(known.lastAt, at);
		this.#added.set(name, known);
	}

	get added() {
		return [...this.#added.values()];
	}

	#count(mail: { campaignId: string; reference: string }, events: number): void {
		this.#events.set(mailName(mail), this.eventsOf(mail) + events);
	}
}

async function recordAll(
	{ all }: Session,
	events: readonly NewTrackingEvent[],
): Promise<RecordedEvent[]> {
	const mails = new Map(
		events.filter(({ anonymous }) => !anonymous).map((event) => [mailName(event), event]),
	);
	const deeds = new Deeds(await all(TRACKING.activitiesOf, namesOf([...mails.values()])));
	const tally = new Tally();
	const kept: NewTrackingEvent[] = [];
	const recorded = events.map((event): RecordedEvent => {
		if (event.anonymous) {
			for (const link of linksOf(event)) tally.add(event, link, { isFirst: false, isNew: false });
			return { result: 'recorded', first: false };
		}
		if (deeds.eventsOf(event) >= MAX_EVENTS) return { result: 'ignored' };
		kept.push(event);
		let first = false;
		for (const link of linksOf(event)) {
			const { campaignId, reference, event: name } = event;
			const key = {
				campaignId,
				reference,
				event: name,
				link,
				machine: event.machine !== undefined,
			};
			const isFirst = !deeds.has(key);
			tally.add(event, link, {
				isFirst,
				isNew: isFirst && !deeds.has({ ...key, machine: !key.machine }),
			});
			deeds.add(key, event.at);
			if (link === NO_LINK) first = isFirst;
		}
		return { result: 'recorded', first };
	});
	await Promise.all([addEvents(all, kept), addActivities(all, deeds), addCounts(all, tally)]);
	return recorded;
}

function addEvents(all: Session['all'], events: readonly NewTrackingEvent[]) {
	return all(TRACKING.addEvents, {
		...namesOf(events),
		events: events.map(({ event }) => event),
		links: events.map(({ link }) => link),
		machines: events.map(({ machine }) => machine ?? null),
		ats: events.map(({ at }) => at),
		ips: events.map(({ ip }) => ip ?? null),
		userAgents: events.map(({ userAgent }) => userAgent ?? null),
	});
}

function addActivities(all: Session['all'], { added }: Deeds) {
	return all(TRACKING.addActivities, {
		...namesOf(added),
		events: added.map(({ event }) => event),
		links: added.map(({ link }) => link),
		machines: added.map(({ machine }) => (machine ? 1 : 0)),
		counts: added.map(({ events }) => events),
		firstAts: added.map(({ firstAt }) => firstAt),
		lastAts: added.map(({ lastAt }) => lastAt),
	});
}

function addCounts(all: Session['all'], tally: Tally) {
	const counts = [...tally.counts()];
	return all(TRACKING.addCounts, {
		campaigns: counts.map(({ campaignId }) => campaignId),
		hours: counts.map(({ hour }) => hour),
		events: counts.map(({ event }) => event),
		links: counts.map(({ link }) => link),
		machines: counts.map(({ machine }) => machine),
		counts: counts.map(({ events }) => events),
		recipients: counts.map(({ recipients }) => recipients),
		newcomers: counts.map(({ newcomers }) => newcomers),
	});
}

function namesOf(items: readonly { campaignId: string; reference: string }[]) {
	return {
		campaigns: items.map(({ campaignId }) => campaignId),
		references: items.map(({ reference }) => reference),
	};
}

function mailName({ campaignId, reference }: { campaignId: string; reference: string }): string {
	return JSON.stringify([campaignId, reference]);
}

function nameOf({ campaignId, reference, event, link, machine }: ActivityKey): string {
	return JSON.stringify([campaignId, reference, event, link, machine]);
}
