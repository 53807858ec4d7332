import { randomUUID } from 'node:crypto';
import type { PaceBook, Revision } from '../store/store';
import { readSlotPage, writeSlotPage } from './page';
import { keepPlace, mailsAhead } from './line';
import type { SlotPage } from './page';
import { applyReport, nextBlockSize, roomIn } from './window';
import type { Limit, SlotReport } from './window';

/** A page of slots, and the limits that hold for it. */
export interface Ruled {
	key: string;
	/** @param since when the page's first mail was let go */
	limits: (since: number | undefined, now: number) => readonly Limit[];
}

/** Leave for one mail. One of the two ends it, once. */
export interface Slot {
	/** Too old to be used: what has waited so long has to ask again. */
	readonly isOver: boolean;
	/** The server has had its last word about the mail, or never will. */
	finish(): void;
	/** No server can have the mail. */
	giveBack(): void;
}

/** How long slots are held for a process that dies with them, in ms. */
const HOLD_MS = 60_000;
/** How long one may be used, in ms: what is sent at the last moment arrives within the hold. */
const USE_MS = 40_000;
/** What is left of a block goes back when nobody has asked for so long, in ms. */
const KEEP_MS = 250;
/** How soon others are told what became of slots, in ms. */
const REPORT_MS = 20;
const LONGEST_LOOK_MS = 250;
const ASKING_MS = 50;
/** Who stands in line is seen there at least so often, in ms: a place is kept only a little longer. */
const IN_LINE_LOOK_MS = 5_000;
const IN_LINE_MS = IN_LINE_LOOK_MS + 2_000;

interface Block {
	id: string;
	size: number;
	/** Not given out yet. */
	left: number;
	/** Given out, and not ended. */
	out: number;
	/** Ended since the last report, and when the last of them did (monotonic). */
	used: number;
	usedAt: number;
	/** Changed since the last report. */
	news: boolean;
	reservedAt: number;
	/** When the last slot was given out. */
	givenAt: number;
	heldUntil: number;
}

/**
 * Slots for the mails of one process, reserved in blocks on pages that all processes share, so that
 * most mails cost no way to the store. A slot counts on the page from before its mail leaves until
 * after the server's last word.
 *
 * Times are of a clock that only goes forward; the pages have the store's.
 */
export class Desk {
	readonly #id = randomUUID();
	readonly #blocks: Block[] = [];
	#closedUntil = 0;
	#roomAt = 0;
	#atWork: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;
	#ended = false;
	/** Of the last block that was used up. */
	#lastBlock: { size: number; spanMs: number } | undefined;

	constructor(
		private readonly book: Pick<PaceBook, 'revise'>,
		private readonly pages: readonly Ruled[],
		private readonly options: {
			/** Told when a slot may be had. */
			onChange: () => void;
			onError: (error: unknown) => void;
			monotonic?: () => number;
			/**
			 * Given: the mails stand in line on the pages, before those of all desks that do not. It says how
			 * many wait now; no more slots than that are taken at once.
			 */
			mailsInLine?: () => number;
		},
	) {}

	/** A slot, if one is at hand; otherwise sees to it that there will be. */
	take(): Slot | undefined {
		const now = this.#now();
		const block = this.#blocks.find(
			({ left, reservedAt }) => left > 0 && now < reservedAt + USE_MS,
		);
		if (block) return this.#give(block);
		if (!this.#ended && now >= this.#closedUntil) void this.#work(true);
		return undefined;
	}

	/** For how long there is none, in ms; while the book is being asked, a guess. */
	get waitMs(): number {
		const now = this.#now();
		if (this.#usable(now)) return 0;
		return Math.max(this.#closedUntil - now, this.#atWork ? ASKING_MS : 0);
	}

	/** For how long there surely is none, in ms; 0 where somebody may give some back before. */
	get roomInMs(): number {
		return Math.max(this.#roomAt - this.#now(), 0);
	}

	/** The book has been asked, and will answer. */
	get isAsking(): boolean {
		return this.#atWork !== undefined;
	}

	/** Fewer mails stand in line than the pages say. */
	leaveLine(): void {
		void this.#work(false);
	}

	/** Tells the book of everything, and gives back what is left. */
	async close(): Promise<void> {
		this.#ended = true;
		clearTimeout(this.#timer);
		await this.#atWork;
		for (const block of this.#blocks) this.#leave(block);
		await this.#work(false);
	}

	#usable(now: number): Block | undefined {
		return this.#blocks.find(({ left, reservedAt }) => left > 0 && now < reservedAt + USE_MS);
	}

	#give(block: Block): Slot {
		block.left -= 1;
		block.out += 1;
		block.givenAt = this.#now();
		let open = true;
		const end = (used: boolean) => {
			if (!open) return;
			open = false;
			block.out -= 1;
			block.news = true;
			if (used) {
				block.used += 1;
				block.usedAt = this.#now();
			} else {
				this.#closedUntil = 0;
				this.#roomAt = 0;
			}
			this.#reportIn(REPORT_MS);
		};
		const isOver = () => this.#now() >= block.reservedAt + USE_MS;
		return {
			get isOver() {
				return isOver();
			},
			finish: () => {
				end(true);
			},
			giveBack: () => {
				end(false);
			},
		};
	}

	#leave(block: Block): void {
		if (block.left > 0) block.news = true;
		block.left = 0;
	}

	#reportIn(ms: number): void {
		if (this.#timer || this.#ended) return;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			const now = this.#now();
			for (const block of this.#blocks) {
				if (now >= block.givenAt + KEEP_MS) this.#leave(block);
				if (now >= block.heldUntil - HOLD_MS / 2) block.news = true;
			}
			if (this.#blocks.some(({ news }) => news)) void this.#work(false);
			else if (this.#blocks.length > 0) this.#reportIn(KEEP_MS);
		}, ms);
		this.#timer.unref();
	}

	/** One way to the book: tells what is new, and asks for a block if one is wanted. */
	#work(wanted: boolean): Promise<void> {
		this.#atWork ??= this.#revise(wanted)
			.catch((error: unknown) => {
				this.options.onError(error);
			})
			.finally(() => {
				this.#atWork = undefined;
				if (this.#blocks.length > 0) this.#reportIn(this.#hasNews ? REPORT_MS : KEEP_MS);
				// Even when no slot was wanted: somebody may have asked meanwhile.
				this.options.onChange();
			});
		return this.#atWork;
	}

	get #hasNews(): boolean {
		return this.#blocks.some(({ news }) => news);
	}

	async #revise(wanted: boolean): Promise<void> {
		// Before the transaction begins, so that what is told as this old is not older in it.
		const calledAt = this.#now();
		const told = this.#blocks
			.filter(({ news }) => news)
			.map((block) => makeReport(block, calledAt));
		const id = randomUUID();
		try {
			const answer = await this.book.revise(
				this.pages.map(({ key }) => key),
				(texts, now) => this.#rewrite(texts.map(readSlotPage), now, { told, id, wanted }),
			);
			for (const report of told) this.#wasTold(report);
			if (wanted) this.#answered(id, answer, calledAt);
		} catch (error) {
			for (const { block } of told) block.news = true;
			throw error;
		}
	}

