import { domainOf } from '../model/address';
import type { PaceSignal } from '../smtp/reply';
import type { PaceBook } from '../store/store';
import { hear, hearAccepted, isCalm, levelAt, moodLimit } from './adapt';
import type { Mood } from './adapt';
import { Desk } from './desk';
import type { Ruled, Slot } from './desk';
import { accountPageKey, readAccountPage, slotPageKey } from './page';
import { accountLimits, laneOf, mergePlans, NO_PLAN, ruleFor } from './plan';
import type { PacePlan } from './plan';
import { Providers } from './provider';
import { opensAt } from './quiet-hours';
import { RecentRate } from './recent-rate';

export interface PacerOptions {
	book: PaceBook;
	/** Whose limits these are; the same for everything that sends by one account. */
	account: string;
	/**
	 * The account's plan from now on, for all who send by it; left out: the one it has. When somebody
	 * gives the account another one meanwhile, this pacer keeps to both.
	 */
	plan?: PacePlan;
	providers?: Providers;
	/** A clock that only goes forward, in ms. */
	monotonic?: () => number;
}

/** Why a lane lets nothing through now, and for how long at least (ms). */
export type Shut = { cause: 'limit' | 'quietHours' | 'paused' | 'policy' | 'reputation' } & {
	waitMs: number;
	why?: string;
};

/** The lane of everything that the account sends. */
export const WHOLE_ACCOUNT = '*';

/** How often the plan and the moods are read that other processes may have changed, in ms. */
const LOOK_MS = 1_000;
/** A lane that waits for another mail of its own, or for the book, is looked at when that happens. */
const UNTIL_NEWS_MS = 1_000;

interface Lane {
	name: string;
	desk: Desk | undefined;
	underway: number;
	rate: RecentRate;
}

/**
 * How fast an account may send, to whom, now. Recipients are in lanes, one a provider; a lane is asked
 * for leave before each mail, and told what the server said to it.
 */
export class Pacer {
	readonly providers: Providers;
	readonly #lanes = new Map<string, Lane>();
	readonly #whole: Lane;
	readonly #listeners = new Set<() => void>();
	#plan: PacePlan = NO_PLAN;
	#merged: { of: string; plan: PacePlan } | undefined;
	#moods: ReadonlyMap<string, Mood> = new Map();
	/** The store's clock less ours. */
	#offset = 0;
	#timer: NodeJS.Timeout | undefined;
	#writing: Promise<void> = Promise.resolve();
	#broken: { error: unknown } | undefined;

	private constructor(private readonly options: PacerOptions) {
		this.providers = options.providers ?? new Providers();
		this.#whole = this.#newLane(WHOLE_ACCOUNT);
	}

