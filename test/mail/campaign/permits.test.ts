import { Permits } from '../../../mail/campaign/permits';

describe('permits to be on the wire', () => {
	it('are given to so many at once, and to who waits in the order of asking', async () => {
		const permits = new Permits(2);
		const taken: string[] = [];
		const take = async (name: string) => {
			const permit = await permits.take();
			taken.push(name);
			return permit;
		};
		const [first] = await Promise.all([take('a'), take('b')]);
		const waiting = [take('c'), take('d')];
		await new Promise(setImmediate);
		expect(taken).toEqual(['a', 'b']);
		first.giveBack();
		await waiting[0];
		expect(taken).toEqual(['a', 'b', 'c']);
	});

	it('that are given back twice make room for one', async () => {
		const permits = new Permits(1);
		const permit = await permits.take();
		permit.giveBack();
		permit.giveBack();
		await permits.take();
		const next = jest.fn();
		void permits.take().then(next);
		await new Promise(setImmediate);
		expect(next).not.toHaveBeenCalled();
	});
});
