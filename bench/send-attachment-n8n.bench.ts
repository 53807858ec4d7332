import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { residentOf } from './heap-watch';
import { startMeasuringN8n } from './n8n-run';
import type { MeasuredNode, MeasuringN8n } from './n8n-run';
import { compare } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const MEGABYTE = 1024 * 1024;
const FILE_BYTES = Number(process.env.BENCH_MEGABYTES ?? 50) * MEGABYTE;
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const SEND_EMAIL = "n8n's Send Email";
/** What the nodes before have left behind is cleared away by then. */
const SETTLE_SECONDS = 3;
const LOOK_MS = 5;

/** A file as users have it: fetched by HTTP Request into n8n's store of files, then sent. */
export const benchmark: Benchmark = {
	about: `How much more memory n8n has at the peak of sending one mail with a file of ${FILE_BYTES / MEGABYTE} MB from its file system store than before it.`,
	async *run() {
		const sink = await startSink('forLargeMails');
		const files = await startFileServer();
		try {
			yield await compare({
				measure: `memory for a file of ${FILE_BYTES / MEGABYTE} MB`,
				unit: 'MB',
				peerName: SEND_EMAIL,
				runs: RUNS,
				lessIsBetter: true,
				ours: () => growth((n8n) => smtpSend(n8n, sink.port), files.url),
				peer: () => growth((n8n) => sendEmail(n8n, sink.port), files.url),
			});
		} finally {
			await files.stop();
			await sink.stop();
		}
	},
};

/** In an n8n of its own: memory that another run has left behind would be used again. */
async function growth(
	node: (n8n: MeasuringN8n) => Promise<MeasuredNode>,
	url: string,
): Promise<number> {
	const n8n = await startMeasuringN8n();
	try {
		const measured = await node(n8n);
		const run = (bytes: number) =>
			n8n.run(measured, [{ url: `${url}/${bytes}` }], 120_000, [FETCH, SETTLE]);
		await run(1_000);
		const memory = watchMemory(n8n.pid);
		const { startedAt, ms, outputs } = await run(FILE_BYTES);
		if (outputs[0]?.length !== 1) throw new Error('The mail was not sent.');
		return (await memory.stop()).growth({ from: startedAt, to: startedAt + ms });
	} finally {
		await n8n.stop();
	}
}

const FETCH = {
	name: 'Fetch',
	type: 'n8n-nodes-base.httpRequest',
	typeVersion: 4.2,
	parameters: {
		url: '={{ $json.url }}',
		options: { response: { response: { responseFormat: 'file' } } },
	},
};
const SETTLE = {
	name: 'Settle',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { amount: SETTLE_SECONDS },
};

function watchMemory(pid: number) {
	const seen: { at: number; resident: number }[] = [];
	let stopped = false;
	const watching = (async () => {
		while (!stopped) {
			seen.push({ at: Date.now(), resident: await residentOf(pid) });
			await sleep(LOOK_MS);
		}
	})();
	return {
		async stop() {
			stopped = true;
			await watching;
			return {
				growth({ from, to }: { from: number; to: number }): number {
					const before = seen.filter(({ at }) => at <= from).at(-1)?.resident ?? NaN;
					const during = seen.filter(({ at }) => at > from && at <= to + LOOK_MS);
					return Math.max(...during.map(({ resident }) => resident)) - before;
				},
			};
		},
	};
}

/** Gives a file of as many bytes as its path says. */
async function startFileServer(): Promise<{ url: string; stop(): Promise<void> }> {
	const server = createServer((request, response) => {
		const bytes = Number(request.url?.slice(1));
		response.writeHead(200, {
			'content-type': 'application/pdf',
			'content-disposition': 'attachment; filename="plan.pdf"',
			'content-length': bytes,
		});
		response.end(Buffer.alloc(bytes, 'A file of many bytes. '));
	});
	await new Promise<void>((resolve) => {
		server.listen(0, '127.0.0.1', resolve);
	});
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		stop: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => {
					resolve();
				});
			}),
	};
}

const MAIL = {
	...{ fromEmail: 'shop@example.com', toEmail: 'ada@example.com', subject: 'The plan' },
	...{ emailFormat: 'text', text: 'Here it is.' },
};

async function smtpSend(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-smtp-suite.smtpSend',
		parameters: { ...MAIL, attachments: 'data' },
		credentials: await n8n.credential('smtpAccount', {
			...{ service: 'own', host: '127.0.0.1', port, security: 'none', authentication: 'none' },
		}),
	};
}

async function sendEmail(n8n: MeasuringN8n, port: number): Promise<MeasuredNode> {
	return {
		type: 'n8n-nodes-base.emailSend',
		typeVersion: 2.1,
		parameters: { ...MAIL, options: { appendAttribution: false, attachments: 'data' } },
		credentials: await n8n.credential('smtp', {
			...{ user: '', password: '', host: '127.0.0.1', port, secure: false },
			disableStartTls: true,
		}),
	};
}
