import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { summarize } from '../mail/report/figures';
import { readCounts } from '../mail/report/read';
import { openStore } from '../mail/store/open';
import type { NewTrackingEvent } from '../mail/store/tracking-store';
import { compare } from './report';
import type { Benchmark } from './report';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 1_000_000);
const RECIPIENTS = Math.ceil(EVENTS / 10);
const RUNS = Number(process.env.BENCH_RUNS ?? 5);
const BATCH = 5_000;
const HOUR = 3_600_000;
/** Over a week, as the events of a campaign are. */
const SPREAD_MS = 7 * 24 * HOUR;
const NAMES = ['opened', 'opened', 'opened', 'clicked', 'unsubscribed'] as const;

/** The Summary over a million events, beside one that counts the events themselves. */
export const benchmark: Benchmark = {
	about: `${EVENTS} events of ${RECIPIENTS} recipients in a file: the Summary, beside a query that counts people in the table of events.`,
	async *run() {
		const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-bench-'));
		const file = path.join(folder, 'mail.sqlite');
		const store = await openStore({ path: file, masterKey: 'bench' });
		const plain = new DatabaseSync(file);
		try {
			for (let start = 0; start < RECIPIENTS; start += BATCH)
				await store.ledger.enqueue(
					'bench',
					Array.from({ length: Math.min(BATCH, RECIPIENTS - start) }, (_, index) => {
						const key = `person${start + index}@example.test`;
						return { key, address: key, reference: `r${start + index}`, payload: '{}' };
					}),
				);
			for (let start = 0; start < EVENTS; start += BATCH)
				await store.tracking.record(
					Array.from({ length: Math.min(BATCH, EVENTS - start) }, (_, index) =>
						eventOf(start + index),
					),
				);
			const people = plain.prepare(
				`SELECT event, machine IS NULL AS person, count(*), count(DISTINCT reference)
				FROM tracking_event GROUP BY 1, 2`,
			);
			yield await compare({
				measure: 'report summary',
				unit: 's',
				peerName: 'counting the events',
				runs: RUNS,
				lessIsBetter: true,
				ours: () =>
					seconds(async () => {
						const counts = await readCounts(store, 'bench');
						if (!counts || summarize(counts).recipients !== RECIPIENTS)
							throw new Error('The summary is not about what was written.');
					}),
				peer: () => seconds(() => people.all()),
			});
		} finally {
			plain.close();
			await store.close();
			rmSync(folder, { recursive: true, force: true });
		}
	},
};

function eventOf(index: number): NewTrackingEvent {
	const event = NAMES[index % NAMES.length] ?? 'opened';
	return {
		campaignId: 'bench',
		reference: `r${Math.floor(index / 10)}`,
		event,
		link: event === 'clicked' ? 1 + (index % 7) : 0,
		at: 1_760_000_000_000 + ((index * 7_919_000) % SPREAD_MS),
		...(index % 4 === 0 ? { machine: 'prefetch' as const } : {}),
	};
}

async function seconds(work: () => unknown): Promise<number> {
	const start = performance.now();
	await work();
	return (performance.now() - start) / 1000;
}
