import { generateKeyPairSync } from 'node:crypto';
import { makeDkimSigner } from '../mail/message/dkim';
import { campaignRate } from './campaign';
import { customers } from './newsletter';
import { NODEMAILER_POOL, nodemailerRate } from './nodemailer-pool';
import { compare } from './report';
import type { Benchmark } from './report';
import { signaturesAlone } from './signatures-alone';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 5_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 20;
/** Mails after which neither side gets any faster. */
const WARM_UP = 3_000;

/** As `bulk`, each mail with a signature of its own. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, a personalised mail of 10 KB, signed by DKIM (RSA-2048), ${CONNECTIONS} connections, to a sink on loopback.`,
	async *run() {
		const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
		const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
		const made = makeDkimSigner({ domain: 'example.com', selector: 's1', privateKey: pem });
		if (!made.ok) throw new Error(made.problem);
		const { signer } = made;
		const sink = await startSink();
		const bench = { port: sink.port, people: customers(RECIPIENTS), connections: CONNECTIONS };
		const few = { ...bench, people: bench.people.slice(0, WARM_UP) };
		const dkim = { domainName: 'example.com', keySelector: 's1', privateKey: pem };
		try {
			yield await compare({
				measure: 'bulk-signed',
				unit: 'mails/s',
				peerName: `${NODEMAILER_POOL}, dkim`,
				runs: RUNS,
				ours: () => campaignRate({ ...bench, signer }),
				peer: () => nodemailerRate({ ...bench, dkim }),
				warmUp: {
					ours: () => campaignRate({ ...few, signer }),
					peer: () => nodemailerRate({ ...few, dkim }),
				},
			});
			yield await compare({
				measure: 'bulk-signed beside the limit',
				unit: 'mails/s',
				peerName: 'signatures alone, on all cores',
				runs: RUNS,
				ours: () => campaignRate({ ...bench, signer }),
				peer: () => signaturesAlone(privateKey),
			});
		} finally {
			await sink.stop();
		}
	},
};
