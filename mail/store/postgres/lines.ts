import { Line } from './line';
import type { PostgresPlace } from './place';
import { readFailure } from './problems';

const MAX_CONNECTIONS = 4;
/** A connection that nobody has used for so long is given back, in ms: others need them too. */
const IDLE_MS = 30_000;
/** More works than this do not wait for a connection. */
const MAX_WAITING = 5_000;

export interface LinesOptions {
	place: PostgresPlace;
	/** Looks at a new connection before anybody works on it; what it throws ends the connection. */
	look: (line: Line) => Promise<void>;
	/** What to throw when too many wait. */
	crowded: () => Error;
}

/** A connection that several have at once. */
interface Shared {
	line: Promise<Line>;
	holders: number;
}

/** The few connections of a store, and who works on which. */
export class Lines {
	readonly #idle: Line[] = [];
	readonly #idleTimers = new Map<Line, NodeJS.Timeout>();
	readonly #waiting: ((line: Promise<Line>) => void)[] = [];
	/** Connections that there are, idle or in use. */
	#open = 0;
	/** That of the works whose order counts, for as long as any of them is under way. */
	#shared: Shared | undefined;

	constructor(private readonly options: LinesOptions) {}

	/** Work with a connection to itself. What ends a connection is found in what the work throws. */
	async use<T>(work: (line: Line) => Promise<T>): Promise<T> {
		const line = await this.#take();
		try {
			return await work(line);
		} catch (error) {
			this.#endIfUseless(line, error);
			throw error;
		} finally {
			this.#giveBack(line);
		}
	}

	/**
	 * Work whose order counts: all of it is on one connection, where what was asked for first is done
	 * first, and nobody waits for the answers of those before. Where there is but one connection, the
	 * others would never have it.
	 */
	async useInOrder<T>(work: (line: Line) => Promise<T>): Promise<T> {
		if (this.#most === 1) return await this.use(work);
		const shared = (this.#shared ??= { line: this.#take(), holders: 0 });
		shared.holders += 1;
		let line: Line | undefined;
		try {
			line = await shared.line;
			return await work(line);
		} catch (error) {
			if (line) this.#endIfUseless(line, error);
			if (line?.isDead !== false) this.#shareNoMore(shared);
			throw error;
		} finally {
			shared.holders -= 1;
			if (shared.holders === 0) {
				this.#shareNoMore(shared);
				if (line) this.#giveBack(line);
			}
		}
	}

	get #most(): number {
		return this.options.place.maxConnections ?? MAX_CONNECTIONS;
	}

	/** Closes those that rest. */
	async close(): Promise<void> {
		await Promise.all(this.#takeIdle().map((line) => line.close()));
	}

	#shareNoMore(shared: Shared): void {
		if (this.#shared === shared) this.#shared = undefined;
	}

	/**
	 * Whoever answers no more on one connection, or is in charge no more, is at the other end of those
	 * that rest as well; tried one after the other, each would cost the time until an answer is late.
	 */
	#endIfUseless(line: Line, error: unknown): void {
		if (!readFailure(error)?.endsLine) return;
		line.destroy();
		this.#destroyIdle();
	}

	#destroyIdle(): void {
		for (const idle of this.#takeIdle()) idle.destroy();
	}

	#takeIdle(): Line[] {
		for (const timer of this.#idleTimers.values()) clearTimeout(timer);
		this.#idleTimers.clear();
		this.#open -= this.#idle.length;
		return this.#idle.splice(0);
	}

	#take(): Promise<Line> {
		for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
			clearTimeout(this.#idleTimers.get(idle));
			this.#idleTimers.delete(idle);
			if (!idle.isDead) return Promise.resolve(idle);
			this.#open -= 1;
		}
		if (this.#open < this.#most) return this.#make();
		if (this.#waiting.length >= MAX_WAITING) return Promise.reject(this.options.crowded());
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	async #make(): Promise<Line> {
		this.#open += 1;
		const line = new Line(this.options.place);
		try {
			await this.options.look(line);
			return line;
		} catch (error) {
			line.destroy();
			this.#destroyIdle();
			this.#giveBack(line);
			throw error;
		}
	}

	#giveBack(line: Line): void {
		const next = this.#waiting.shift();
		if (line.isDead) {
			this.#open -= 1;
			next?.(this.#make());
		} else if (next) next(Promise.resolve(line));
		else this.#rest(line);
	}

	#rest(line: Line): void {
		this.#idle.push(line);
		const timer = setTimeout(() => {
			this.#idle.splice(this.#idle.indexOf(line), 1);
			this.#idleTimers.delete(line);
			this.#open -= 1;
			void line.close();
		}, IDLE_MS);
		timer.unref();
		this.#idleTimers.set(line, timer);
	}
}
