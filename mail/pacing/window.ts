/** So many mails in any window of this length, wherever it is laid. */
export interface Limit {
	count: number;
	perMs: number;
}

/**
 * Slots of one limit or more: how many mails, and until when one of them may still reach the server
 * (ms, the store's clock). With an id, the entry belongs to a process that has yet to tell what became
 * of it; `until` is then the end of its hold.
 */
export type SlotEntry = readonly [until: number, count: number, id?: string];
export type SlotLog = readonly SlotEntry[];

/** A window is kept in so many grains: what is lost of a limit by that is one part of as many. */
const GRAINS = 128;

export interface Room {
	/** How many mails may leave now. */
	free: number;
	/** When the next may, if none may now. */
	nextAt: number;
	/** A process that holds slots may free some before that. */
	maySooner: boolean;
}

/**
 * How much room the limits leave. A mail counts from the moment its slot was reserved until the window
 * is over that begins with its latest possible arrival. So whatever delays a mail on its way, no window
 * holds more of them than its limit.
 */
export function roomIn(log: SlotLog, limits: readonly Limit[], now: number): Room {
	const room: Room = { free: Infinity, nextAt: now, maySooner: false };
	for (const { count, perMs } of limits) {
		const counting = log.filter(([until]) => until + perMs >= now);
		let used = 0;
		for (const [, slots] of counting) used += slots;
		room.free = Math.min(room.free, Math.max(count - used, 0));
		if (used < count) continue;
		for (const [until, slots, id] of counting.toSorted((a, b) => a[0] - b[0])) {
			if (id !== undefined) room.maySooner = true;
			used -= slots;
			if (used >= count) continue;
			room.nextAt = Math.max(room.nextAt, until + perMs + 1);
			break;
		}
	}
	return room;
}

/** What a process tells of slots that it holds. */
export interface SlotReport {
	id: string;
	/** Mails whose last word came at `at`. */
	used: { count: number; at: number };
	/** Slots that it goes on holding, until then; the others were not needed. */
	held: { count: number; until: number };
}

/** Puts what was told in the place of what was held. A hold that is over is not taken up again. */
export function applyReport(log: SlotLog, { id, used, held }: SlotReport): SlotLog {
	const others = log.filter(([, , owner]) => owner !== id);
	const told: SlotEntry[] = [];
	if (used.count > 0) told.push([used.at, used.count]);
	if (held.count > 0) told.push([held.until, held.count, id]);
	return [...others, ...told];
}

/**
 * Forgets what no window reaches any more, and keeps together what is so old that a grain of the
 * smallest window that still reaches it makes no difference: the later of two times counts for both.
 */
export function tidy(log: SlotLog, limits: readonly Limit[], now: number): SlotLog {
	const windows = limits.map(({ perMs }) => perMs).toSorted((a, b) => a - b);
	const open: SlotEntry[] = [];
	const grains = new Map<string, { until: number; count: number }>();
	for (const entry of log) {
		const [until, count, id] = entry;
		const reach = windows.find((perMs) => until + perMs >= now);
		if (reach === undefined) continue;
		if (id !== undefined && until > now) {
			open.push(entry);
			continue;
		}
		const grainMs = Math.max(Math.floor(reach / GRAINS), 1);
		const grain = `${grainMs}:${Math.ceil(until / grainMs)}`;
		const known = grains.get(grain);
		grains.set(grain, {
			until: Math.max(known?.until ?? 0, until),
			count: (known?.count ?? 0) + count,
		});
	}
	const closed = [...grains.values()].map(({ until, count }): SlotEntry => [until, count]);
	return [...closed.toSorted((a, b) => a[0] - b[0]), ...open];
}

/**
 * How many slots to reserve at once. A block counts as a whole until its last mail is through, so it
 * is one that is used up within a small part of the shortest window: where mails go quickly it grows,
 * up to a quarter of the tightest limit, and where they go slowly it shrinks.
 *
 * @param before the size of the last block, and how long it took until all of it was given out, in ms
 */
export function nextBlockSize(
	limits: readonly Limit[],
	before?: { size: number; spanMs: number },
): number {
	const tightest = Math.min(...limits.map(({ count }) => count));
	const most = Math.min(Math.max(Math.floor(tightest / 4), 1), LARGEST_BLOCK);
	if (!before) return Math.min(Math.max(Math.floor(tightest / 64), 1), most);
	const goodMs = Math.min(...limits.map(({ perMs }) => perMs)) / 100;
	if (before.spanMs > goodMs) return Math.max(Math.floor(before.size / 2), 1);
	return before.spanMs < goodMs / 2 ? Math.min(before.size * 2, most) : Math.min(before.size, most);
}

const LARGEST_BLOCK = 256;
