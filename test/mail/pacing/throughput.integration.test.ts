import { openStore } from '../../../mail/store/open';
import { fullestWindow } from '../../support/fullest-window';
import { temporaryFolder } from '../store/temporary-folder';
import { send } from './sender';
import type { Sender } from './sender';
import { usedShare } from './used-share';

const folder = temporaryFolder();
const LIMIT = { count: 100, perMs: 1_000 };

describe('a limit that two processes share', () => {
	it('is kept in every window, and made use of', async () => {
		const open = () => openStore({ path: `${folder()}/pace.sqlite`, masterKey: 'test' });
		const stores = [await open(), await open()];
		const sender: Sender = { mails: 300, latency: [1, 3], giveBackEach: Infinity };
		const arrived = (await Promise.all(stores.map((store) => send(store, [LIMIT], sender)))).flat();
		for (const store of stores) await store.close();
		expect(arrived).toHaveLength(600);
		expect(fullestWindow(arrived, LIMIT.perMs).count).toBeLessThanOrEqual(LIMIT.count);
		const used = usedShare(arrived, LIMIT, 5);
		console.info(`100 a second over two processes: ${(used * 100).toFixed(1)} %`);
		// How near it comes is a measurement (npm run bench -- pacing); a pace that stalls is a fault anywhere.
		expect(used).toBeGreaterThan(0.7);
	}, 30_000);
});
