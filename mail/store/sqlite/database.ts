import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { READ_MARK, refuseIfMoved } from '../move/mark';
import type { MoveMark } from '../move/mark';
import { logOnDisk } from './log-on-disk';
import type { LogOnDisk } from './log-on-disk';
import { migrate, readSchemaVersion } from './migrations';
import { explain, fileProblem } from './problems';
import { patiently, Transactions } from './transactions';
import type { Outlives, Steps } from './transactions';

export const IN_MEMORY = ':memory:';

export interface DatabaseOptions {
	clock: () => number;
	/** For how long, in ms, a write waits while another process has the lock. */
	patienceMs: number;
	/** Opens a store as well that was moved to another place, or is being moved. No by default. */
	evenIfMoved?: boolean;
}

/** How long SQLite itself waits for a lock, in ms. Short, for it blocks the event loop. */
const BUSY_TIMEOUT_MS = 20;

/** How many items are read in one turn of the event loop. */
const READ_SLICE = 2_000;

type Row = Record<string, SQLOutputValue>;

/**
 * One open file: its connection, its prepared statements and its transactions. Errors come out as
 * StoreError. Nothing here keeps the process alive while nothing is being written.
 */
export class Database {
	readonly #handle: DatabaseSync;
	readonly #transactions: Transactions;
	readonly #log: LogOnDisk | undefined;
	#closing: Promise<void> | undefined;

	private constructor(
		readonly file: string,
		handle: DatabaseSync,
		patienceMs: number,
	) {
		this.#handle = handle;
		this.#log = file === IN_MEMORY ? undefined : logOnDisk(file);
		this.#transactions = new Transactions(handle, patienceMs, this.#log);
	}

	/**
	 * Opens the file and brings its schema up to date. A missing folder is made for its owner alone
	 * (0700), a missing file too (0600); SQLite gives its log beside it the same mode.
	 *
	 * @throws StoreError
	 */
	static async open(path: string, options: DatabaseOptions): Promise<Database> {
		const file = path === IN_MEMORY ? path : resolve(path);
		let handle: DatabaseSync | undefined;
		try {
			if (path === '') throw fileProblem('unreachable', '""');
			if (file !== IN_MEMORY) makeFile(file);
			handle = new DatabaseSync(file, {
				timeout: BUSY_TIMEOUT_MS,
				enableForeignKeyConstraints: true,
			});
			await prepare(handle, file, options);
			return new Database(file, handle, options.patienceMs);
		} catch (error) {
			handle?.close();
			throw explain(error, file);
		}
	}

	/** A statement to be kept and used again; parameters are given by name. */
	statement<R extends Row = Row>(sql: string): Statement<R> {
		return new Statement<R>(this.#handle, sql);
	}

	/** Runs SQL that is used once, such as a PRAGMA. */
	execute(sql: string): void {
		this.#handle.exec(sql);
	}

	/** See Transactions.share: one writing statement, in one transaction with what else is asked for now. */
	share<T>(outlives: Outlives, work: () => T): Promise<T> {
		return this.#explained(() => this.#transactions.share(outlives, work));
	}

	/** See Transactions.shareEach. */
	shareEach<I>(outlives: Outlives, items: readonly I[], write: (item: I) => number): Promise<I[]> {
		return this.#explained(() => this.#transactions.shareEach(outlives, items, write));
	}

	/** See Transactions.shareEachLater. */
	shareEachLater<I>(items: readonly I[], write: (item: I) => number): Promise<I[]> {
		return this.#explained(() => this.#transactions.shareEachLater(items, write));
	}

	/** See Transactions.alone. */
	alone<T>(outlives: Outlives, work: () => T): Promise<T> {
		return this.#explained(() => this.#transactions.alone(outlives, work));
	}

	/** See Transactions.inSteps. */
	inSteps<T>(outlives: Outlives, work: () => Steps<T>): Promise<T> {
		return this.#explained(() => this.#transactions.inSteps(outlives, work));
	}

	read<T>(work: () => T): Promise<T> {
		return this.#explained(() => this.#transactions.read(work));
	}

	/** Reads something for each of many items, a slice in each turn of the event loop. */
	readEach<I, T>(items: readonly I[], work: (item: I) => T): Promise<T[]> {
		return this.readMany(items, (slice) => slice.map(work));
	}

	/** Reads what there is about many items, a slice in each turn of the event loop. */
	async readMany<I, T>(items: readonly I[], work: (slice: readonly I[]) => T[]): Promise<T[]> {
		const found: T[] = [];
		for (let start = 0; start < items.length; start += READ_SLICE) {
			if (start > 0) await nextTurn();
			const slice = items.slice(start, start + READ_SLICE);
			for (const one of await this.read(() => work(slice))) found.push(one);
		}
		return found;
	}

	/** Lets pending writes end, then closes the file. May be called again. */
	close(): Promise<void> {
		this.#closing ??= this.#transactions.idle().then(async () => {
			// Before SQLite does away with its file.
			await this.#log?.close();
			this.#handle.close();
		});
		return this.#closing;
	}

	async #explained<T>(work: () => Promise<T>): Promise<T> {
		if (this.#closing) throw fileProblem('closed', this.file);
		try {
			return await work();
		} catch (error) {
			throw explain(error, this.file);
		}
	}
}

