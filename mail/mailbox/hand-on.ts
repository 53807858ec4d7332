import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { KnownMail } from '../store/store';
import type { MailboxConnection } from './connection';
import { asError, ConnectionLost } from './failure';
import type { MailboxMessage } from './message';
import type {
	MailBatch,
	MessageProblem,
	Verdict,
	WatchOptions,
	WatchTiming,
} from './session-options';

/** A verdict that could not be carried out over so many connections is given up. */
const ACTION_TRIES = 3;
/** The most that is fetched when a whole message is asked for. */
const WHOLE_BYTES = 50 * 2 ** 20;

/** A handler that did not come back in time; it may still be at work, so it is not asked again. */
class HandlerHangs extends Error {
	constructor(ms: number) {
		super(`not finished after ${Math.round(ms / 1000)} s`);
	}
}

/** Looks for mails that belong with those in hand; without those that are not in the folder. */
export type FindMails = (digests: ReadonlySet<string>) => Promise<readonly MailboxMessage[]>;

/**
 * Gives messages to the handler, each once, alone or in batches, and does to them what it says.
 *
 * Which mail is in which batch is written down before the handler sees it, so that the same batches
 * are made again when anything dies in between.
 */
export class HandingOn {
	/** Handed on, but not yet recorded: the connection or the store failed in between. */
	private readonly unfinished = new Map<string, { verdict: Verdict; tries: number }>();
	/** Actions that the server refuses; told once, until one of them works again. */
	private readonly refused = new Set<Verdict['action']>();

	constructor(
		private readonly options: WatchOptions,
		private readonly timing: WatchTiming,
		private readonly signal: AbortSignal,
		private readonly report: (problem: MessageProblem) => void,
	) {}

	/**
	 * @param find for mails of a batch that somebody else began, and saw more of than we
	 * @returns the messages that are done with now, those among them that were before; to be recorded,
	 *   and then to be `settled`
	 */
	async run(
		connection: MailboxConnection,
		messages: readonly MailboxMessage[],
		find: FindMails,
	): Promise<string[]> {
		const fresh = await this.notHandedOnBefore(messages);
		const waiting = fresh.filter(({ digest }) => !this.unfinished.has(digest));
		const batches = await this.intoBatches(connection, waiting, find);
		const asked = await Promise.allSettled(batches.map((batch) => this.ask(batch)));
		for (const each of asked) if (each.status === 'rejected') throw asError(each.reason);
		const inHand = new Set([...fresh, ...batches.flatMap((batch) => batch.messages)]);
		if (!this.options.readOnly) await this.act(connection, [...inHand]);
		return [...inHand].map(({ digest }) => digest);
	}

	settled(): void {
		this.unfinished.clear();
	}

	/** A mail that was moved away and back has a new UID, but was handed on. */
	private async notHandedOnBefore(messages: readonly MailboxMessage[]): Promise<MailboxMessage[]> {
		const byDigest = new Map(messages.map((message) => [message.digest, message]));
		const known = await this.options.lookUp([...byDigest.keys()]);
		return [...byDigest.values()].filter(({ digest }) => known.get(digest)?.handedOn !== true);
	}

	private async intoBatches(
		connection: MailboxConnection,
		messages: readonly MailboxMessage[],
		find: FindMails,
	): Promise<MailBatch[]> {
		const whole = (message: MailboxMessage): Promise<Buffer> =>
			connection.whole(message, WHOLE_BYTES);
		const { take, together = 1 } = this.options;
		if (messages.length === 0) return [];
		if (together <= 1 || !take)
			return messages.map((message) => ({ id: message.digest, messages: [message], whole }));
		// A name that nobody else gives: to those of an earlier batch nothing may be added.
		const taken = await take(
			messages.map(({ digest }) => digest),
			randomUUID(),
		);
		const all = await withTheirBatches(messages, taken, find);
		const byId = Map.groupBy(all, ({ digest }) => batchOf(digest, taken));
		return [...byId].map(([id, some]) => ({
			id,
			messages: some.sort((one, other) => one.uid - other.uid),
			whole,
		}));
	}

	private async ask(batch: MailBatch): Promise<void> {
		const result = await this.askPatiently(batch);
		if ('verdicts' in result) {
			for (const [position, { digest }] of batch.messages.entries())
				this.unfinished.set(digest, {
					verdict: result.verdicts[position] ?? { action: 'leave' },
					tries: 0,
				});
			return;
		}
		// One message of them cannot be handled: alone, the others can.
		if (batch.messages.length > 1 && !(result.problem.cause instanceof HandlerHangs))
			for (const message of batch.messages)
				await this.ask({ ...batch, id: message.digest, messages: [message] });
		else this.report(result.problem);
	}

