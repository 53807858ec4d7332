import { startFaultProxy } from '../test/support/fault-proxy';
import { campaignRate } from './campaign';
import { customers } from './newsletter';
import { NODEMAILER_POOL, nodemailerRate } from './nodemailer-pool';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 500);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 5;
const ROUND_TRIP_MS = 50;

/** A server far away: what counts is how often a mail waits for it. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, ${CONNECTIONS} connections, to a sink that is ${ROUND_TRIP_MS} ms away and back.`,
	async *run() {
		const sink = await startSink();
		const proxy = await startFaultProxy(sink.port);
		proxy.delay(ROUND_TRIP_MS / 2);
		const bench = { port: proxy.port, people: customers(RECIPIENTS), connections: CONNECTIONS };
		try {
			yield await compare({
				measure: 'bulk-latency',
				unit: 'mails/s',
				peerName: 'connections / (2 x round trip)',
				runs: RUNS,
				ours: () => campaignRate(bench),
				peer: () => Promise.resolve((CONNECTIONS * 1_000) / (2 * ROUND_TRIP_MS)),
			});
			yield await compare({
				measure: 'bulk-latency beside nodemailer',
				unit: 'mails/s',
				peerName: NODEMAILER_POOL,
				runs: RUNS,
				ours: () => campaignRate(bench),
				peer: () => nodemailerRate(bench),
			});
		} finally {
			await proxy.close();
			await sink.stop();
		}
	},
};
