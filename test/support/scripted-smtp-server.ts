import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** An SMTP server that plays a script, and breaks where it is told to. */
export interface ScriptedServer {
	port: number;
	/** Messages that were answered with 250 after their final dot. */
	accepted: string[];
	/** Messages whose final dot arrived, whatever was answered. */
	received: string[];
	commands: string[];
	connections: number;
	close(): Promise<void>;
}

export interface Script {
	/** Sent on connect; empty for silence. */
	greeting?: string;
	/** Answers by command (`EHLO`, `MAIL`, `RCPT`, `DATA`) and `DOT` for the message; `drop` cuts the wire. */
	answers?: Partial<Record<Step, string | ((argument: string) => string)>>;
	/** Cuts the wire once so many bytes have come from the client, over all connections. */
	dropAfterBytes?: number;
}

export type Step = 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'BODY' | 'DOT' | 'AUTH' | 'QUIT';

const DEFAULTS: Record<Step, string> = {
	EHLO: '250-scripted\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 SIZE 1000000',
	MAIL: '250 2.1.0 Ok',
	RCPT: '250 2.1.5 Ok',
	DATA: '354 Go ahead',
	BODY: '',
	DOT: '250 2.0.0 Ok: queued as 1',
	AUTH: '235 2.7.0 Ok',
	QUIT: '221 Bye',
};

export async function scriptedServer(script: Script = {}): Promise<ScriptedServer> {
	const sockets = new Set<Socket>();
	let bytes = 0;
	const server: ScriptedServer = {
		port: 0,
		accepted: [],
		received: [],
		commands: [],
		connections: 0,
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				listener.close(() => {
					resolve();
				});
			}),
	};
	const listener = createServer((socket) => {
		server.connections += 1;
		sockets.add(socket);
		socket.on('error', () => undefined);
		socket.on('close', () => sockets.delete(socket));
		const answer = (step: Step, argument = ''): boolean => {
			const scripted = script.answers?.[step] ?? DEFAULTS[step];
			const text = typeof scripted === 'function' ? scripted(argument) : scripted;
			if (text === 'drop') {
				socket.destroy();
				return false;
			}
			if (text !== '') socket.write(`${text}\r\n`);
			return true;
		};
		if (script.greeting !== '') socket.write(`${script.greeting ?? '220 scripted ESMTP'}\r\n`);

		let buffer = '';
		let body: string | undefined;
		let recipients = 0;
		socket.on('data', (chunk) => {
			bytes += chunk.length;
			if (script.dropAfterBytes !== undefined && bytes >= script.dropAfterBytes) {
				socket.destroy();
				return;
			}
			buffer += chunk.toString('latin1');
			for (;;) {
				if (body !== undefined) {
					// The line end before the dot may be that of DATA itself.
					const end = `\r\n${buffer}`.indexOf('\r\n.\r\n');
					if (end < 0) {
						if (script.answers?.BODY === 'drop') socket.destroy();
						return;
					}
					const message = buffer.slice(0, end);
					buffer = buffer.slice(end + 3);
					body = undefined;
					server.received.push(message);
					const reply = script.answers?.DOT ?? DEFAULTS.DOT;
					if (typeof reply === 'string' && reply.startsWith('250')) server.accepted.push(message);
					if (!answer('DOT')) return;
					continue;
				}
				const end = buffer.indexOf('\r\n');
				if (end < 0) return;
				const line = buffer.slice(0, end);
				buffer = buffer.slice(end + 2);
				server.commands.push(line);
				const step = line.slice(0, 4).toUpperCase() as Step;
				if (step === 'MAIL') recipients = 0;
				if (step === 'RCPT') {
					const scripted = script.answers?.RCPT ?? DEFAULTS.RCPT;
					const reply = typeof scripted === 'function' ? scripted(line) : scripted;
					if (reply.startsWith('250')) recipients += 1;
				}
				if (step === 'DATA' && recipients === 0) {
					socket.write('503 5.5.1 No valid recipients\r\n');
					continue;
				}
				if (step === 'DATA') {
					const reply = script.answers?.DATA ?? DEFAULTS.DATA;
					if (typeof reply === 'string' && reply.startsWith('354')) body = '';
				}
				if (!(step in DEFAULTS))
					socket.write(/^(?:NOOP|RSET)/i.test(line) ? '250 Ok\r\n' : '502 5.5.1 Not here\r\n');
				else if (!answer(step, line)) return;
			}
		});
	});
	await new Promise<void>((resolve) => {
		listener.listen(0, '127.0.0.1', resolve);
	});
	server.port = (listener.address() as AddressInfo).port;
	return server;
}