	/**
	 * Asks the handler, again after growing pauses when it throws.
	 *
	 * @throws when the watch is stopped before the messages were taken
	 */
	private async askPatiently(
		batch: MailBatch,
	): Promise<{ verdicts: readonly Verdict[] } | { problem: MessageProblem }> {
		const { handlerMs, handlerTries, handlerBackoffMs } = this.timing;
		const { signal } = this;
		for (let tries = 1; ; tries += 1) {
			signal.throwIfAborted();
			try {
				return { verdicts: await inTime(this.options.onMail(batch, signal), handlerMs) };
			} catch (error) {
				signal.throwIfAborted();
				if (error instanceof ConnectionLost) throw error.cause;
				if (error instanceof HandlerHangs || tries >= handlerTries)
					return { problem: givenUp(batch, error, tries) };
				await sleep(handlerBackoffMs * 2 ** (tries - 1), undefined, { signal });
			}
		}
	}

	/** What the server refuses is reported, and that is all. */
	private async act(
		connection: MailboxConnection,
		messages: readonly MailboxMessage[],
	): Promise<void> {
		const wanted = Map.groupBy(messages, ({ digest }) =>
			JSON.stringify(this.unfinished.get(digest)?.verdict ?? { action: 'leave' }),
		);
		for (const [verdict, some] of wanted)
			await this.perform(connection, some, JSON.parse(verdict) as Verdict);
	}

	private async perform(
		connection: MailboxConnection,
		messages: readonly MailboxMessage[],
		verdict: Verdict,
	): Promise<void> {
		// Moved to where it is, a message would come back with a new UID.
		if (verdict.action === 'leave') return;
		if (verdict.action === 'move' && verdict.folder === this.options.mailbox) return;
		let tries = 0;
		for (const { digest } of messages) {
			const before = this.unfinished.get(digest);
			if (before) tries = Math.max(tries, (before.tries += 1));
		}
		try {
			await connection.perform(
				messages.map(({ uid }) => uid),
				verdict,
			);
			this.refused.delete(verdict.action);
		} catch (error) {
			if (connection.failure !== undefined && tries < ACTION_TRIES) throw error;
			if (this.refused.has(verdict.action)) return;
			this.refused.add(verdict.action);
			this.report(notDone(messages, verdict, error));
		}
	}
}

/**
 * These messages, as far as they still wait, and those that share a batch with them. Only the first of
 * two batches of one name starts something, so that one with a part of its mails would lose the others.
 */
async function withTheirBatches(
	messages: readonly MailboxMessage[],
	taken: ReadonlyMap<string, KnownMail>,
	find: FindMails,
): Promise<MailboxMessage[]> {
	const here = new Set(messages.map(({ digest }) => digest));
	const absent = [...taken].filter(([digest, { handedOn }]) => !handedOn && !here.has(digest));
	const others = absent.length > 0 ? await find(new Set(absent.map(([digest]) => digest))) : [];
	return [...messages, ...others].filter(({ digest }) => taken.get(digest)?.handedOn !== true);
}

/** One whose batch was handed on without it, since it lay elsewhere, comes alone. */
function batchOf(digest: string, taken: ReadonlyMap<string, KnownMail>): string {
	const batch = taken.get(digest)?.batch ?? '';
	const isOver = [...taken.values()].some((mail) => mail.batch === batch && mail.handedOn);
	return batch === '' || isOver ? digest : batch;
}

async function inTime<Result>(step: Promise<Result>, ms: number): Promise<Result> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<never>((_, reject) => {
		timer = setTimeout(() => {
			reject(new HandlerHangs(ms));
		}, ms);
	});
	try {
		return await Promise.race([step, late]);
	} finally {
		clearTimeout(timer);
	}
}

function givenUp({ messages }: MailBatch, cause: unknown, tries: number): MessageProblem {
	const reason = asError(cause).message;
	return {
		code: 'handlerFailed',
		message: `A message could not be handled${tries > 1 ? ` (${tries} tries)` : ''}: ${reason.slice(0, 300)}`,
		advice: 'It was left in the mailbox as it is, and the messages after it are read.',
		...whichOf(messages),
		cause,
	};
}

const DONE = {
	markRead: () => 'marked as read',
	move: (folder: string) => `moved to "${folder}"`,
	delete: () => 'deleted',
};

function notDone(
	messages: readonly MailboxMessage[],
	verdict: Exclude<Verdict, { action: 'leave' }>,
	cause: unknown,
): MessageProblem {
	const done = DONE[verdict.action]('folder' in verdict ? verdict.folder : '');
	const [subject, stays] =
		messages.length === 1
			? ['A message', 'It was handled all the same, and stays where it is']
			: [`${messages.length} messages`, 'They were handled all the same, and stay where they are'];
	return {
		code: 'actionFailed',
		message: `${subject} could not be ${done}.`,
		advice: `${stays}: ${asError(cause).message.slice(0, 300)}`,
		...whichOf(messages),
		cause,
	};
}

/** The first of them stands for all. */
function whichOf(
	messages: readonly MailboxMessage[],
): Pick<MessageProblem, 'uid' | 'uidValidity' | 'digest' | 'messageId'> {
	const [first] = messages;
	return {
		uid: first?.uid ?? 0,
		uidValidity: first?.uidValidity ?? '',
		...(first?.digest === undefined ? {} : { digest: first.digest }),
		...(first?.messageId === undefined ? {} : { messageId: first.messageId }),
	};
}
