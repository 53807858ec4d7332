import { setTimeout as sleep } from 'node:timers/promises';

import type { MailboxMark } from '../store/store';
import type { ImapAccount } from './account';
import { BATCH, CarefulReader } from './careful-reader';
import { MailboxConnection } from './connection';
import type { Wanted } from './connection';
import { DIGESTED_BYTES } from './digest';
import { asError, MarkUnavailable } from './failure';
import { Group } from './group';
import { HandingOn } from './hand-on';
import type { FindMails } from './hand-on';
import { Health } from './health';
import {
	isNews,
	markHandled,
	markPassed,
	markReplaced,
	markUnwanted,
	uidsToRead,
	uidsToReadAgain,
} from './mark';
import type { MailboxMessage } from './message';
import { describeImapError } from './problem';
import type { MailboxProblem } from './problem';
import type { MessageProblem, WatchOptions, WatchTiming } from './session-options';
import { DEFAULT_MESSAGE_BYTES, WATCH_TIMING } from './session-options';

export interface MailboxWatch {
	readonly state: WatchState;
	/**
	 * How the first try ended. `ok`: the folder was opened and it is settled which mails in it are new, so
	 * every mail that arrives after this is handed on. Else what kept us from it; the watch goes on
	 * trying. Stays open when the watch is stopped before. Never rejects.
	 */
	readonly begun: Promise<{ ok: true } | { ok: false; problem: MailboxProblem }>;
	/**
	 * Ends the watch. A message that is being handled is finished and recorded first, for a few
	 * seconds at most; after that no callback is called any more, and a message that was not recorded
	 * comes again with the next watch.
	 */
	stop(): Promise<void>;
}

export type WatchState = State['name'];

/**
 * The life of a watch:
 *
 *     connecting -> catchingUp <-> idling
 *         ^             |            |
 *         +--- waiting <+------------+      stopped, from anywhere
 *
 * There is one loop, and it leaves `catchingUp` and `idling` for another state only with the connection
 * closed: there are never two.
 */
type State =
	| { name: 'connecting' }
	/** `probe`: the server was quiet for long, so it must show first that it is there. */
	| { name: 'catchingUp'; connection: MailboxConnection; probe: boolean }
	| { name: 'idling'; connection: MailboxConnection }
	| { name: 'waiting'; delayMs: number }
	| { name: 'stopped' };

/**
 * Watches a folder for ever: hands each new message on, once, in the order of arrival, whatever becomes
 * of the connection. Begins at once; nothing is thrown, all is told by the callbacks.
 */
export function watchMailbox(account: ImapAccount, options: WatchOptions): MailboxWatch {
	return new Supervisor(account, options);
}

class Supervisor implements MailboxWatch {
	private current: State = { name: 'connecting' };
	private connection: MailboxConnection | undefined;
	private mark: MailboxMark | undefined;
	private readonly handingOn: HandingOn;
	private readonly reader = new CarefulReader();
	private readonly health: Health;
	private readonly timing: WatchTiming;
	private readonly clock: () => number;
	private readonly stopping = new AbortController();
	private readonly ended: Promise<void>;
	readonly begun: MailboxWatch['begun'];
	private begin: (result: Awaited<MailboxWatch['begun']>) => void = () => undefined;
	/** A message is between its handler's start and its record. */
	private handling = false;
	/** `stop` is over: no more callbacks. */
	private abandoned = false;
	private checkedAt = 0;
	/** How often in a row the newest messages were asked for in vain. */
	private looks = 0;

	constructor(
		private readonly account: ImapAccount,
		private readonly options: WatchOptions,
	) {
		this.timing = { ...WATCH_TIMING, ...options.timing };
		this.clock = options.clock ?? Date.now;
		this.health = new Health(this.timing, this.clock, options.random ?? Math.random, (change) => {
			this.tell(() => options.onState?.(change));
		});
		this.begun = new Promise((resolve) => {
			this.begin = resolve;
		});
		this.handingOn = new HandingOn(options, this.timing, this.stopping.signal, (problem) => {
			this.report(problem);
		});
		this.ended = this.run();
	}

	get state(): WatchState {
		return this.current.name;
	}

	async stop(): Promise<void> {
		this.stopping.abort(new Error('stopped'));
		if (!this.handling) this.connection?.close();
		const grace = new AbortController();
		await Promise.race([
			this.ended,
			sleep(this.timing.stopGraceMs, undefined, { signal: grace.signal }).catch(() => undefined),
		]);
		grace.abort();
		this.abandoned = true;
		this.connection?.close();
	}

