import { setTimeout as sleep } from 'node:timers/promises';

import type { MailboxMark } from '../store/store';
import type { ImapAccount } from './account';
import { BATCH, CarefulReader } from './careful-reader';
import { MailboxConnection } from './connection';
import { DIGESTED_BYTES } from './digest';
import { asError, MarkUnavailable } from './failure';
import { handOn } from './hand-on';
import { Health } from './health';
import {
	isNews,
	markHandled,
	markPassed,
	markReplaced,
	markSeen,
	markUnwanted,
	uidsToRead,
	uidsToReadAgain,
} from './mark';
import type { MailboxMessage } from './message';
import { describeImapError } from './problem';
import type { MessageProblem, Verdict, WatchOptions, WatchTiming } from './session-options';
import { DEFAULT_MESSAGE_BYTES, WATCH_TIMING } from './session-options';

export interface MailboxWatch {
	readonly state: WatchState;
	/**
	 * Done once the folder was opened and it is settled which mails in it are new: every mail that
	 * arrives after this is handed on. Never fails; it stays open while the server cannot be reached.
	 */
	readonly begun: Promise<void>;
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

/** A verdict that could not be carried out over so many connections is given up. */
const ACTION_TRIES = 3;

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
	/** Handled, but not yet recorded: the connection or the store failed in between. */
	private unfinished: { digest: string; verdict: Verdict; tries: number } | undefined;
	private readonly reader = new CarefulReader();
	private readonly health: Health;
	private readonly timing: WatchTiming;
	private readonly clock: () => number;
	private readonly stopping = new AbortController();
	private readonly ended: Promise<void>;
	readonly begun: Promise<void>;
	private begin: () => void = () => undefined;
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
		return {
			name: 'waiting',
			delayMs: this.health.failed(describeImapError(error, this.account, during)),
		};
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
		const mark = this.mark ?? (await this.record(await this.firstMark(connection)));
		this.begin();
		if (mark.uidValidity === connection.uidValidity) await this.readOn(connection, mark);
		else await this.readAgain(connection, mark);
		this.health.good();
	}

	/** The mark of a folder that nobody has read yet. */
	private async firstMark(connection: MailboxConnection): Promise<MailboxMark> {
		const start = { uidValidity: connection.uidValidity, lastUid: 0, seen: [], horizon: 0 };
		switch (this.options.startWith) {
			case 'all':
				return start;
			case 'unread':
				return { ...start, unreadUntil: await connection.lastUid() };
			case 'new':
				return this.dismiss(connection, start, await connection.lastUid());
		}
	}

	/** The mark when nothing up to `uid` is wanted any more. */
	private async dismiss(
		connection: MailboxConnection,
		mark: MailboxMark,
		uid: number,
	): Promise<MailboxMark> {
		// Worth a look, but not the watch: there may be a message that breaks every connection.
		this.looks += 1;
		const newest = this.looks > 2 ? [] : await connection.fetchNewest(50, DIGESTED_BYTES);
		this.looks = 0;
		return markUnwanted(mark, uid, newest, this.clock());
	}

	private async readOn(connection: MailboxConnection, start: MailboxMark): Promise<void> {
		const uids = await uidsToRead(connection, start);
		await this.readEach(connection, uids, {
			handled: (mark, message) => markHandled(mark, message, this.clock()),
			passed: markPassed,
		});
		const end = this.mark ?? start;
		if (end.unreadUntil !== undefined)
			await this.record(await this.dismiss(connection, end, end.unreadUntil));
	}

	/** The folder was replaced: its UIDs are new, the mails may be old. */
	private async readAgain(connection: MailboxConnection, start: MailboxMark): Promise<void> {
		const now = this.clock();
		const lastUid = await connection.lastUid();
		const uids = await uidsToReadAgain(connection, start, now);
		await this.readEach(connection, uids, {
			only: (message) => isNews(this.mark ?? start, message, now),
			handled: markSeen,
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
		uids: readonly number[],
		rules: {
			only?: (message: MailboxMessage) => boolean;
			handled: (mark: MailboxMark, message: MailboxMessage) => MailboxMark;
			passed: (mark: MailboxMark, uid: number) => MailboxMark;
		},
	): Promise<void> {
		const maxBytes = this.options.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES;
		for (let start = 0; start < uids.length;) {
			this.stopping.signal.throwIfAborted();
			const next = uids.slice(start, start + BATCH);
			const batch = await this.reader.next(connection, next, maxBytes);
			for (const message of batch.messages) {
				this.stopping.signal.throwIfAborted();
				if (rules.only?.(message) === false) continue;
				await this.process(connection, message, (mark) => rules.handled(mark, message));
			}
			if (batch.unreadable) {
				const { uid, cause } = batch.unreadable;
				this.reportUnreadable(connection, uid, cause);
				if (this.mark) await this.record(rules.passed(this.mark, uid));
			}
			start += batch.covered;
		}
	}

	private async process(
		connection: MailboxConnection,
		message: MailboxMessage,
		advance: (mark: MailboxMark) => MailboxMark,
	): Promise<void> {
		const { mark } = this;
		if (!mark) return;
		this.handling = true;
		try {
			// A mail that was moved away and back has a new UID, but was handed on.
			if (!mark.seen.includes(message.digest)) {
				const before = this.unfinished?.digest === message.digest ? this.unfinished : undefined;
				const verdict = before?.verdict ?? (await this.handOn(message));
				this.unfinished = { digest: message.digest, verdict, tries: (before?.tries ?? 0) + 1 };
				await this.perform(connection, message, verdict, this.unfinished.tries);
				if (this.abandoned) throw asError(this.stopping.signal.reason);
			}
			await this.record(advance(mark));
			this.unfinished = undefined;
			this.health.good();
		} finally {
			this.handling = false;
		}
	}

	private async handOn(message: MailboxMessage): Promise<Verdict> {
		const { signal } = this.stopping;
		const handler: WatchOptions['onMessage'] = (...given) => this.options.onMessage(...given);
		const result = await handOn(message, handler, this.timing, signal);
		if (this.abandoned) throw asError(signal.reason);
		if ('verdict' in result) return result.verdict;
		this.report(result.problem);
		return { action: 'leave' };
	}

	/** Does to the message what the handler wants. What the server refuses is reported, and that is all. */
	private async perform(
		connection: MailboxConnection,
		message: MailboxMessage,
		verdict: Verdict,
		tries: number,
	): Promise<void> {
		if (this.options.readOnly || verdict.action === 'leave') return;
		// Moved to where it is, it would come back with a new UID.
		if (verdict.action === 'move' && verdict.folder === this.options.mailbox) return;
		try {
			if (verdict.action === 'markRead') await connection.markRead(message.uid);
			else await connection.move(message.uid, verdict.folder);
		} catch (error) {
			if (connection.failure !== undefined && tries < ACTION_TRIES) throw error;
			this.report({
				code: 'actionFailed',
				message:
					verdict.action === 'markRead'
						? 'A message could not be marked as read.'
						: `A message could not be moved to "${verdict.folder}".`,
				advice: `It was handled all the same, and stays where it is: ${asError(error).message.slice(0, 300)}`,
				uid: message.uid,
				uidValidity: message.uidValidity,
				digest: message.digest,
				...(message.messageId === undefined ? {} : { messageId: message.messageId }),
				cause: error,
			});
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

	private async record(mark: MailboxMark): Promise<MailboxMark> {
		try {
			await this.options.saveMark(mark);
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
