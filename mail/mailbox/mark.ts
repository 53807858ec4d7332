import type { MailboxMark } from '../store/store';
import type { MailboxConnection } from './connection';
import { arrivalOf, readDate } from './digest';
import type { MailboxMessage } from './message';

/** How far clocks of one server, and the order of mail on its way through it, may be apart. */
const SLACK_MS = 3_600_000;
/** How long a mail may have been on its way (RFC 5321 section 4.5.4.1: five days), and some more. */
const IN_TRANSIT_MS = 7 * 86_400_000;

/**
 * The mark when nothing up to `uid` is wanted any more. Should the folder be replaced one day, these
 * messages are no news: the horizon tells that of the older ones, their digests of the latest.
 *
 * @param newest the messages that came last, as far as they can be had
 */
export function markUnwanted(
	mark: MailboxMark,
	uid: number,
	newest: readonly MailboxMessage[],
	now: number,
): { mark: MailboxMark; unwanted: string[] } {
	// What arrived meanwhile is wanted.
	const unwanted = newest.filter((message) => message.uid <= uid);
	const dates = unwanted.flatMap(({ internalDate }) => internalDate ?? []);
	const latest = Math.min(now, dates.length > 0 ? Math.max(...dates) : now);
	const late = unwanted.filter(({ internalDate = now }) => internalDate >= latest - SLACK_MS);
	return {
		mark: { ...markPassed(mark, uid), horizon: Math.max(mark.horizon ?? 0, latest) },
		unwanted: late.map(({ digest }) => digest),
	};
}

/** UIDs that are to be handed on by this mark, ascending. */
export async function uidsToRead(
	connection: MailboxConnection,
	{ lastUid, unreadUntil = 0 }: MailboxMark,
): Promise<number[]> {
	const after = await connection.uidsAfter(Math.max(lastUid, unreadUntil));
	if (lastUid >= unreadUntil) return after;
	const unread = await connection.search({ uid: `${lastUid + 1}:${unreadUntil}`, seen: false });
	return [...unread.filter((uid) => uid > lastUid && uid <= unreadUntil), ...after];
}

/** The mark after this message. */
export function markHandled(mark: MailboxMark, message: MailboxMessage, now: number): MailboxMark {
	return {
		...markPassed(mark, message.uid),
		// A date of the future, set by whoever put the message there, must not hide what comes.
		horizon: Math.max(mark.horizon ?? 0, Math.min(message.internalDate ?? 0, now)),
	};
}

/** The mark after a message that is gone or cannot be read. */
export function markPassed(mark: MailboxMark, uid: number): MailboxMark {
	const { unreadUntil = 0, ...rest } = mark;
	const lastUid = Math.max(mark.lastUid, uid);
	return { ...rest, lastUid, ...(lastUid < unreadUntil ? { unreadUntil } : {}) };
}

/** The mark when the replaced folder is looked through. */
export function markReplaced(
	{ horizon }: MailboxMark,
	folder: { uidValidity: string; lastUid: number },
): MailboxMark {
	return { ...folder, ...(horizon === undefined ? {} : { horizon }) };
}

/**
 * UIDs of a replaced folder that may be news, by the dates alone: those that the server took in, and
 * that were written, after the mark's horizon. A folder that was restored with fresh server's dates is
 * so not replayed.
 */
export async function uidsToReadAgain(
	connection: MailboxConnection,
	mark: MailboxMark,
	now: number,
): Promise<number[]> {
	const horizon = horizonOf(mark, now);
	// SINCE knows days only, in the time zone of the server.
	const since = new Date(Math.max(0, horizon - SLACK_MS - 2 * 86_400_000));
	const uids: number[] = [];
	for await (const { uid, internalDate, date } of connection.scan(
		await connection.search({ since }),
	)) {
		const written = date === undefined ? undefined : readDate(date);
		const old =
			(internalDate !== undefined && internalDate < horizon - SLACK_MS) ||
			(written !== undefined && written < horizon - IN_TRANSIT_MS);
		if (!old) uids.push(uid);
	}
	return uids.sort((a, b) => a - b);
}

/** Whether a message of a replaced folder may be news, seen from near: by its trace lines. */
export function isNews(mark: MailboxMark, { raw }: MailboxMessage, now: number): boolean {
	const arrived = arrivalOf(raw);
	return arrived === undefined || arrived >= horizonOf(mark, now) - SLACK_MS;
}

/** A mark without a horizon tells nothing of dates: yesterday is a guess that replays no box. */
function horizonOf({ horizon }: MailboxMark, now: number): number {
	return horizon ?? now - 86_400_000;
}
