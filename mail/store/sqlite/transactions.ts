import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { LogOnDisk } from './log-on-disk';
import { isBusy } from './problems';

/**
 * What a write has to outlive once its promise has resolved.
 *
 * `kill`: the end of the process, in whatever way. The write is in the system's hands (PRAGMA
 * synchronous=NORMAL), which takes no wait for the disk.
 *
 * `powerCut`: the end of the machine too. The log is forced to the disk, and with it, since it is one
 * log, everything that was written before. Other transactions go on meanwhile.
 *
 * `soonPowerCut`: as `kill`, and some milliseconds later the log is forced to the disk: a power cut may
 * take back what was written since. To force it without a pause takes half of what a sender reaches,
 * since writes wait while the disk is at work.
 *
 * Needed on disk is whatever would lead to a second mail or to an unwanted one if it were forgotten:
 * a dispatch, a suppression, a key. A forgotten claim is claimed again; a forgotten outcome leaves
 * the row `dispatched`, which becomes `unknown` and is not mailed again.
 */
export type Outlives = 'kill' | 'soonPowerCut' | 'powerCut';

/** Work in steps; between two of them the event loop may be given its turn. */
export type Steps<T> = Generator<undefined, T>;

/** For how long, in ms, work in steps may keep the event loop waiting. */
const SLICE_MS = 25;

/** With a commit of its own, with what else is asked for in this turn, or with the next that comes. */
type Commit = 'alone' | 'now' | 'later';

/** For how long, in ms, what may be committed later waits for others. */
const LATER_MS = 5;

/** How long, in ms, what is to be on the disk soon waits for others. */
const SOON_MS = 10;

interface Job {
	outlives: Outlives;
	commit: Commit;
	work: () => unknown;
	resolve: (value: never) => void;
	reject: (error: unknown) => void;
}

/**
 * The transactions of one connection, one after the other, in the order they were asked for.
 *
 * Each begins as IMMEDIATE: it has the write lock before it reads, so that nothing it has read can
 * change under it, whatever other processes do. While another process has the lock we wait without
 * blocking the event loop, up to `patienceMs`.
 */
export class Transactions {
	readonly #handle: DatabaseSync;
	readonly #patienceMs: number;
	readonly #jobs: Job[] = [];
	readonly #log: LogOnDisk | undefined;
	/** Answers that wait for the disk. */
	readonly #syncing = new Set<Promise<void>>();
	/** Runs while something is to be on the disk soon. */
	#soon: NodeJS.Timeout | undefined;
	#draining: Promise<void> | undefined;
	/** Ends the waiting of what may be committed later. */
	#hurry: () => void = () => undefined;
	/** Set while a transaction is open over several turns of the event loop. */
	#halfway: Promise<void> | undefined;

	/** @param log left out for a database that is in memory only */
	constructor(handle: DatabaseSync, patienceMs: number, log?: LogOnDisk) {
		this.#handle = handle;
		this.#patienceMs = patienceMs;
		this.#log = log;
	}

	/**
	 * Work that shares its transaction with what else is asked for in the same turn of the event
	 * loop, so that twenty connections at once wait for the disk once. It may write by one statement
	 * only, which is undone by itself when it fails: then the others' work stays.
	 */
	share<T>(outlives: Outlives, work: () => T): Promise<T> {
		return this.#ask(outlives, 'now', work);
	}

	/**
	 * As `shareEach`, for what nobody waits for: it takes the next commit along if one follows within
	 * some ms.
	 */
	shareEachLater<I>(items: readonly I[], write: (item: I) => number): Promise<I[]> {
		return this.#ask('kill', 'later', () => this.#writeEach(items, write));
	}

	/**
	 * Shares its transaction likewise, with one statement for each item: one that cannot be written takes
	 * no other with it.
	 *
	 * @param write how many rows it changed
	 * @returns the items that changed a row
	 * @throws what the first item threw that could not be written; the others are written all the same
	 */
	shareEach<I>(outlives: Outlives, items: readonly I[], write: (item: I) => number): Promise<I[]> {
		return this.#ask(outlives, 'now', () => this.#writeEach(items, write));
	}

	/** Work with a transaction of its own; when it throws, all of it is undone. */
	alone<T>(outlives: Outlives, work: () => T): Promise<T> {
		return this.#ask(outlives, 'alone', work);
	}

	/** As `alone`, for work so long that the event loop must have its turn in between. */
	inSteps<T>(outlives: Outlives, work: () => Steps<T>): Promise<T> {
		return this.#ask(outlives, 'alone', () => this.#walk(work()));
	}

