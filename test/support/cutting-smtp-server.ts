import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** An SMTP server that takes mail, and cuts its first connection at an exact byte of the dialogue. */
export interface CuttingServer {
	readonly port: number;
	/** Recipients whose message came whole, in order; one that came twice stands here twice. */
	readonly received: string[];
	/** Recipients for whose message the 250 was written whole. */
	readonly confirmed: string[];
	/** Every line of a command, and `.` for a message, in the order they came. */
	readonly heard: string[];
	/** Those of them that came while the reply to a message was still to be written. */
	readonly early: string[];
	/** Bytes that came in, and that went out, on the first connection. */
	readonly bytes: { in: number; out: number };
	readonly connections: number;
	close(): Promise<void>;
}

export interface Cutting {
	/** The wire is cut when so many bytes have come in (those after them are not read). */
	afterIn?: number;
	/** The wire is cut when so many bytes have gone out. */
	afterOut?: number;
	/** Replies by the first four letters of a command, or `.` for a message. */
	replies?: Record<string, string | ((line: string) => string)>;
	pipelining?: boolean;
	/** Writes each byte for itself. */
	dribble?: boolean;
	/** Before the reply to a message, in ms. */
	thinksMs?: number;
	/** Reads so many bytes in each ms. */
	readsPerMs?: number;
}

export async function cuttingServer(cutting: Cutting = {}): Promise<CuttingServer> {
	const sockets = new Set<Socket>();
	let connections = 0;
	const server = {
		received: [] as string[],
		confirmed: [] as string[],
		heard: [] as string[],
		early: [] as string[],
		bytes: { in: 0, out: 0 },
	};

	function talk(socket: Socket, cut: Cutting, counts: { in: number; out: number }): void {
		let pending = '';
		let inBody = false;
		let recipient = '';
		let unanswered = 0;
		let queue = Promise.resolve();

		const write = (text: string): boolean => {
			const room = (cut.afterOut ?? Infinity) - counts.out;
			const bytes = Buffer.from(text).subarray(0, Math.min(text.length, room));
			counts.out += bytes.length;
			if (cutting.dribble) for (const byte of bytes) socket.write(Buffer.from([byte]));
			else socket.write(bytes);
			if (bytes.length === text.length && counts.out < (cut.afterOut ?? Infinity)) return true;
			// What was written still arrives; a reset would take it along.
			socket.end();
			return bytes.length === text.length;
		};
		const replyTo = (line: string, ok: string): string => {
			const scripted = cutting.replies?.[line === '.' ? '.' : line.slice(0, 4).toUpperCase()];
			return (typeof scripted === 'function' ? scripted(line) : scripted) ?? ok;
		};
		const hear = (line: string): void => {
			server.heard.push(line);
			if (unanswered > 0) server.early.push(line);
			if (line === '.') {
				unanswered += 1;
				const address = recipient;
				const reply = replyTo('.', '250 2.0.0 Ok');
				if (reply.startsWith('250')) server.received.push(address);
				const answer = () => {
					unanswered -= 1;
					if (write(`${reply}\r\n`) && reply.startsWith('250')) server.confirmed.push(address);
				};
				const { thinksMs = 0 } = cutting;
				if (thinksMs > 0)
					queue = queue.then(() => new Promise((resolve) => setTimeout(resolve, thinksMs)));
				if (thinksMs > 0) queue = queue.then(answer);
				else answer();
				return;
			}
			const verb = line.slice(0, 4).toUpperCase();
			const features = `250-cut\r\n${cutting.pipelining === false ? '' : '250-PIPELINING\r\n'}250 8BITMIME`;
			const reply = replyTo(line, { EHLO: features, DATA: '354 Go on' }[verb] ?? '250 Ok');
			if (verb === 'RCPT' && reply.startsWith('250')) recipient = /<(.*)>/.exec(line)?.[1] ?? '';
			if (verb === 'DATA' && reply.startsWith('354')) inBody = true;
			if ((cutting.thinksMs ?? 0) > 0) queue = queue.then(() => void write(`${reply}\r\n`));
			else write(`${reply}\r\n`);
			if (verb === 'QUIT') socket.end();
		};

		// Else the second of two replies waits for the client to acknowledge the first.
		socket.setNoDelay(true);
		write('220 cut ESMTP\r\n');
		socket.on('data', (chunk) => {
			const room = (cut.afterIn ?? Infinity) - counts.in;
			pending += chunk.subarray(0, Math.min(chunk.length, room)).toString('latin1');
			counts.in += Math.min(chunk.length, room);
			for (;;) {
				const mark = inBody ? '\r\n.\r\n' : '\r\n';
				const end = pending.indexOf(mark);
				if (end < 0) break;
				const line = pending.slice(0, end);
				pending = pending.slice(end + mark.length);
				if (inBody) {
					inBody = false;
					hear('.');
				} else hear(line);
			}
			if (counts.in >= (cut.afterIn ?? Infinity)) socket.destroy();
			if (cutting.readsPerMs) {
				socket.pause();
				setTimeout(() => socket.resume(), chunk.length / cutting.readsPerMs);
			}
		});
	}

	const listener = createServer((socket) => {
		connections += 1;
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => undefined);
		if (connections === 1) talk(socket, cutting, server.bytes);
		else talk(socket, {}, { in: 0, out: 0 });
	});
	await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
	return {
		...server,
		port: (listener.address() as AddressInfo).port,
		get connections() {
			return connections;
		},
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				listener.close(() => {
					resolve();
				});
			}),
	};
}
