import type { SmtpAccount } from './account';
import { DEFAULT_TIMEOUTS, SmtpConnection } from './connection';
import type { ConnectionTimeouts, Opened } from './connection';
import type { Envelope, SendOptions, SendResult, SmtpPool } from './send-result';
import type { WireMessage } from './wire-message';

export interface PoolOptions {
	/** How long a connection may idle before it is closed, in ms. */
	idleMs?: number;
	timeouts?: ConnectionTimeouts;
}

/** Servers close idle connections after five minutes or less (RFC 5321 section 4.5.3.2.7). */
const DEFAULT_IDLE_MS = 30_000;

/** How long the pool keeps to fewer connections after the server refused one more, in ms. */
const REFUSAL_COUNTS_MS = 60_000;

/**
 * Connections to one account, opened as they are needed, kept for the next message, never more than
 * the account allows. Nothing idle keeps the process alive.
 */
export function createSmtpPool(account: SmtpAccount, options: PoolOptions = {}): SmtpPool {
	return new Pool(account, options.idleMs ?? DEFAULT_IDLE_MS, options.timeouts ?? DEFAULT_TIMEOUTS);
}

type Failure = Extract<Opened, { ok: false }>;

interface Waiter {
	/** May ride behind a message whose reply is awaited. */
	mayFollow: boolean;
	tell: (answer: SmtpConnection | Failure | 'open') => void;
}

class Pool implements SmtpPool {
	readonly #idle: { connection: SmtpConnection; timer: NodeJS.Timeout }[] = [];
	readonly #waiting: Waiter[] = [];
	/** How many messages each busy connection has in hand: two, where one rides behind the other. */
	readonly #busy = new Map<SmtpConnection, number>();
	/** Those on which the message's dot has left, and nobody waited to ride behind it. */
	readonly #withRoom = new Set<SmtpConnection>();
	#open = 0;
	#opening = 0;
	/** Set while the account does not let us in: then one try at a time, not one a waiter. */
	#troubled = false;
	#refusal: { connections: number; until: number } | undefined;
	#closed = false;

	constructor(
		private readonly account: SmtpAccount,
		private readonly idleMs: number,
		private readonly timeouts: ConnectionTimeouts,
	) {}

	get size(): number {
		return this.#open;
	}

	async send(
		envelope: Envelope,
		message: Buffer | WireMessage,
		options: SendOptions = {},
	): Promise<SendResult> {
		const first = await this.#sendOnce(envelope, message, options);
		// A kept connection may have died unseen. As long as the server had not begun to take the
		// message, it can have none of it.
		if (!first.kept || !diedUnseen(first.result) || options.signal?.aborted) return first.result;
		this.#dropIdle();
		return (await this.#sendOnce(envelope, message, options)).result;
	}

	async close(): Promise<void> {
		this.#closed = true;
		this.#dropIdle();
		while (this.#open > 0 || this.#opening > 0)
			await new Promise((resolve) => setTimeout(resolve, 10));
	}

	async #sendOnce(
		envelope: Envelope,
		message: Buffer | WireMessage,
		options: SendOptions,
	): Promise<{ result: SendResult; kept: boolean }> {
		const answer = await this.#acquire(options.mayFollow ?? false);
		if (!(answer instanceof SmtpConnection))
			return {
				kept: false,
				result: { result: 'notSent', problem: answer.problem, stage: answer.stage },
			};
		const kept = answer.sent > 0;
		const result = await answer.send(envelope, message, options);
		this.#giveBack(answer);
		return { result, kept };
	}

	/** A connection with room for a message; to be given back after it. */
	async #acquire(mayFollow: boolean): Promise<SmtpConnection | Failure> {
		for (;;) {
			const idle = this.#takeIdle();
			if (idle) return this.#use(idle);
			if (this.#mayOpen()) {
				const opened = await this.#openOne();
				if (opened instanceof SmtpConnection) return this.#use(opened);
				if (opened !== 'wait') return opened;
			}
			const ahead = mayFollow ? this.#findRoom() : undefined;
			if (ahead) return this.#use(ahead);
			const answer = await new Promise<SmtpConnection | Failure | 'open'>((tell) => {
				this.#waiting.push({ mayFollow, tell });
			});
			if (answer !== 'open') return answer;
		}
	}

