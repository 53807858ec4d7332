import { setTimeout as sleep } from 'node:timers/promises';

import type { MailboxMessage } from './message';
import type { MessageProblem, Verdict, WatchOptions, WatchTiming } from './session-options';

/** A handler that did not come back in time; it may still be at work, so it is not asked again. */
class HandlerHangs extends Error {
	constructor(ms: number) {
		super(`not finished after ${Math.round(ms / 1000)} s`);
	}
}

/**
 * Gives a message to its handler, again after growing pauses when it throws.
 *
 * @returns the handler's verdict, or the problem when it was given up
 * @throws when `signal` is aborted before the message was taken
 */
export async function handOn(
	message: MailboxMessage,
	onMessage: WatchOptions['onMessage'],
	timing: WatchTiming,
	signal: AbortSignal,
): Promise<{ verdict: Verdict } | { problem: MessageProblem }> {
	for (let tries = 1; ; tries += 1) {
		try {
			return { verdict: await inTime(onMessage(message, signal), timing.handlerMs) };
		} catch (error) {
			signal.throwIfAborted();
			if (error instanceof HandlerHangs || tries >= timing.handlerTries)
				return { problem: givenUp(message, error, tries) };
			await sleep(timing.handlerBackoffMs * 2 ** (tries - 1), undefined, { signal });
		}
	}
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

function givenUp(message: MailboxMessage, cause: unknown, tries: number): MessageProblem {
	const reason = cause instanceof Error ? cause.message : String(cause);
	return {
		code: 'handlerFailed',
		message: `A message could not be handled${tries > 1 ? ` (${tries} tries)` : ''}: ${reason.slice(0, 300)}`,
		advice: 'It was left in the mailbox as it is, and the messages after it are read.',
		uid: message.uid,
		uidValidity: message.uidValidity,
		digest: message.digest,
		...(message.messageId === undefined ? {} : { messageId: message.messageId }),
		cause,
	};
}
