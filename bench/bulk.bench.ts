import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { bareSocketRate } from './bare-socket';
import { campaignRate } from './campaign';
import { customers } from './newsletter';
import { NODEMAILER_POOL, nodemailerRate } from './nodemailer-pool';
import { compare, rate } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 20_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 20;
/** Mails after which neither side gets any faster. */
const WARM_UP = 5_000;
const SMTP_SOURCE = '/usr/sbin/smtp-source';

/** A whole campaign: taken in, claimed, rendered, sent, and each outcome on disk. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, a personalised mail of 10 KB in HTML and text, ${CONNECTIONS} connections, to a sink on loopback.`,
	async *run() {
		const sink = await startSink();
		const people = customers(RECIPIENTS);
		const bench = { port: sink.port, people, connections: CONNECTIONS };
		const few = { ...bench, people: people.slice(0, WARM_UP) };
		const ours = () => campaignRate(bench);
		try {
			yield await compare({
				measure: 'bulk',
				unit: 'mails/s',
				peerName: NODEMAILER_POOL,
				runs: RUNS,
				ours,
				peer: () => nodemailerRate(bench),
				warmUp: { ours: () => campaignRate(few), peer: () => nodemailerRate(few) },
			});
			yield await compare({
				measure: 'bulk beside a socket',
				unit: 'mails/s',
				peerName: 'a bare socket (the same bytes to all, no ledger)',
				runs: RUNS,
				ours,
				peer: () => bareSocketRate(sink.port, RECIPIENTS, CONNECTIONS),
			});
			if (existsSync(SMTP_SOURCE))
				yield await compare({
					measure: 'bulk beside the limit',
					unit: 'mails/s',
					peerName: 'smtp-source (C, the same bytes to all)',
					runs: RUNS,
					ours,
					peer: () => Promise.resolve(smtpSource(sink.port)),
				});
		} finally {
			await sink.stop();
		}
	},
};

function smtpSource(port: number): number {
	const start = performance.now();
	const size = String(10_240);
	const counts = ['-s', String(CONNECTIONS), '-m', String(RECIPIENTS), '-l', size];
	spawnSync(SMTP_SOURCE, [...counts, '-d', `127.0.0.1:${port}`]);
	return rate(RECIPIENTS, start);
}