	private async run(): Promise<void> {
		while (this.current.name !== 'stopped') {
			try {
				this.current = await this.step(this.current);
			} catch (error) {
				this.current = this.fallBack(error);
			}
			if (this.stopping.signal.aborted) this.current = { name: 'stopped' };
		}
		this.connection?.close();
	}

	private async step(state: Exclude<State, { name: 'stopped' }>): Promise<State> {
		switch (state.name) {
			case 'connecting':
				return { name: 'catchingUp', connection: await this.connect(), probe: false };
			case 'catchingUp':
				if (state.probe) await state.connection.probe(this.timing.answerMs);
				await this.catchUp(state.connection);
				return { name: 'idling', connection: state.connection };
			case 'idling': {
				const { heartbeatMs: quietMs, pollMs } = this.timing;
				const heard = await state.connection.waitForNews({ quietMs, pollMs }, this.stopping.signal);
				return { name: 'catchingUp', connection: state.connection, probe: heard === 'quiet' };
			}
			case 'waiting':
				await sleep(state.delayMs, undefined, { signal: this.stopping.signal });
				return { name: 'connecting' };
		}
	}

	private fallBack(error: unknown): State {
		const during = this.connection ? 'session' : 'connecting';
		this.connection?.close();
		this.connection = undefined;
		if (this.stopping.signal.aborted) return { name: 'stopped' };
		const problem = describeImapError(error, this.account, during);
		this.begin({ ok: false, problem });
		return { name: 'waiting', delayMs: this.health.failed(problem) };
	}

	private async connect(): Promise<MailboxConnection> {
		this.mark ??= await this.loadMark();
		this.connection = await MailboxConnection.open(this.account, this.options.mailbox, {
			timing: this.timing,
			readOnly: this.options.readOnly ?? false,
			signal: this.stopping.signal,
		});
		this.checkedAt = this.clock();
		this.health.opened();
		return this.connection;
	}

	/** Hands on all that is there and was not yet handed on. */
	private async catchUp(connection: MailboxConnection): Promise<void> {
		if (this.clock() - this.checkedAt >= this.timing.recheckMs) {
			await connection.checkFolder();
			this.checkedAt = this.clock();
		}
		const mark = this.mark ?? (await this.firstMark(connection));
		this.begin({ ok: true });
		if (mark.uidValidity === connection.uidValidity) await this.readOn(connection, mark);
		else await this.readAgain(connection, mark);
		this.health.good();
	}

	/** The mark of a folder that nobody has read yet. */
	private async firstMark(connection: MailboxConnection): Promise<MailboxMark> {
		const start = { uidValidity: connection.uidValidity, lastUid: 0, horizon: 0 };
		switch (this.options.startWith) {
			case 'all':
				return await this.record(start);
			case 'unread':
				return await this.record({ ...start, unreadUntil: await connection.lastUid() });
			case 'new':
				return this.dismiss(connection, start, await connection.lastUid());
		}
	}

	/** Nothing up to `uid` is wanted any more. */
	private async dismiss(
		connection: MailboxConnection,
		mark: MailboxMark,
		uid: number,
	): Promise<MailboxMark> {
		// Worth a look, but not the watch: there may be a message that breaks every connection.
		this.looks += 1;
		const newest =
			this.looks > 2 ? [] : await connection.fetchNewest(50, { maxBytes: DIGESTED_BYTES });
		this.looks = 0;
		const dismissed = markUnwanted(mark, uid, newest, this.clock());
		return await this.record(dismissed.mark, dismissed.unwanted);
	}

	private async readOn(connection: MailboxConnection, start: MailboxMark): Promise<void> {
		await this.readEach(connection, {
			uids: () => uidsToRead(connection, this.mark ?? start),
			handled: (mark, message) => markHandled(mark, message, this.clock()),
			passed: markPassed,
		});
		const end = this.mark ?? start;
		if (end.unreadUntil !== undefined) await this.dismiss(connection, end, end.unreadUntil);
	}

	/** The folder was replaced: its UIDs are new, the mails may be old. */
	private async readAgain(connection: MailboxConnection, start: MailboxMark): Promise<void> {
		const now = this.clock();
		const lastUid = await connection.lastUid();
		const uids = await uidsToReadAgain(connection, start, now);
		await this.readEach(connection, {
			uids: () => Promise.resolve(uids),
			only: (message) => isNews(this.mark ?? start, message, now),
			handled: (mark) => mark,
			passed: (mark) => mark,
		});
		await this.record(
			markReplaced(this.mark ?? start, {
				uidValidity: connection.uidValidity,
				lastUid: Math.max(lastUid, uids.at(-1) ?? 0),
			}),
		);
	}

