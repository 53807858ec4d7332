import fc from 'fast-check';
import { TimeQueue } from '../../../mail/campaign/time-queue';

describe('the time queue', () => {
	it('gives keys in the order of their times, and none before its time', () => {
		fc.assert(
			fc.property(fc.array(fc.nat(50)), fc.nat(50), (times, now) => {
				const queue = new TimeQueue();
				for (const [index, at] of times.entries()) queue.add(String(index), at);
				const taken: number[] = [];
				for (let key = queue.takeDue(now); key !== undefined; key = queue.takeDue(now))
					taken.push(times[Number(key)]!);
				expect(taken).toEqual(times.filter((at) => at <= now).toSorted((a, b) => a - b));
				expect(queue.size).toBe(times.length - taken.length);
				expect(queue.nextAt).toBe(times.filter((at) => at > now).toSorted((a, b) => a - b)[0]);
			}),
		);
	});
});
