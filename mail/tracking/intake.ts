import { stopWithProcess } from '../model/process-end';
import type { MachineSign, TrackingEventName } from '../model/tracking';
import type { MailStore } from '../store/store';
import type { NewTrackingEvent, TrackedMail } from '../store/tracking-store';
import { isBurst, signOfMoment } from './machine';

/** An open or a click, as its request told it. */
export interface Hit {
	mail: TrackedMail;
	event: Extract<TrackingEventName, 'opened' | 'clicked'>;
	link: number;
	target?: string;
	at: number;
	machine?: MachineSign;
	ip?: string;
	userAgent?: string;
}

/** A hit as it was recorded. */
export interface JudgedHit extends Hit {
	first: boolean;
}

/** A recipient's hits are judged together, once so long passed without another; in ms. */
const QUIET_MS = 3_000;
/** And at the latest so long after the first. */
const LONGEST_VISIT_MS = 12_000;
/** How often visits are looked at. */
const LOOK_MS = 500;
/** More than this waits in no case: the oldest are judged as they are. */
const MOST_WAITING = 20_000;
/** More hits of one recipient within one visit than this are let go. */
const MOST_IN_VISIT = 100;

interface Waiting {
	hit: Hit;
	done: (judged: JudgedHit | undefined) => void;
	failed: (error: unknown) => void;
}

interface Visit {
	begun: number;
	last: number;
	waiting: Waiting[];
}

/**
 * Gathers opens and clicks and writes them in batches. They wait a few seconds: a scanner that tries
 * every link of a mail is only known by the next link it tries, and then all it did was a machine's.
 *
 * What waits is lost if the process is killed, and written if it is asked to end.
 */
export class HitIntake {
	readonly #visits = new Map<string, Visit>();
	readonly #store: Pick<MailStore, 'tracking'>;
	readonly #clock: () => number;
	#size = 0;
	#timer: NodeJS.Timeout | undefined;
	#processGoesOn: () => void = () => undefined;

	constructor(store: Pick<MailStore, 'tracking'>, clock: () => number = Date.now) {
		this.#store = store;
		this.#clock = clock;
	}

	/** How many hits wait. */
	get size(): number {
		return this.#size;
	}

	/** @returns the hit as it was recorded; undefined when there were too many of this recipient */
	add(hit: Hit): Promise<JudgedHit | undefined> {
		const { reference } = hit.mail;
		const now = this.#clock();
		let visit = this.#visits.get(reference);
		if (!visit) {
			visit = { begun: now, last: now, waiting: [] };
			this.#visits.set(reference, visit);
		}
		visit.last = now;
		if (hit.mail.recipient && visit.waiting.length >= MOST_IN_VISIT)
			return Promise.resolve(undefined);
		const { waiting } = visit;
		this.#size += 1;
		this.#watch();
		const judged = new Promise<JudgedHit | undefined>((done, failed) => {
			waiting.push({ hit, done, failed });
		});
		if (this.#size > MOST_WAITING) void this.flush();
		return judged;
	}

	/** Judges and writes everything that waits. */
	flush(): Promise<void> {
		const visits = [...this.#visits.values()];
		this.#visits.clear();
		return this.#write(visits);
	}

	#watch(): void {
		if (this.#timer) return;
		this.#processGoesOn = stopWithProcess(() => {
			void this.flush().finally(() => {
				this.#rest();
			});
		});
		this.#timer = setInterval(() => {
			this.#look();
		}, LOOK_MS);
	}

	#rest(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#processGoesOn();
	}

	#look(): void {
		const now = this.#clock();
		const over: Visit[] = [];
		for (const [reference, visit] of this.#visits) {
			if (now - visit.last < QUIET_MS && now - visit.begun < LONGEST_VISIT_MS) continue;
			this.#visits.delete(reference);
			over.push(visit);
		}
		if (over.length > 0) void this.#write(over);
		else if (this.#visits.size === 0) this.#rest();
	}

	async #write(visits: readonly Visit[]): Promise<void> {
		const all = visits.flatMap(judge);
		this.#size -= all.length;
		try {
			const recorded = await this.#store.tracking.record(all.map(({ hit }) => toEvent(hit)));
			for (const [index, { hit, done }] of all.entries()) {
				const result = recorded[index];
				done(result?.result === 'recorded' ? { ...hit, first: result.first } : undefined);
			}
		} catch (error) {
			for (const { failed } of all) failed(error);
		}
	}
}

/** Each hit of a visit with what the whole visit says of it. Hits of nobody known say nothing of each other. */
function judge({ waiting }: Visit): Waiting[] {
	const burst = isBurst(
		waiting
			.map(({ hit }) => hit)
			.filter(({ event, mail }) => event === 'clicked' && mail.recipient),
	);
	return waiting.map(({ hit, ...rest }) => {
		const moment = hit.mail.recipient && signOfMoment(hit.at, hit.mail.sentAt);
		const machine = hit.machine ?? moment ?? (burst ? ('burst' as const) : undefined);
		return { ...rest, hit: { ...hit, machine } };
	});
}

function toEvent({ mail, event, link, at, machine, ip, userAgent }: Hit): NewTrackingEvent {
	const { campaignId, reference, recipient } = mail;
	const said = { campaignId, reference, event, link, at, machine };
	return recipient ? { ...said, ip, userAgent } : { ...said, anonymous: true };
}
