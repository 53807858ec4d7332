import { prepareHeapWatch } from './heap-watch';
import type { HeapWatch } from './heap-watch';
import { startMeasuringN8n } from './n8n-run';
import type { MeasuredNode, MeasuringN8n } from './n8n-run';
import { customers, HTML, SUBJECT, TEXT } from './newsletter';
import type { Benchmark } from './report';
import { startSink } from './sink';

const FEW = 10_000;
const MANY = Number(process.env.BENCH_RECIPIENTS ?? 100_000);
const TIMEOUT_MS = 300_000;

type Held = Awaited<ReturnType<HeapWatch['stop']>>;

/**
 * What SMTP Bulk Send holds beside what n8n holds with the same items: the most while a list goes through
 * it, above that of an n8n of its own in which the list stands in a Wait node meanwhile.
 */
export const benchmark: Benchmark = {
	about: `The most that n8n holds, garbage collected, while a list goes through SMTP Bulk Send (a summary as its output), above what it holds while the same list stands in a Wait node: ${MANY} recipients, and ${FEW}.`,
	async *run() {
		const heap = await prepareHeapWatch();
		const sink = await startSink();
		try {
			for (const recipients of [FEW, MANY]) {
				const peer = await held(heap, recipients, () => Promise.resolve(WAIT));
				const ours = await held(heap, recipients, (n8n) => bulkSend(n8n, sink.port));
				for (const [what, measure] of [
					['live', 'bulk-memory, objects and buffers'],
					['resident', 'bulk-memory, the whole process'],
				] as const)
					yield {
						measure,
						unit: 'MB',
						ours: ours[what] - peer[what],
						peer: peer[what],
						peerName: `n8n itself with ${recipients} items`,
						ratio: peer[what] / (ours[what] - peer[what]),
						runs: 1,
					};
			}
		} finally {
			await sink.stop();
		}
	},
};

/** Long enough to be looked at a few times. */
const WAIT: MeasuredNode = {
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { resume: 'timeInterval', amount: 15, unit: 'seconds' },
};

/** In an n8n that is started for this. */
async function held(
	heap: Awaited<ReturnType<typeof prepareHeapWatch>>,
	recipients: number,
	nodeOf: (n8n: MeasuringN8n) => Promise<MeasuredNode>,
): Promise<Held> {
	const n8n = await startMeasuringN8n(heap.env);
	try {
		const node = await nodeOf(n8n);
		const items = customers(recipients).map(({ address, data }) => ({ ...data, email: address }));
		const watch = await heap.watch(n8n.pid);
		const { startedAt, ms } = await n8n.run(node, items, TIMEOUT_MS);
		return await watch.stop({ from: startedAt, to: startedAt + ms });
	} finally {
		await n8n.stop();
	}
}

async function bulkSend(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-smtp-suite.smtpBulkSend',
		parameters: {
			campaignId: 'memory',
			fromEmail: 'Shop <shop@example.com>',
			subject: SUBJECT,
			html: HTML,
			text: TEXT,
			emailFormat: 'both',
			outputItems: 'summary',
		},
		credentials: await n8n.credential('smtpAccount', {
			service: 'own',
			host: '127.0.0.1',
			port,
			security: 'none',
			authentication: 'none',
		}),
	};
}