/**
 * A prepared statement whose rows have a known shape. Its parameters are named where it is written and
 * used; SQLite gets them by number, for it takes as long to find them by name as to change a row.
 */
export class Statement<R extends Row> {
	readonly #prepared;
	readonly #names: readonly string[];

	constructor(handle: DatabaseSync, sql: string) {
		const { numbered, names } = numberParameters(sql);
		this.#prepared = handle.prepare(numbered);
		this.#names = names;
	}

	/** The first row. */
	get(parameters: Parameters = {}): R | undefined {
		// The shape is what the SQL selects; the database knows no types that TypeScript could check.
		return this.#prepared.get(...this.#bind(parameters)) as R | undefined;
	}

	all(parameters: Parameters = {}): R[] {
		return this.#prepared.all(...this.#bind(parameters)) as R[];
	}

	/**
	 * For an INSERT that may find its row there already. RETURNING would tell as much, at twice the
	 * cost of the whole intake.
	 *
	 * @returns the id of the new row, if there is one
	 */
	insert(parameters: Parameters): number | undefined {
		const { changes, lastInsertRowid } = this.#prepared.run(...this.#bind(parameters));
		return Number(changes) === 0 ? undefined : Number(lastInsertRowid);
	}

	/** @returns how many rows it changed itself */
	run(parameters: Parameters = {}): number {
		return Number(this.#prepared.run(...this.#bind(parameters)).changes);
	}

	/**
	 * What is left out is NULL. The schema keeps whole numbers only: fractions of a ms are rounded up,
	 * and without end is as far as whole numbers go.
	 */
	#bind(parameters: Parameters): SQLInputValue[] {
		return this.#names.map((name) => {
			const value = parameters[name] ?? null;
			return typeof value === 'number' ? whole(value) : value;
		});
	}
}

type Parameters = Record<string, SQLInputValue | undefined>;

/** A text in quotes, in which nothing is a parameter; or a parameter. */
const PARAMETER = /'[^']*'|:(\w+)/g;

/** `:key` becomes `?1`, wherever it stands. @returns the names in the order of their numbers */
function numberParameters(sql: string): { numbered: string; names: string[] } {
	const names: string[] = [];
	const numbered = sql.replace(PARAMETER, (found, name: string | undefined) => {
		if (name === undefined) return found;
		if (!names.includes(name)) names.push(name);
		return `?${names.indexOf(name) + 1}`;
	});
	return { numbered, names };
}

function whole(value: number): number {
	const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
	return Math.min(Math.max(Math.ceil(value), MIN_SAFE_INTEGER), MAX_SAFE_INTEGER);
}

function makeFile(file: string): void {
	mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
	closeSync(openSync(file, 'a', 0o600));
}

/**
 * Looks before it writes: a foreign or newer database is left as it was found. Then the log
 * (journal_mode=WAL: readers and the writer do not wait for each other), and the schema.
 */
async function prepare(
	handle: DatabaseSync,
	file: string,
	{ clock, patienceMs, evenIfMoved }: DatabaseOptions,
): Promise<void> {
	await patiently(() => readSchemaVersion(handle, file), patienceMs);
	const mode = await patiently(() => handle.prepare('PRAGMA journal_mode = WAL').get(), patienceMs);
	// File systems without shared memory (most network folders) refuse WAL without an error.
	if (file !== IN_MEMORY && mode?.journal_mode !== 'wal') throw fileProblem('failed', file);
	handle.exec(`
		PRAGMA synchronous = NORMAL; -- what must be on the disk is brought there by LogOnDisk
		PRAGMA cache_size = -32000; -- KiB; the indexes of a large campaign are written all over
		PRAGMA journal_size_limit = 67108864; -- the log shrinks again after a large intake
		PRAGMA secure_delete = FAST; -- what was deleted is overwritten where that costs no extra write
	`);
	await patiently(() => {
		migrate(handle, file, clock());
		if (!evenIfMoved) refuseIfMoved(handle.prepare(READ_MARK).get() as MoveMark | undefined, file);
	}, patienceMs);
}