	/** Reads what is committed; never the half of a transaction. */
	async read<T>(work: () => T): Promise<T> {
		while (this.#halfway) await this.#halfway;
		return patiently(work, this.#patienceMs);
	}

	/** Resolves when everything asked for so far has been committed or has failed. */
	async idle(): Promise<void> {
		await this.#draining;
		clearTimeout(this.#soon);
		if (this.#soon && this.#log) this.#answerFromDisk(this.#log, [], []);
		this.#soon = undefined;
		await Promise.all(this.#syncing);
	}

	#ask<T>(outlives: Outlives, commit: Commit, work: () => T | Promise<T>): Promise<T> {
		return new Promise<T>((resolve, reject) => {
			this.#jobs.push({ outlives, commit, work, resolve, reject });
			if (commit !== 'later') this.#hurry();
			this.#draining ??= this.#drain();
		});
	}

	#writeEach<I>(items: readonly I[], write: (item: I) => number): I[] {
		let failure: { error: unknown } | undefined;
		const changed = items.filter((item) => {
			try {
				return write(item) > 0;
			} catch (error) {
				if (!this.#handle.isTransaction) throw error;
				failure ??= { error };
				return false;
			}
		});
		if (failure) throw failure.error;
		return changed;
	}

	async #drain(): Promise<void> {
		// Waiting for the next turn is what lets the calls of this one come together.
		for (;;) {
			await nextTurn();
			if (this.#jobs.length === 0) break;
			if (this.#jobs.every(({ commit }) => commit === 'later')) await this.#othersOrLate();
			const firstAlone = this.#jobs.findIndex(({ commit }) => commit === 'alone');
			const size = firstAlone === -1 ? this.#jobs.length : Math.max(firstAlone, 1);
			const batch = this.#jobs.splice(0, size);
			try {
				this.#answer(batch, await this.#transact(batch));
			} catch (error) {
				for (const { reject } of batch) reject(error);
			}
		}
		this.#draining = undefined;
	}

	/** Until somebody asks for something that does not wait, or for as long as these wait. */
	async #othersOrLate(): Promise<void> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, LATER_MS);
			this.#hurry = () => {
				clearTimeout(timer);
				// Whoever else comes in this turn of the event loop.
				setImmediate(resolve);
			};
		});
		this.#hurry = () => undefined;
	}

	/** Tells those who do not wait for the disk now, the others when it is there. */
	#answer(batch: readonly Job[], answers: readonly (() => void)[]): void {
		const careful: Job[] = [];
		const later: (() => void)[] = [];
		for (const [index, job] of batch.entries()) {
			const answer = answers[index];
			if (!answer) continue;
			if (job.outlives === 'powerCut' && this.#log) {
				careful.push(job);
				later.push(answer);
			} else answer();
		}
		if (!this.#log) return;
		if (later.length > 0) this.#answerFromDisk(this.#log, careful, later);
		else if (batch.some(({ outlives }) => outlives === 'soonPowerCut')) this.#reachSoon(this.#log);
	}

	/** One way to the disk for all that comes within some ms. */
	#reachSoon(log: LogOnDisk): void {
		if (this.#soon) return;
		this.#soon = setTimeout(() => {
			this.#soon = undefined;
			this.#answerFromDisk(log, [], []);
		}, SOON_MS);
		this.#soon.unref();
	}

	#answerFromDisk(log: LogOnDisk, batch: readonly Job[], answers: readonly (() => void)[]): void {
		const syncing = log
			.reach()
			.then(
				() => {
					for (const answer of answers) answer();
				},
				(error: unknown) => {
					for (const { reject } of batch) reject(error);
				},
			)
			.finally(() => this.#syncing.delete(syncing));
		this.#syncing.add(syncing);
	}

	/** @returns what tells each job's caller how it went; to be called now that it is committed */
	async #transact(batch: readonly Job[]): Promise<(() => void)[]> {
		await patiently(() => {
			this.#handle.exec('BEGIN IMMEDIATE');
		}, this.#patienceMs);
		let ended: () => void = () => undefined;
		this.#halfway = new Promise((resolve) => {
			ended = resolve;
		});
		try {
			const answers: (() => void)[] = [];
			for (const job of batch) {
				const performed = this.#perform(job);
				answers.push(performed instanceof Promise ? await performed : performed);
			}
			this.#handle.exec('COMMIT');
			return answers;
		} catch (error) {
			this.#rollBack();
			throw error;
		} finally {
			this.#halfway = undefined;
			ended();
		}
	}

	#perform(job: Job): (() => void) | Promise<() => void> {
		const { work, resolve } = job;
		const answer = (value: unknown) => () => {
			resolve(value as never);
		};
		try {
			const done = work();
			return done instanceof Promise
				? done.then(answer, (error: unknown) => this.#refuse(job, error))
				: answer(done);
		} catch (error) {
			return this.#refuse(job, error);
		}
	}

	#refuse({ commit, reject }: Job, error: unknown): () => void {
		// A full disk undoes the whole transaction, not just the statement that met it.
		if (commit === 'alone' || !this.#handle.isTransaction) throw error;
		return () => {
			reject(error);
		};
	}

	#rollBack(): void {
		try {
			if (this.#handle.isTransaction) this.#handle.exec('ROLLBACK');
		} catch {
			// The error that led here says more, and SQLite undoes an unfinished transaction anyway.
		}
	}

	async #walk<T>(steps: Steps<T>): Promise<T> {
		for (let sliceEnds = performance.now() + SLICE_MS; ;) {
			const step = steps.next();
			if (step.done) return step.value;
			if (performance.now() < sliceEnds) continue;
			await nextTurn();
			sliceEnds = performance.now() + SLICE_MS;
		}
	}
}

/**
 * Tries again while another connection has the lock. Its timer keeps the process alive on purpose,
 * for `patienceMs` at most: somebody waits for this write.
 */
export async function patiently<T>(work: () => T, patienceMs: number): Promise<T> {
	const until = performance.now() + patienceMs;
	for (let waitMs = 4; ; waitMs = Math.min(waitMs * 2, 64)) {
		try {
			return work();
		} catch (error) {
			if (!isBusy(error) || performance.now() >= until) throw error;
		}
		// Not in step with the others who wait.
		await sleep(waitMs * (0.5 + Math.random()));
	}
}
