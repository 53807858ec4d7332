import { openStore } from '../../../mail/store/open';
import { fullestWindow } from '../../support/fullest-window';
import { temporaryFolder } from '../store/temporary-folder';
import { send } from './sender';
import type { Sender } from './sender';

const folder = temporaryFolder();

describe('a limit that two processes share', () => {
	it('is kept in every window, and reached to 97 parts of a hundred', async () => {
		const limits = [{ count: 100, perMs: 1_000 }];
		const open = () => openStore({ path: `${folder()}/pace.sqlite`, masterKey: 'test' });
		const stores = [await open(), await open()];
		const sender: Sender = { mails: 300, latency: [1, 3], giveBackEach: Infinity };
		const arrived = (await Promise.all(stores.map((store) => send(store, limits, sender)))).flat();
		for (const store of stores) await store.close();
		expect(arrived).toHaveLength(600);
		expect(fullestWindow(arrived, 1_000).count).toBeLessThanOrEqual(100);
		// What left with the first hundred is followed by as many each second: five seconds later, five hundred.
		const times = arrived.toSorted((a, b) => a - b);
		const spans = times.slice(0, 100).map((time, index) => (times[index + 500] ?? Infinity) - time);
		const meanMs = spans.reduce((sum, span) => sum + span, 0) / spans.length;
		console.info(`100 a second over two processes: ${((100 * 5_000) / meanMs).toFixed(1)} %`);
		expect(5_000 / meanMs).toBeGreaterThan(0.97);
	}, 30_000);
});