	/** The pages with what is told, and with a new block if there is room for one. */
	#rewrite(
		pages: SlotPage[],
		now: number,
		{ told, id, wanted }: { told: readonly AgedReport[]; id: string; wanted: boolean },
	): ReturnType<Revision<Answer>> {
		for (const page of pages)
			for (const report of told) page.log = applyReport(page.log, atTime(report, now));
		const limits = this.pages.map((ruled, index) => ruled.limits(pages[index]?.since, now));
		const shortest = Math.min(...limits.flat().map(({ perMs }) => perMs));
		const lookMs = Math.min(Math.max(shortest / 128, 5), LONGEST_LOOK_MS);
		const inLine = this.options.mailsInLine?.();
		const rooms = pages.map(({ log, line = [] }, index) => {
			const room = roomIn(log, limits[index] ?? [], now);
			const free = room.free - mailsAhead(line, this.#id, now);
			const waitMs = free > 0 ? 0 : room.free > 0 ? lookMs : room.nextAt - now;
			return { free, waitMs, maySooner: room.maySooner || room.free > 0 };
		});
		const free = Math.min(
			...rooms.map((room) => room.free),
			nextBlockSize(limits.flat(), this.#lastBlock),
			inLine ?? Infinity,
		);
		const count = wanted && free > 0 ? free : 0;
		for (const page of pages) {
			if (inLine !== undefined)
				page.line = keepPlace(page.line ?? [], [this.#id, inLine - count, now + IN_LINE_MS], now);
			if (count === 0) continue;
			page.since ??= now;
			page.log = [...page.log, [now + HOLD_MS, count, id]];
		}
		const roomInMs = Math.max(...rooms.map(({ waitMs }) => waitMs));
		const maySooner = rooms.some((room) => room.free <= 0 && room.maySooner);
		return {
			pages: pages.map((page, index) => writeSlotPage(page, limits[index] ?? [], now)),
			result: {
				count,
				waitMs: maySooner ? Math.min(roomInMs, lookMs) : roomInMs,
				roomInMs: maySooner ? 0 : roomInMs,
			},
		};
	}

	#answered(id: string, { count, waitMs, roomInMs }: Answer, calledAt: number): void {
		if (count === 0) {
			const lookMs = this.options.mailsInLine ? Math.min(waitMs, IN_LINE_LOOK_MS) : waitMs;
			this.#closedUntil = this.#now() + Math.max(lookMs, 1);
			this.#roomAt = this.#now() + roomInMs;
			return;
		}
		const nothing = { out: 0, used: 0, usedAt: 0, news: false };
		this.#blocks.push({
			id,
			size: count,
			left: count,
			...nothing,
			reservedAt: calledAt,
			givenAt: calledAt,
			heldUntil: calledAt + HOLD_MS,
		});
	}

	#wasTold({ block, used }: AgedReport): void {
		block.used -= used;
		block.heldUntil = this.#now() + HOLD_MS;
		const isDone = block.left === 0 && block.out === 0 && block.used === 0 && !block.news;
		if (!isDone) return;
		this.#blocks.splice(this.#blocks.indexOf(block), 1);
		const { size, givenAt, reservedAt } = block;
		this.#lastBlock = { size, spanMs: givenAt - reservedAt };
	}

	#now(): number {
		return (this.options.monotonic ?? monotonic)();
	}
}

interface Answer {
	count: number;
	/** When there may be room again, if there was none. */
	waitMs: number;
	/** For how long there surely is none. */
	roomInMs: number;
}

/** A report whose times are still ages. */
interface AgedReport {
	block: Block;
	used: number;
	ageMs: number;
	held: number;
}

/** What happens to the block from here on is news for the next one. */
function makeReport(block: Block, calledAt: number): AgedReport {
	block.news = false;
	const { left, out, used, usedAt } = block;
	return { block, used, ageMs: calledAt - usedAt, held: left + out };
}

/** The store's clock has whole ms: a part of one counts as a whole. */
function atTime({ block, used, ageMs, held }: AgedReport, now: number): SlotReport {
	return {
		id: block.id,
		used: { count: used, at: Math.ceil(now - ageMs) + 1 },
		held: { count: held, until: now + HOLD_MS },
	};
}

function monotonic(): number {
	return performance.now();
}
