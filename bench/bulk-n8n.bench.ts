import { watchHealth } from './health-watch';
import type { Span, Waits } from './health-watch';
import { startMeasuringN8n } from './n8n-run';
import type { MeasuredNode, MeasuringN8n } from './n8n-run';
import { customers, HTML, SUBJECT, TEXT } from './newsletter';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 10_000);
/** It takes its time; its rate shows in fewer mails. */
const PEER_ITEMS = Number(process.env.BENCH_PEER_ITEMS ?? 500);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
/** As many as in the other rates. Send Email has no such choice: it makes a connection for each mail. */
const CONNECTIONS = 20;
const SEND_EMAIL = "n8n's Send Email";
/** As many as fit into a health check that a load balancer or Kubernetes makes with the shortest patience. */
const HEALTHY_MS = 200;

/** A campaign as a user has it: a workflow in a real n8n, its items through the one node or the other. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} items through SMTP Bulk Send in a real n8n, ${PEER_ITEMS} through Send Email: a personalised mail of 10 KB in HTML and text, ${CONNECTIONS} connections, to a sink on loopback. n8n is asked for its health while SMTP Bulk Send is at work.`,
	async *run() {
		const n8n = await startMeasuringN8n();
		const sink = await startSink();
		const waits: Waits[] = [];
		try {
			const peer = await sendEmail(n8n, sink.port);
			await runOf(n8n, peer, 5);
			for (const outputItems of ['summary', 'recipients'] as const) {
				const ours = await bulkSend(n8n, sink.port, outputItems);
				await runOf(n8n, ours(), 5);
				yield await compare({
					measure: `bulk in n8n, ${outputItems === 'summary' ? 'a summary' : 'an item a recipient'}`,
					unit: 'mails/s',
					peerName: SEND_EMAIL,
					runs: RUNS,
					ours: async () => {
						const health = watchHealth(n8n.url);
						const { rate, during } = await runOf(n8n, ours(), RECIPIENTS);
						waits.push(await health.stop(during));
						return rate;
					},
					peer: async () => (await runOf(n8n, peer, PEER_ITEMS)).rate,
				});
			}
			for (const which of ['median', 'worst'] as const) {
				const ours = Math.max(...waits.map((wait) => wait[which]));
				yield {
					measure: `health of n8n meanwhile, ${which} wait`,
					unit: 'ms',
					ours,
					peer: HEALTHY_MS,
					peerName: 'what a health check waits for',
					ratio: HEALTHY_MS / ours,
					runs: waits.length,
				};
			}
		} finally {
			await sink.stop();
			await n8n.stop();
		}
	},
};

async function runOf(
	n8n: MeasuringN8n,
	node: MeasuredNode,
	mails: number,
): Promise<{ rate: number; during: Span }> {
	const items = customers(mails).map(({ address, data }) => ({ ...data, email: address }));
	const { ms, startedAt, outputs } = await n8n.run(node, items);
	const [first = []] = outputs;
	const sent = first.length === 1 && mails > 1 ? first[0]?.json.sent : first.length;
	if (sent !== mails) throw new Error(`${String(sent)} of ${mails} were sent.`);
	return { rate: (mails * 1_000) / ms, during: { from: startedAt, to: startedAt + ms } };
}

let campaigns = 0;

/** Each time another campaign: one that was sent already is done at once. */
async function bulkSend(
	n8n: MeasuringN8n,
	port: number,
	outputItems: 'summary' | 'recipients',
): Promise<() => MeasuredNode> {
	const credentials = await n8n.credential('smtpAccount', {
		service: 'own',
		host: '127.0.0.1',
		port,
		security: 'none',
		authentication: 'none',
		maxConnections: CONNECTIONS,
	});
	return () => ({
		type: 'n8n-nodes-smtp-suite.smtpBulkSend',
		parameters: {
			campaignId: `bench-${(campaigns += 1)}`,
			fromEmail: 'Shop <shop@example.com>',
			subject: SUBJECT,
			html: HTML,
			text: TEXT,
			emailFormat: 'both',
			outputItems,
		},
		credentials,
	});
}

/** The same mail, its fields filled in by n8n's expressions. */
async function sendEmail(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-base.emailSend',
		typeVersion: 2.1,
		parameters: {
			fromEmail: 'Shop <shop@example.com>',
			toEmail: '={{ $json.email }}',
			subject: asExpression(SUBJECT),
			emailFormat: 'both',
			text: asExpression(TEXT),
			html: asExpression(HTML),
			options: { appendAttribution: false },
		},
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

function asExpression(template: string): string {
	return `=${template
		.replace(/\{\{#if vip\}\}.*?\{\{\/if\}\}/g, 'Your code is {{code}}.')
		.replace(/\{\{(\w+)\}\}/g, '{{ $json.$1 }}')}`;
}
