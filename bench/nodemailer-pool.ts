import Handlebars from 'handlebars';
import nodemailer from 'nodemailer';
import { MESSAGES_PER_CONNECTION } from './campaign';
import { FROM, HTML, SUBJECT, TEXT } from './newsletter';
import type { Customer } from './newsletter';
import { rate } from './report';

export const NODEMAILER_POOL = 'nodemailer pool, sendMail, Handlebars';

export interface NodemailerBench {
	port: number;
	people: readonly Customer[];
	connections: number;
	dkim?: { domainName: string; keySelector: string; privateKey: string };
	attachments?: { filename: string; content: Buffer }[];
}

/** As a program with nodemailer and Handlebars would do it at its best; without a ledger. */
export async function nodemailerRate(bench: NodemailerBench): Promise<number> {
	const { port, people, connections, dkim, attachments } = bench;
	const transport = nodemailer.createTransport({
		pool: true,
		host: '127.0.0.1',
		port,
		ignoreTLS: true,
		maxConnections: connections,
		maxMessages: MESSAGES_PER_CONNECTION,
		...(dkim ? { dkim } : {}),
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
				from: FROM,
				to: address,
				envelope: { from: 'bounces@example.com', to: address },
				subject: subject(data),
				html: html(data),
				text: text(data),
				...(attachments ? { attachments } : {}),
			});
	};
	// Twice as many as connections: there is always a mail at hand, and the queue stays short.
	await Promise.all(Array.from({ length: connections * 2 }, sendSome));
	const figure = rate(people.length, start);
	transport.close();
	return figure;
}
