import type { Socket } from 'node:net';
import postgres from 'postgres';
import { dial } from './dial';
import type { PostgresPlace } from './place';
import { decodeText } from './statement';
import type { Bound } from './statement';

/** How long the server itself works on a statement, and how long we wait for its answer, in ms. */
const STATEMENT_MS = 15_000;
const ANSWER_MS = 20_000;

/**
 * What every session of ours is set to. The server ends a session whose other end is gone, and a
 * transaction that its owner left open.
 *
 * Each statement looks rows up by an index, one by one. A planner that has not counted a table yet
 * (for minutes after a large intake), or that looks at the arrays given, would rather read it whole;
 * so it is not offered the choice, and plans once.
 */
const SESSION = {
	application_name: 'n8n-nodes-smtp-suite',
	statement_timeout: STATEMENT_MS,
	idle_in_transaction_session_timeout: 30_000,
	tcp_keepalives_idle: '30',
	tcp_user_timeout: '30000',
	enable_seqscan: 'off',
	enable_hashjoin: 'off',
	enable_mergejoin: 'off',
	jit: 'off',
	plan_cache_mode: 'force_generic_plan',
};

/**
 * One connection to the server. It never mends itself: when it fails it is thrown away, and whoever
 * needs another makes one. So what was under way on it is known to have failed, and nothing is sent
 * a second time behind our back.
 */
export class Line {
	readonly #sql: postgres.Sql<{ bigint: number; text: string }>;
	readonly #ended = new AbortController();
	#socket: Socket | undefined;
	/** Queries whose answer is awaited. */
	#asked = 0;

	/** Connects with the first query. */
	constructor(place: PostgresPlace) {
		this.#sql = postgres({
			host: place.host,
			port: place.port,
			database: place.database,
			user: place.user,
			password: place.password,
			max: 1,
			ssl: false, // `dial` has seen to that
			backoff: false,
			connect_timeout: ANSWER_MS / 1_000,
			max_lifetime: null,
			fetch_types: false,
			onnotice: () => undefined,
			types: {
				bigint: { to: 20, from: [20], serialize: String, parse: Number },
				text: { to: 25, from: [25], serialize: String, parse: decodeText },
			},
			connection: { ...SESSION, search_path: quoted(place.schema) },
			// Neither is in the library's types. Each client would come with one for replication.
			...{ no_subscribe: true, socket: () => this.#dial(place) },
		});
	}

	get isDead(): boolean {
		return this.#ended.signal.aborted;
	}

	/** @throws what the server or the connection said, with its `code` */
	async query<R extends object>(
		text: string,
		parameters: Bound[] = [],
		answerMs = ANSWER_MS,
	): Promise<R[]> {
		this.#asked += 1;
		this.#socket?.ref();
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<never>((_, reject) => {
			timer = setTimeout(() => {
				reject(withCode('DEADLINE'));
			}, answerMs);
		});
		const asked = this.#sql
			.unsafe(text, parameters as never[], { prepare: parameters.length > 0 })
			.execute();
		// An answer that comes after all is nobody's.
		asked.catch(() => undefined);
		try {
			return (await Promise.race([asked, late])) as unknown as R[];
		} finally {
			clearTimeout(timer);
			this.#asked -= 1;
			// An idle connection is no reason for the process to stay.
			if (this.#asked === 0) this.#socket?.unref();
		}
	}

	/** Cuts the connection; what is under way on it fails. */
	destroy(): void {
		this.#ended.abort();
		this.#socket?.destroy();
	}

	/** Says good-bye. */
	async close(): Promise<void> {
		this.#socket?.ref();
		await this.#sql.end({ timeout: 2 });
		this.destroy();
	}

	/** The library would connect again by itself when a connection has ended. */
	async #dial(place: PostgresPlace): Promise<Socket> {
		if (this.isDead || this.#socket) throw withCode('CONNECTION_CLOSED');
		const socket = await dial(place, this.#ended.signal);
		this.#socket = socket;
		socket.once('close', () => {
			this.#ended.abort();
		});
		return socket;
	}
}

/** An identifier as SQL. */
export function quoted(name: string): string {
	return `"${name.replaceAll('"', '""')}"`;
}

function withCode(code: string): Error {
	return Object.assign(new Error(code), { code });
}
