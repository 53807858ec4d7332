import nodemailer from 'nodemailer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Draft } from '../mail/message/draft';
import { createSmtpPool } from '../mail/smtp/pool';
import { openStore } from '../mail/store/open';
import type { MailStore } from '../mail/store/store';
import { sendTransactional } from '../mail/transactional/send';
import { compare, rate } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const MAILS = Number(process.env.BENCH_MAILS ?? 1_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 5;
const HTML = `<h1>Your order</h1>${'<p>Thank you for your order; it is on its way to you.</p>'.repeat(40)}`;

/** Single mails, each composed on its own, over connections that stay warm. */
export const benchmark: Benchmark = {
	about: `${MAILS} single mails with HTML and text, to a sink on loopback.`,
	async *run() {
		const sink = await startSink();
		const folder = await mkdtemp(join(tmpdir(), 'smtp-suite-bench-'));
		const store = await openStore({ path: join(folder, 'store.db'), masterKey: 'bench' });
		try {
			yield await compare({
				measure: 'send',
				unit: 'mails/s',
				peerName: 'nodemailer, a transport for each mail (as n8n does)',
				runs: RUNS,
				ours: () => ours(sink.port),
				peer: () => transportEach(sink.port),
			});
			yield await compare({
				measure: 'send, never twice',
				unit: 'mails/s',
				peerName: 'the same without receipts',
				runs: RUNS,
				ours: () => ours(sink.port, store),
				peer: () => ours(sink.port),
			});
		} finally {
			await store.close();
			await sink.stop();
			await rm(folder, { recursive: true, force: true });
		}
	},
};

let keys = 0;

async function ours(port: number, store?: MailStore): Promise<number> {
	const pool = createSmtpPool({
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections: CONNECTIONS, messagesPerConnection: 1_000 },
	});
	const start = performance.now();
	await inParallel(CONNECTIONS, async (index) => {
		keys += 1;
		const once = store && { once: { receipts: store.receipts, key: `mail ${keys}` } };
		const receipt = await sendTransactional(pool, draftFor(index), once);
		if (receipt.outcome !== 'sent') throw new Error(`A mail was ${receipt.outcome}.`);
	});
	const figure = rate(MAILS, start);
	await pool.close();
	return figure;
}

async function transportEach(port: number): Promise<number> {
	const start = performance.now();
	await inParallel(1, async (index) => {
		const { from, to, subject, html } = draftFor(index);
		const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
		await transport.sendMail({ from, to, subject, html });
		transport.close();
	});
	return rate(MAILS, start);
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

async function inParallel(atATime: number, work: (index: number) => Promise<void>): Promise<void> {
	const indexes = Array.from({ length: MAILS }, (_, index) => index).values();
	const workSome = async () => {
		for (const index of indexes) await work(index);
	};
	await Promise.all(Array.from({ length: atATime }, workSome));
}
