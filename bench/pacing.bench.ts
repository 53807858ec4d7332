import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openStore } from '../mail/store/open';
import { send } from '../test/mail/pacing/sender';
import { usedShare } from '../test/mail/pacing/used-share';
import { compare } from './report';
import type { Benchmark } from './report';

const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const LIMITS = [
	{ name: '100 a second', limit: { count: 100, perMs: 1_000 }, windows: 5 },
	{ name: '1,000 in ten seconds', limit: { count: 1_000, perMs: 10_000 }, windows: 1 },
];

/** A limit is never passed (tests see to that); how near does a campaign come to it? */
export const benchmark: Benchmark = {
	about: 'Two senders share one store and one limit; beside them the limit itself.',
	async *run() {
		for (const { name, limit, windows } of LIMITS) {
			const rate = (limit.count * 1_000) / limit.perMs;
			yield await compare({
				measure: `pacing, ${name}`,
				unit: 'mails/s',
				peerName: 'the limit',
				runs: RUNS,
				ours: async () => rate * (await shareUsedByTwo(limit, windows)),
				peer: () => Promise.resolve(rate),
			});
		}
	},
};

async function shareUsedByTwo(
	limit: { count: number; perMs: number },
	windows: number,
): Promise<number> {
	const folder = mkdtempSync(join(tmpdir(), 'smtp-suite-pacing-'));
	const open = () => openStore({ path: join(folder, 'pace.sqlite'), masterKey: 'bench' });
	const stores = [await open(), await open()];
	const mails = (limit.count * (windows + 1)) / stores.length;
	const sender = { mails, latency: [1, 3], giveBackEach: Infinity } as const;
	try {
		const arrived = await Promise.all(stores.map((store) => send(store, [limit], sender)));
		return usedShare(arrived.flat(), limit, windows);
	} finally {
		for (const store of stores) await store.close();
		rmSync(folder, { recursive: true });
	}
}
