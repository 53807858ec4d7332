import { randomBytes } from 'node:crypto';
import { campaignRate } from './campaign';
import { customers } from './newsletter';
import { NODEMAILER_POOL, nodemailerRate } from './nodemailer-pool';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 1_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 20;
/** Mails after which neither side gets any faster. */
const WARM_UP = 200;

/** As `bulk`, with a file of one megabyte that all recipients get. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, a personalised mail of 10 KB with a file of 1 MB, ${CONNECTIONS} connections, to a sink on loopback.`,
	async *run() {
		const content = randomBytes(1_000_000);
		const file = { fileName: 'brochure.pdf', contentType: 'application/pdf', content };
		const sink = await startSink('forLargeMails');
		const bench = { port: sink.port, people: customers(RECIPIENTS), connections: CONNECTIONS };
		const few = { ...bench, people: bench.people.slice(0, WARM_UP) };
		const attachments = [{ filename: 'brochure.pdf', content }];
		try {
			yield await compare({
				measure: 'bulk-attachment',
				unit: 'mails/s',
				peerName: NODEMAILER_POOL,
				runs: RUNS,
				ours: () => campaignRate({ ...bench, attachments: [file] }),
				peer: () => nodemailerRate({ ...bench, attachments }),
				warmUp: {
					ours: () => campaignRate({ ...few, attachments: [file] }),
					peer: () => nodemailerRate({ ...few, attachments }),
				},
			});
		} finally {
			await sink.stop();
		}
	},
};
