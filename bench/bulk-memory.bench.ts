import { campaignRate } from './campaign';
import { customers } from './newsletter';
import type { Benchmark } from './report';
import { startSink } from './sink';

const FEW = 10_000;
const MANY = Number(process.env.BENCH_RECIPIENTS ?? 100_000);
const CONNECTIONS = 20;
const MEGABYTE = 1024 * 1024;

/** How much more memory the process has at its peak than before the run, the list apart. */
export const benchmark: Benchmark = {
	about: `The peak of the process's memory over that before the run, the list of recipients apart: ${FEW} recipients beside ${MANY}.`,
	async *run() {
		const sink = await startSink();
		try {
			const few = await peakOver(sink.port, FEW);
			const many = await peakOver(sink.port, MANY);
			yield {
				measure: 'bulk-memory',
				unit: 'MB',
				ours: many,
				peer: few,
				peerName: `the same for ${FEW}`,
				ratio: few / many,
				runs: 1,
			};
		} finally {
			await sink.stop();
		}
	},
};

async function peakOver(port: number, recipients: number): Promise<number> {
	const people = customers(recipients);
	globalThis.gc?.();
	const before = process.memoryUsage.rss();
	let peak = before;
	const timer = setInterval(() => {
		peak = Math.max(peak, process.memoryUsage.rss());
	}, 50);
	await campaignRate({ port, people, connections: CONNECTIONS });
	clearInterval(timer);
	return (peak - before) / MEGABYTE;
}
