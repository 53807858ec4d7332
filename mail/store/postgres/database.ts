import { setTimeout as sleep } from 'node:timers/promises';
import { READ_MARK, refuseIfMoved } from '../move/mark';
import type { MoveMark } from '../move/mark';
import type { Line } from './line';
import { Lines } from './lines';
import { migrate, MIGRATIONS, readSchemaVersion } from './migrations';
import { nameOfPlace } from './place';
import type { PostgresPlace } from './place';
import { explain, postgresProblem, readFailure } from './problems';
import { inOrder } from './statement';
import type { Parameters, Statement } from './statement';

export interface DatabaseOptions {
	/** Given by tests; else the server's clock counts. */
	clock?: () => number;
	/** For how long, in ms, an operation is tried again while the server is gone. */
	patienceMs: number;
}

/** What a piece of work may do on its connection. */
export interface Session {
	/**
	 * An earlier try of this work lost its answer: it may have been done already. Statements that
	 * cannot be said twice look for their own traces then. Never so in a transaction.
	 */
	readonly again: boolean;
	readonly all: <R extends object>(
		statement: Statement<R>,
		parameters?: Parameters,
	) => Promise<R[]>;
	/** The first row. */
	readonly get: <R extends object>(
		statement: Statement<R>,
		parameters?: Parameters,
	) => Promise<R | undefined>;
}

/** @param again an earlier try of it lost its answer */
type Work<T> = (line: Line, again: boolean) => Promise<T>;

const OPENING_PATIENCE_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/**
 * The database behind a store: a few connections, and patience. An operation that meets a server that
 * is gone, full, crowded or locked is tried again until it works or patience is over, so that whoever
 * sends simply waits. Errors come out as StoreError.
 */
export class Database {
	readonly place: string;
	readonly #lines: Lines;
	#underWay = 0;
	#patienceMs: number;
	#closing: Promise<void> | undefined;
	#quiet: (() => void) | undefined;

	private constructor(
		private readonly address: PostgresPlace,
		private readonly options: DatabaseOptions,
	) {
		this.place = nameOfPlace(address);
		this.#patienceMs = Math.min(options.patienceMs, OPENING_PATIENCE_MS);
		this.#lines = new Lines({
			place: address,
			look: (line) => this.#look(line),
			crowded: () => postgresProblem('crowded', this.place),
		});
	}

	/**
	 * Connects, and brings the schema up to date. Who opens is told soon when that cannot be done; the
	 * patience is for what was begun.
	 *
	 * @throws StoreError
	 */
	static async open(address: PostgresPlace, options: DatabaseOptions): Promise<Database> {
		const database = new Database(address, options);
		try {
			await database.#patiently(async (line) => {
				await migrate(line, address, database.place, database.now);
				await refuseMoved(line, database.place);
			});
		} catch (error) {
			await database.close();
			throw error;
		}
		database.#patienceMs = options.patienceMs;
		return database;
	}

	/** The time for `:now`: a test's, or undefined for the server's own. */
	get now(): number | undefined {
		return this.options.clock?.();
	}

	/** One statement, in a transaction of its own: one round trip. */
	all<R extends object>(statement: Statement<R>, parameters: Parameters = {}): Promise<R[]> {
		return this.run((session) => session.all(statement, parameters));
	}

	async get<R extends object>(
		statement: Statement<R>,
		parameters: Parameters = {},
	): Promise<R | undefined> {
		return (await this.all(statement, parameters))[0];
	}

	/** Work of several statements, each committed by itself. */
	run<T>(work: (session: Session) => Promise<T>): Promise<T> {
		return this.#patiently((line, again) => work(sessionOn(line, this, again)));
	}

	/**
	 * As `run`, for work whose order counts: of all that is asked for by this, what came first is done
	 * first, though it need not have been answered when the next is on its way. Only what has to be tried
	 * again may change its place.
	 */
	runInOrder<T>(work: (session: Session) => Promise<T>): Promise<T> {
		return this.#patiently((line, again) => work(sessionOn(line, this, again)), 'inOrder');
	}

	/**
	 * Work in one transaction: all of it, or nothing. When the answer to the COMMIT was lost, the server
	 * is asked what became of it, so the work is never done twice.
	 */
	transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
		let open: { id: string; result: T } | undefined;
		return this.#patiently(async (line) => {
			if (open && (await isCommitted(line, open.id))) return open.result;
			open = undefined;
			// These two travel with the work's first statement.
			const begun = line.query('BEGIN');
			const named = line.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
			try {
				const [result, [transaction]] = await Promise.all([
					work(sessionOn(line, this)),
					named,
					begun,
				]);
				if (transaction) open = { id: transaction.id, result };
				await line.query('COMMIT');
				return result;
			} catch (error) {
				// A connection that cannot even undo is ended, which undoes as well.
				await line.query('ROLLBACK').catch(() => {
					line.destroy();
				});
				throw error;
			}
		});
	}

	/** Lets what was asked for end, then closes every connection. May be called again. */
	close(): Promise<void> {
		this.#closing ??= (async () => {
			if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#quiet = resolve));
			await this.#lines.close();
		})();
		return this.#closing;
	}

	async #patiently<T>(work: Work<T>, order?: 'inOrder'): Promise<T> {
		if (this.#closing) throw postgresProblem('closed', this.place);
		this.#underWay += 1;
		try {
			return await this.#untilItWorks(work, order);
		} finally {
			this.#underWay -= 1;
			if (this.#underWay === 0) this.#quiet?.();
		}
	}

	async #untilItWorks<T>(work: Work<T>, order?: 'inOrder'): Promise<T> {
		const until = performance.now() + this.#patienceMs;
		let again = false;
		const perform = async (line: Line) => {
			try {
				return await work(line, again);
			} catch (error) {
				// The connection ended: what the server had done by then, nobody has heard.
				if (readFailure(error)?.endsLine) again = true;
				throw error;
			}
		};
		for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
			try {
				return await (order ? this.#lines.useInOrder(perform) : this.#lines.use(perform));
			} catch (error) {
				if (!readFailure(error)?.passes || performance.now() >= until)
					throw explain(error, this.place);
			}
			// Not in step with the others who wait.
			await sleep(pauseMs * (0.5 + Math.random()));
		}
	}

	/** A newer version of ours, or a move, may have come since the last connection was made. */
	async #look(line: Line): Promise<void> {
		const version = await readSchemaVersion(line, this.address, this.place);
		if (version === MIGRATIONS.length) await refuseMoved(line, this.place);
	}
}

function sessionOn(line: Line, database: Database, again = false): Session {
	const all: Session['all'] = (statement, parameters = {}) =>
		line.query(statement.text, inOrder(statement, { now: database.now, ...parameters }));
	return { again, all, get: async (...asked) => (await all(...asked))[0] };
}

async function refuseMoved(line: Line, place: string): Promise<void> {
	const [mark] = await line.query<MoveMark>(READ_MARK);
	refuseIfMoved(mark, place);
}

/** Its session may still be there, not knowing that we are gone; it ends soon. */
const ENDS_WITHIN_MS = 40_000;

async function isCommitted(line: Line, transaction: string): Promise<boolean> {
	for (const until = performance.now() + ENDS_WITHIN_MS; ;) {
		const [found] = await line.query<{ status: string | null }>(
			'SELECT pg_xact_status($1::text::xid8) AS status',
			[transaction],
		);
		if (found?.status !== 'in progress') return found?.status === 'committed';
		if (performance.now() > until) throw Object.assign(new Error('Locked.'), { code: '55P03' });
		await sleep(200);
	}
}