	#use(connection: SmtpConnection): SmtpConnection {
		this.#busy.set(connection, (this.#busy.get(connection) ?? 0) + 1);
		return connection;
	}

	/** A connection whose only message waits for its reply. */
	#findRoom(): SmtpConnection | undefined {
		for (const connection of this.#withRoom) {
			this.#withRoom.delete(connection);
			if (this.#busy.get(connection) === 1 && this.#canTakeMore(connection)) return connection;
		}
		return undefined;
	}

	#canTakeMore(connection: SmtpConnection): boolean {
		return connection.hasRoomBehind && connection.sent < this.account.limits.messagesPerConnection;
	}

	/** The dot of the message on this connection has left: who waits longest may ride behind it. */
	#offerRoom(connection: SmtpConnection): void {
		if (this.#closed || !this.#canTakeMore(connection)) return;
		const [first] = this.#waiting;
		if (!first?.mayFollow) {
			this.#withRoom.add(connection);
			return;
		}
		this.#waiting.shift();
		first.tell(this.#use(connection));
	}

	#takeIdle(): SmtpConnection | undefined {
		for (let kept = this.#idle.pop(); kept; kept = this.#idle.pop()) {
			clearTimeout(kept.timer);
			if (kept.connection.usable) {
				kept.connection.holdProcess(true);
				return kept.connection;
			}
			this.#open -= 1;
		}
		return undefined;
	}

	#mayOpen(): boolean {
		const { connections } = this.account.limits;
		const limit =
			this.#refusal && this.#refusal.until > Date.now()
				? Math.min(this.#refusal.connections, connections)
				: connections;
		if (this.#troubled && this.#opening > 0) return false;
		return this.#open + this.#opening < limit;
	}

	async #openOne(): Promise<SmtpConnection | Failure | 'wait'> {
		this.#opening += 1;
		const opened = await SmtpConnection.open(this.account, this.timeouts);
		this.#opening -= 1;
		if (opened.ok) {
			this.#open += 1;
			this.#troubled = false;
			this.#wakeOne();
			const { connection } = opened;
			connection.onRoom(() => {
				this.#offerRoom(connection);
			});
			return connection;
		}
		if (this.#open > 0) {
			// The others are at work: the server only wants no more of them.
			this.#refusal = { connections: this.#open, until: Date.now() + REFUSAL_COUNTS_MS };
			return 'wait';
		}
		this.#troubled = true;
		// Whoever waits would meet the same; better they know than that each knocks again.
		if (this.#opening === 0) for (const { tell } of this.#waiting.splice(0)) tell(opened);
		return opened;
	}

	#giveBack(connection: SmtpConnection): void {
		const others = (this.#busy.get(connection) ?? 1) - 1;
		if (others > 0) {
			this.#busy.set(connection, others);
			return;
		}
		this.#busy.delete(connection);
		this.#withRoom.delete(connection);
		const spent = connection.sent >= this.account.limits.messagesPerConnection;
		if (!connection.usable || spent || this.#closed) {
			connection.quit();
			connection.holdProcess(false);
			this.#open -= 1;
			this.#wakeOne();
			return;
		}
		const waiter = this.#waiting.shift();
		if (waiter) {
			waiter.tell(this.#use(connection));
			return;
		}
		connection.holdProcess(false);
		const timer = setTimeout(() => {
			this.#retire(connection);
		}, this.idleMs);
		timer.unref();
		this.#idle.push({ connection, timer });
	}

	/** Room for one more connection: the first in the queue opens it. */
	#wakeOne(): void {
		if (this.#waiting.length > 0 && this.#mayOpen()) this.#waiting.shift()?.tell('open');
	}

	#retire(connection: SmtpConnection): void {
		const index = this.#idle.findIndex((kept) => kept.connection === connection);
		if (index < 0) return;
		this.#idle.splice(index, 1);
		this.#open -= 1;
		connection.quit();
	}

	#dropIdle(): void {
		for (const { connection, timer } of this.#idle.splice(0)) {
			clearTimeout(timer);
			connection.quit();
			this.#open -= 1;
		}
	}
}

function diedUnseen(result: SendResult): boolean {
	if (result.result === 'notSent') return result.stage !== 'body';
	return (
		result.result === 'refused' && result.stage === 'mailFrom' && result.reply.startsWith('421')
	);
}
