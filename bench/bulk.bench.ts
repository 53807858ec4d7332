import Handlebars from 'handlebars';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodemailer from 'nodemailer';
import { campaignRate, MESSAGES_PER_CONNECTION } from './campaign';
import { customers, HTML, SUBJECT, TEXT } from './newsletter';
import type { Customer } from './newsletter';
import { compare, rate } from './report';
import type { Benchmark } from './report';
import { startSink } from './sink';

const RECIPIENTS = Number(process.env.BENCH_RECIPIENTS ?? 20_000);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 20;
const SMTP_SOURCE = '/usr/sbin/smtp-source';

/** A whole campaign: taken in, claimed, rendered, sent, and each outcome on disk. */
export const benchmark: Benchmark = {
	about: `${RECIPIENTS} recipients, a personalised mail of 10 KB in HTML and text, ${CONNECTIONS} connections, to a sink on loopback.`,
	async *run() {
		const sink = await startSink();
		const people = customers(RECIPIENTS);
		try {
			yield await compare({
				measure: 'bulk',
				unit: 'mails/s',
				peerName: 'nodemailer pool, sendMail, Handlebars',
				runs: RUNS,
				ours: () => campaignRate(sink.port, people, CONNECTIONS),
				peer: () => nodemailerPool(sink.port, people),
			});
			if (existsSync(SMTP_SOURCE))
				yield await compare({
					measure: 'bulk beside the limit',
					unit: 'mails/s',
					peerName: 'smtp-source (C, the same bytes to all)',
					runs: RUNS,
					ours: () => campaignRate(sink.port, people, CONNECTIONS),
					peer: () => Promise.resolve(smtpSource(sink.port)),
				});
		} finally {
			await sink.stop();
		}
	},
};

/** As a program with nodemailer and Handlebars would do it at its best; without a ledger. */
async function nodemailerPool(port: number, people: readonly Customer[]): Promise<number> {
	const transport = nodemailer.createTransport({
		pool: true,
		host: '127.0.0.1',
		port,
		ignoreTLS: true,
		maxConnections: CONNECTIONS,
		maxMessages: MESSAGES_PER_CONNECTION,
	});
	const handlebars = Handlebars.create();
	const subject = handlebars.compile(SUBJECT, { noEscape: true });
	const html = handlebars.compile(HTML);
	const text = handlebars.compile(TEXT, { noEscape: true });
	const start = performance.now();
	const queue = people.values();
	const sendSome = async () => {
		for (const { address, data } of queue)
			await transport.sendMail({
				from: { name: 'Shop', address: 'shop@example.com' },
				to: address,
				envelope: { from: 'bounces@example.com', to: address },
				subject: subject(data),
				html: html(data),
				text: text(data),
			});
	};
	// Twice as many as connections: there is always a mail at hand, and the queue stays short.
	await Promise.all(Array.from({ length: CONNECTIONS * 2 }, sendSome));
	const figure = rate(people.length, start);
	transport.close();
	return figure;
}

function smtpSource(port: number): number {
	const start = performance.now();
	const size = String(10_240);
	const counts = ['-s', String(CONNECTIONS), '-m', String(RECIPIENTS), '-l', size];
	spawnSync(SMTP_SOURCE, [...counts, '-d', `127.0.0.1:${port}`]);
	return rate(RECIPIENTS, start);
}
