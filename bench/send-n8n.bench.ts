import { startFaultProxy } from '../test/support/fault-proxy';
import { startMeasuringN8n } from './n8n-run';
import type { MeasuredNode, MeasuringN8n } from './n8n-run';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const ITEMS = Number(process.env.BENCH_MAILS ?? 1_000);
/** It takes its time; its rate shows in fewer mails. */
const PEER_ITEMS = Math.ceil(ITEMS / 10);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const ROUND_TRIP_MS = 20;
const SEND_EMAIL = "n8n's Send Email";

const MAIL = {
	fromEmail: 'Shop <shop@example.com>',
	toEmail: '={{ $json.to }}',
	subject: 'Your order',
	emailFormat: 'both',
	text: 'Thank you for your order; it is on its way to you.',
	html: `<h1>Your order</h1>${'<p>Thank you for your order; it is on its way to you.</p>'.repeat(40)}`,
};

/** As a user has it: a workflow in a real n8n, its items through the one node or the other. */
export const benchmark: Benchmark = {
	about: `${ITEMS} items through SMTP Send in a real n8n, ${PEER_ITEMS} through Send Email, to a sink on loopback.`,
	async *run() {
		const n8n = await startMeasuringN8n();
		const sink = await startSink();
		const proxy = await startFaultProxy(sink.port);
		proxy.delay(ROUND_TRIP_MS / 2);
		try {
			for (const [measure, port] of [
				['send in n8n', sink.port],
				[`send in n8n, ${ROUND_TRIP_MS} ms away`, proxy.port],
			] as const) {
				const ours = await smtpSend(n8n, port);
				const peer = await sendEmail(n8n, port);
				for (const node of [ours, peer]) await rateOf(n8n, node, 5);
				yield await compare({
					measure,
					unit: 'mails/s',
					peerName: SEND_EMAIL,
					runs: RUNS,
					ours: () => rateOf(n8n, ours, ITEMS),
					peer: () => rateOf(n8n, peer, PEER_ITEMS),
				});
			}
		} finally {
			await proxy.close();
			await sink.stop();
			await n8n.stop();
		}
	},
};

async function rateOf(n8n: MeasuringN8n, node: MeasuredNode, mails: number): Promise<number> {
	const items = Array.from({ length: mails }, (_, index) => ({
		to: `customer-${index}@example.com`,
	}));
	const { ms, outputs } = await n8n.run(node, items);
	if (outputs[0]?.length !== mails) throw new Error(`${outputs[0]?.length} of ${mails} were sent.`);
	return (mails * 1_000) / ms;
}

async function smtpSend(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-smtp-suite.smtpSend',
		parameters: MAIL,
		credentials: await n8n.credential('smtpAccount', {
			service: 'own',
			host: '127.0.0.1',
			port,
			security: 'none',
			authentication: 'none',
		}),
	};
}

async function sendEmail(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-base.emailSend',
		typeVersion: 2.1,
		parameters: { ...MAIL, options: { appendAttribution: false } },
		credentials: await n8n.credential('smtp', {
			user: '',
			password: '',
			host: '127.0.0.1',
			port,
			secure: false,
			disableStartTls: true,
		}),
	};
}