	private async readEach(
		connection: MailboxConnection,
		rules: {
			/** Those to read, as it stands now. */
			uids: () => Promise<readonly number[]>;
			only?: (message: MailboxMessage) => boolean;
			handled: (mark: MailboxMark, message: MailboxMessage) => MailboxMark;
			passed: (mark: MailboxMark, uid: number) => MailboxMark;
		},
	): Promise<void> {
		const { together = 1 } = this.options;
		const group = new Group(together);
		const flush = async () => {
			const messages = group.empty();
			await this.process(connection, messages, rules.handled, async (digests) => {
				// A search finds what this session was told of: who asks for news is told of all there is.
				await connection.probe(this.timing.answerMs);
				return await this.findAround(connection, await rules.uids(), messages, digests);
			});
		};
		const uids = await rules.uids();
		for (let start = 0; start < uids.length;) {
			this.stopping.signal.throwIfAborted();
			const next = uids.slice(start, start + BATCH);
			const batch = await this.reader.next(connection, next, this.wanted);
			for (const message of batch.messages) {
				this.stopping.signal.throwIfAborted();
				if (rules.only?.(message) === false) continue;
				group.add(message);
				if (group.isFull) await flush();
			}
			if (batch.unreadable) {
				const { uid, cause } = batch.unreadable;
				await flush();
				this.reportUnreadable(connection, uid, cause);
				if (this.mark) await this.record(rules.passed(this.mark, uid));
			}
			start += batch.covered;
		}
		await flush();
	}

	private get wanted(): Wanted {
		const { maxMessageBytes: maxBytes = DEFAULT_MESSAGE_BYTES, neededParts } = this.options;
		return { maxBytes, ...(neededParts ? { neededParts } : {}) };
	}

	/** Mails of these digests among those before and after the ones in hand: a batch lies close together. */
	private async findAround(
		connection: MailboxConnection,
		uids: readonly number[],
		inHand: readonly MailboxMessage[],
		digests: ReadonlySet<string>,
	): Promise<MailboxMessage[]> {
		const { together = 1 } = this.options;
		const here = new Set(inHand.map(({ uid }) => uid));
		const before = uids.filter((uid) => uid < Math.min(...here)).slice(-together);
		const after = uids.filter((uid) => uid > Math.min(...here) && !here.has(uid));
		const around = [...before, ...after.slice(0, together)];
		const found = new Map<string, MailboxMessage>();
		for (let start = 0; start < around.length && found.size < digests.size;) {
			this.stopping.signal.throwIfAborted();
			const next = around.slice(start, start + BATCH);
			const batch = await this.reader.next(connection, next, this.wanted);
			for (const message of batch.messages)
				if (digests.has(message.digest)) found.set(message.digest, message);
			start += batch.covered;
		}
		return [...found.values()];
	}

	/** Hands messages on together, and records them. */
	private async process(
		connection: MailboxConnection,
		messages: readonly MailboxMessage[],
		advance: (mark: MailboxMark, message: MailboxMessage) => MailboxMark,
		find: FindMails,
	): Promise<void> {
		const { mark } = this;
		if (!mark || messages.length === 0) return;
		this.handling = true;
		try {
			const handedOn = await this.handingOn.run(connection, messages, find);
			if (this.abandoned) throw asError(this.stopping.signal.reason);
			const after = messages.reduce(advance, mark);
			if (after !== mark || handedOn.length > 0) await this.record(after, handedOn);
			this.handingOn.settled();
			this.health.good();
		} finally {
			this.handling = false;
		}
	}

	/** A listener's own failure must not end the watch. */
	private tell(listener: () => void): void {
		if (this.abandoned) return;
		try {
			listener();
		} catch {
			// Whoever listens has their own ways to say so.
		}
	}

	private report(problem: MessageProblem): void {
		this.tell(() => this.options.onProblem?.(problem));
	}

	private async loadMark(): Promise<MailboxMark | undefined> {
		try {
			return await this.options.loadMark();
		} catch (cause) {
			throw new MarkUnavailable('read', cause);
		}
	}

	private async record(mark: MailboxMark, handedOn: readonly string[] = []): Promise<MailboxMark> {
		try {
			await this.options.saveMark(mark, handedOn);
		} catch (cause) {
			throw new MarkUnavailable('saved', cause);
		}
		this.mark = mark;
		return mark;
	}

	private reportUnreadable({ uidValidity }: MailboxConnection, uid: number, cause: unknown): void {
		this.report({
			code: 'unreadable',
			message: 'The mail server could not hand over a message; five connections broke over it.',
			advice: 'It was left in the mailbox as it is, and the messages after it are read.',
			uid,
			uidValidity,
			cause,
		});
	}
}
