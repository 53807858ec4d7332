import fc from 'fast-check';
import { applyReport, nextBlockSize, roomIn, tidy } from '../../../mail/pacing/window';
import type { Limit, SlotLog } from '../../../mail/pacing/window';

const PER_SECOND: Limit = { count: 3, perMs: 1_000 };

describe('the room that limits leave', () => {
	it('is what the window does not hold yet', () => {
		const log: SlotLog = [
			[8_900, 5],
			[9_500, 1],
			[9_900, 1],
		];
		expect(roomIn(log, [PER_SECOND], 10_000)).toMatchObject({ free: 1 });
		expect(roomIn([], [], 10_000)).toMatchObject({ free: Infinity });
	});

	it('opens one ms after the window that holds too many', () => {
		const log: SlotLog = [
			[9_100, 2],
			[9_500, 1],
		];
		expect(roomIn(log, [PER_SECOND], 10_000)).toMatchObject({ free: 0, nextAt: 10_101 });
		expect(roomIn(log, [PER_SECOND], 10_100).free).toBe(0);
		expect(roomIn(log, [PER_SECOND], 10_101).free).toBe(2);
	});

	it('is that of the tightest of several limits', () => {
		const minute = { count: 4, perMs: 60_000 };
		const log: SlotLog = [
			[9_000, 3],
			[10_000, 1],
		];
		expect(roomIn(log, [PER_SECOND, minute], 12_000)).toMatchObject({ free: 0, nextAt: 69_001 });
	});

	it('counts what a process holds until it tells, and says that it may tell sooner', () => {
		const log: SlotLog = [[70_000, 3, 'x']];
		expect(roomIn(log, [PER_SECOND], 10_000)).toMatchObject({ free: 0, maySooner: true });
		const told = applyReport(log, {
			id: 'x',
			used: { count: 1, at: 10_050 },
			held: { count: 1, until: 71_000 },
		});
		expect(roomIn(told, [PER_SECOND], 10_060).free).toBe(1);
	});
});

describe('a log that is tidied', () => {
	it('never shows more room than the whole one did, for any limits', () => {
		const entry = fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 1, max: 5 }));
		const limit = fc.record({
			count: fc.integer({ min: 1, max: 60 }),
			perMs: fc.constantFrom(500, 1_000, 60_000, 150_000),
		});
		fc.assert(
			fc.property(
				fc.array(entry, { maxLength: 80 }),
				fc.array(limit, { minLength: 1, maxLength: 3 }),
				fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 6 }),
				(log, limits, steps) => {
					let now = 200_000;
					let tidied: SlotLog = log;
					for (const step of steps) {
						now += step;
						tidied = tidy(tidied, limits, now);
						expect(roomIn(tidied, limits, now).free).toBeLessThanOrEqual(
							roomIn(log, limits, now).free,
						);
					}
				},
			),
			{ numRuns: 200 },
		);
	});

	it('stays short, however much it has seen', () => {
		const limits = [PER_SECOND, { count: 100_000, perMs: 86_400_000 }];
		let log: SlotLog = [];
		for (let now = 0; now < 90_000_000; now += 30_000) log = tidy([...log, [now, 3]], limits, now);
		expect(log.length).toBeLessThan(300);
		const used = log.reduce((sum, [, count]) => sum + count, 0);
		expect(used).toBeGreaterThan((86_400_000 / 30_000) * 3 * 0.99);
	});
});

describe('a block', () => {
	const limits = [
		{ count: 640, perMs: 1_000 },
		{ count: 64_000, perMs: 60_000 },
	];

	it('is a small part of the tightest limit at first', () => {
		expect(nextBlockSize([{ count: 1, perMs: 1 }])).toBe(1);
		expect(nextBlockSize(limits)).toBe(10);
		expect(nextBlockSize([{ count: 1e9, perMs: 1 }])).toBe(256);
	});

	it('grows where it is used up quickly, and shrinks where it is not', () => {
		expect(nextBlockSize(limits, { size: 10, spanMs: 2 })).toBe(20);
		expect(nextBlockSize(limits, { size: 20, spanMs: 7 })).toBe(20);
		expect(nextBlockSize(limits, { size: 20, spanMs: 11 })).toBe(10);
		expect(nextBlockSize(limits, { size: 150, spanMs: 0 })).toBe(160);
		expect(nextBlockSize(limits, { size: 1, spanMs: 500 })).toBe(1);
	});
});
