import nodemailer from 'nodemailer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Draft } from '../mail/message/draft';
import { startFaultProxy } from '../test/support/fault-proxy';
import { createSmtpPool } from '../mail/smtp/pool';
import { openStore } from '../mail/store/open';
import type { MailStore } from '../mail/store/store';
import { digestOf } from '../mail/transactional/digest';
import { sendTransactional } from '../mail/transactional/send';
import { compare, rate } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const MAILS = Number(process.env.BENCH_MAILS ?? 1_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 5;
const ROUND_TRIP_MS = 20;
/** A transport for each mail waits for many round trips; its rate shows in fewer mails. */
const FAR_MAILS = Math.ceil(MAILS / 10);
const SEND_EMAIL = 'nodemailer, a transport for each mail (as n8n does)';
const HTML = `<h1>Your order</h1>${'<p>Thank you for your order; it is on its way to you.</p>'.repeat(40)}`;

/** The items of one execution as the node sends them: each composed on its own, over warm connections, with a receipt. */
export const benchmark: Benchmark = {
	about: `${MAILS} single mails with HTML and text, to a sink on loopback.`,
	async *run() {
		const sink = await startSink();
		const proxy = await startFaultProxy(sink.port);
		proxy.delay(ROUND_TRIP_MS / 2);
		const folder = await mkdtemp(join(tmpdir(), 'smtp-suite-bench-'));
		const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'bench' });
		try {
			yield await compare({
				measure: 'send',
				unit: 'mails/s',
				peerName: SEND_EMAIL,
				runs: RUNS,
				ours: () => ours(sink.port, store),
				peer: () => transportEach(sink.port),
			});
			yield await compare({
				measure: `send, ${ROUND_TRIP_MS} ms away`,
				unit: 'mails/s',
				peerName: SEND_EMAIL,
				runs: RUNS,
				ours: () => ours(proxy.port, store),
				peer: () => transportEach(proxy.port, FAR_MAILS),
			});
			// What receipts cost, on the way to a server as servers are. On loopback the peer stalls at some
			// hundreds a second: an envelope rides in a packet behind the dot there, and most likely smtp-sink
			// does not answer it before its answer to the dot was acknowledged, for which systems take 40 ms.
			yield await compare({
				measure: `send, never twice, ${ROUND_TRIP_MS} ms away`,
				unit: 'mails/s',
				peerName: 'the same without receipts',
				runs: RUNS,
				ours: () => ours(proxy.port, store, FAR_MAILS),
				peer: () => ours(proxy.port, undefined, FAR_MAILS),
			});
		} finally {
			await store.close();
			await proxy.close();
			await sink.stop();
			await rm(folder, { recursive: true, force: true });
		}
	},
};

let runs = 0;

async function ours(port: number, store?: MailStore, mails = MAILS): Promise<number> {
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections: CONNECTIONS, messagesPerConnection: 1_000 },
	});
	const start = performance.now();
	runs += 1;
	const run = { id: `run ${runs}`, node: 'bench' };
	const writing: Promise<void>[] = [];
	await store?.receipts.openRun(run);
	await inParallel(2 * CONNECTIONS, mails, async (index) => {
		const draft = draftFor(index);
		const once = store && {
			receipts: store.receipts,
			key: `${run.id}:0:${index}`,
			digest: await digestOf(draft),
			later: (written: Promise<void>) => void writing.push(written),
		};
		const receipt = await sendTransactional(pool, draft, { once, mayFollow: true });
		if (receipt.outcome !== 'sent') throw new Error(`A mail was ${receipt.outcome}.`);
	});
	await Promise.all(writing);
	await store?.receipts.closeRun(run.id);
	const figure = rate(mails, start);
	await pool.close();
	return figure;
}

async function transportEach(port: number, mails = MAILS): Promise<number> {
	const start = performance.now();
	await inParallel(1, mails, async (index) => {
		const { from, to, subject, html } = draftFor(index);
		const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
		await transport.sendMail({ from, to, subject, html });
		transport.close();
	});
	return rate(mails, start);
}

function draftFor(index: number): Draft {
	return {
		from: { name: 'Shop', address: 'shop@example.com' },
		to: [{ name: `Customer ${index}`, address: `customer-${index}@example.com` }],
		cc: [],
		bcc: [],
		replyTo: [],
		subject: `Your order ${index}`,
		html: HTML,
		text: 'Thank you for your order; it is on its way to you.',
		attachments: [],
	};
}

async function inParallel(
	atATime: number,
	mails: number,
	work: (index: number) => Promise<void>,
): Promise<void> {
	const indexes = Array.from({ length: mails }, (_, index) => index).values();
	const workSome = async () => {
		for (const index of indexes) await work(index);
	};
	await Promise.all(Array.from({ length: atATime }, workSome));
}