	/** Reads how things are, and from then on knows it within a second. */
	static async start(options: PacerOptions): Promise<Pacer> {
		const pacer = new Pacer(options);
		await pacer.#look(options.plan);
		pacer.#timer = setInterval(() => {
			pacer.#look().catch((error: unknown) => {
				pacer.#broken = { error };
			});
		}, LOOK_MS);
		pacer.#timer.unref();
		return pacer;
	}

	/** Calls `listener` when a lane may be open that was shut. @returns what ends that */
	listen(listener: () => void): () => void {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	}

	get plan(): PacePlan {
		return this.#plan;
	}

	/** The lane of a recipient. */
	laneOf(address: string): string {
		return laneOf(domainOf(address), this.#plan, this.providers);
	}

	/**
	 * Leave for one mail on this lane.
	 *
	 * @throws what the store threw since the last time
	 */
	ask(name: string): Slot | Shut {
		if (this.#broken) throw this.#broken.error;
		const lane = this.#lane(name);
		const shut = this.isShut(name);
		if (shut) return shut;
		const desk = this.#deskOf(lane);
		if (!desk) return this.#pass(lane, undefined);
		const slot = desk.take();
		if (slot) return this.#pass(lane, slot);
		return { cause: 'limit', waitMs: desk.waitMs || UNTIL_NEWS_MS };
	}

	/** Why the lane lets nothing through now, as far as that is known without asking the store. */
	isShut(name: string): Shut | undefined {
		const shut = this.#isHalted(WHOLE_ACCOUNT) ?? this.#isHalted(name) ?? this.#isQuiet();
		if (shut) return shut;
		const lane = this.#lane(name);
		const { connections = Infinity } = ruleFor(this.#plan, name) ?? {};
		if (lane.underway >= connections) return { cause: 'limit', waitMs: UNTIL_NEWS_MS };
		const waitMs = this.#deskOf(lane)?.waitMs ?? 0;
		return waitMs > 0 ? { cause: 'limit', waitMs } : undefined;
	}

	/** What a reply to a mail on this lane asks of the pace. */
	refused(
		name: string,
		signal: PaceSignal,
		{ reply, retryAfterMs }: { reply: string; retryAfterMs?: number },
	): void {
		const ratePerMinute = this.#lane(name).rate.perMinute(this.#now());
		this.#changeMood(name, (mood, now) =>
			hear(mood, signal, reply, { now, ratePerMinute, retryAfterMs }),
		);
	}

	accepted(name: string): void {
		if (this.#moods.get(name)?.strikes) this.#changeMood(name, hearAccepted);
	}

	/** What is in force besides the plan: providers that are slowed down or stopped, and why. */
	moods(): { lane: string; mood: Mood; level: number; resumesInMs: number }[] {
		const now = this.#storeNow();
		return [...this.#moods].map(([lane, mood]) => ({
			lane,
			mood,
			level: levelAt(mood, now),
			resumesInMs: Math.max(mood.pausedUntil - now, 0),
		}));
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		await this.#writing;
		for (const { desk } of [this.#whole, ...this.#lanes.values()]) await desk?.close();
	}

	#pass(lane: Lane, slot: Slot | undefined): Slot {
		lane.underway += 1;
		let open = true;
		const end = (was: 'finish' | 'giveBack') => {
			if (!open) return;
			open = false;
			lane.underway -= 1;
			if (was === 'finish') {
				lane.rate.count(this.#now());
				this.#whole.rate.count(this.#now());
			}
			slot?.[was]();
			this.#tell();
		};
		return {
			get isOver() {
				return slot?.isOver ?? false;
			},
			finish: () => {
				end('finish');
			},
			giveBack: () => {
				end('giveBack');
			},
		};
	}

	#isHalted(name: string): Shut | undefined {
		const mood = this.#moods.get(name);
		if (!mood) return undefined;
		const waitMs = mood.pausedUntil - this.#storeNow();
		if (waitMs <= 0) return undefined;
		return { cause: mood.stopped ?? 'paused', waitMs, why: mood.why };
	}

	#isQuiet(): Shut | undefined {
		const { quietHours } = this.#plan;
		if (!quietHours) return undefined;
		const now = this.#storeNow();
		const waitMs = opensAt(quietHours, now) - now;
		return waitMs > 0 ? { cause: 'quietHours', waitMs } : undefined;
	}

	#lane(name: string): Lane {
		if (name === WHOLE_ACCOUNT) return this.#whole;
		let lane = this.#lanes.get(name);
		if (!lane) {
			lane = this.#newLane(name);
			this.#lanes.set(name, lane);
		}
		return lane;
	}

	#newLane(name: string): Lane {
		return { name, desk: undefined, underway: 0, rate: new RecentRate() };
	}

	/** Lanes without limits of their own share the account's desk; where there are none, none is asked. */
	#deskOf(lane: Lane): Desk | undefined {
		if (this.#hasLimits(lane.name)) return (lane.desk ??= this.#newDesk(lane));
		if (!this.#accountHasLimits) return undefined;
		return (this.#whole.desk ??= this.#newDesk(this.#whole));
	}

	#hasLimits(name: string): boolean {
		const rule = ruleFor(this.#plan, name);
		return (
			(rule !== undefined && rule.limits.length > 0) || (this.#moods.get(name)?.level ?? 0) > 0
		);
	}

	get #accountHasLimits(): boolean {
		const { limits, warmUp = [] } = this.#plan;
		const mood = this.#moods.get(WHOLE_ACCOUNT);
		return limits.length > 0 || warmUp.length > 0 || (mood?.level ?? 0) > 0;
	}

	#newDesk({ name }: Lane): Desk {
		const { book, account, monotonic } = this.options;
		const moodOf = (lane: string, now: number) => {
			const mood = this.#moods.get(lane);
			const limit = mood && moodLimit(mood, now);
			return limit ? [limit] : [];
		};
		const whole: Ruled = {
			key: slotPageKey(account, WHOLE_ACCOUNT),
			limits: (since, now) => [
				...accountLimits(this.#plan, since, now),
				...moodOf(WHOLE_ACCOUNT, now),
			],
		};
		const own: Ruled = {
			key: slotPageKey(account, name),
			limits: (_, now) => [...(ruleFor(this.#plan, name)?.limits ?? []), ...moodOf(name, now)],
		};
		return new Desk(book, name === WHOLE_ACCOUNT ? [whole] : [whole, own], {
			monotonic,
			onChange: () => {
				this.#tell();
			},
			onError: (error) => {
				this.#broken = { error };
				this.#tell();
			},
		});
	}

	/** Changes one mood, here at once and then on the page that all share. What is calm again leaves it. */
	#changeMood(
		name: string,
		change: (mood: Mood | undefined, now: number) => Mood | undefined,
	): void {
		const mood = change(this.#moods.get(name), this.#storeNow());
		if (mood) this.#moods = new Map([...this.#moods, [name, mood]]);
		const write = () =>
			this.options.book.revise([accountPageKey(this.options.account)], ([text], now) => {
				const page = readAccountPage(text);
				const moods = new Map(page.moods.filter(([, mood]) => !isCalm(mood, now)));
				const mood = change(moods.get(name), now);
				if (mood) moods.set(name, mood);
				return { pages: [JSON.stringify({ ...page, moods: [...moods] })], result: moods };
			});
		this.#writing = this.#writing.then(write).then(
			(moods) => {
				this.#moods = moods;
				this.#tell();
			},
			(error: unknown) => {
				this.#broken = { error };
			},
		);
	}

	/** Reads the account's page; gives it a new plan if there is one, and drops moods that are over. */
	async #look(newPlan?: PacePlan): Promise<void> {
		const { page, now } = await this.options.book.revise(
			[accountPageKey(this.options.account)],
			([text], storeNow) => {
				const known = readAccountPage(text);
				if (!newPlan) return { pages: [undefined], result: { page: known, now: storeNow } };
				const changed = { ...known, plan: newPlan };
				return { pages: [JSON.stringify(changed)], result: { page: changed, now: storeNow } };
			},
		);
		this.#offset = now - this.#now();
		this.#plan = this.#both(page.plan ?? NO_PLAN);
		this.#moods = new Map(page.moods.filter(([, mood]) => !isCalm(mood, now)));
		this.#tell();
	}

	/** Another run may have changed the account's plan: what this one promised holds all the same. */
	#both(current: PacePlan): PacePlan {
		const { plan } = this.options;
		const text = JSON.stringify(current);
		if (!plan || text === JSON.stringify(plan)) return current;
		if (this.#merged?.of !== text) this.#merged = { of: text, plan: mergePlans(current, plan) };
		return this.#merged.plan;
	}

	#tell(): void {
		for (const listener of [...this.#listeners]) listener();
	}

	#storeNow(): number {
		return this.#now() + this.#offset;
	}

	#now(): number {
		return (this.options.monotonic ?? (() => performance.now()))();
	}
}

export function isSlot(answer: Slot | Shut): answer is Slot {
	return 'finish' in answer;
}
