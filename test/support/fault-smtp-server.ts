import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Where in the dialogue the server is; at `dot` it has the whole message. */
export type Moment = 'greeting' | 'auth' | 'mailFrom' | 'rcptTo' | 'data' | 'body' | 'dot';

/**
 * `drop`: the connection is cut without an answer. `takeAndDrop`: the message is taken first (at `dot`
 * only). Anything else than `go` is the reply.
 */
export type Answer = 'go' | 'drop' | 'takeAndDrop' | `${4 | 5}${string}`;

export interface FaultServer {
	readonly port: number;
	/** How often each address was taken. */
	readonly taken: Map<string, number>;
	/** Addresses whose message was taken or dropped without an answer: nobody can know. */
	readonly uncertain: Set<string>;
	readonly connections: number;
	close(): Promise<void>;
}

/**
 * An SMTP server that counts what it takes, and answers each moment of the dialogue as it is told.
 *
 * @param options.delayMs before each answer
 * @param options.port any that is free, without it
 * @param options.onTaken told of each message before it is answered
 */
export async function startFaultServer(
	decide: (moment: Moment, address: string) => Answer = () => 'go',
	{
		delayMs = 0,
		port = 0,
		onTaken,
	}: { delayMs?: number; port?: number; onTaken?: (address: string) => void } = {},
): Promise<FaultServer> {
	const taken = new Map<string, number>();
	const uncertain = new Set<string>();
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.setNoDelay(true);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => undefined);
		talk(socket);
	});

	function talk(socket: Socket): void {
		let address = '';
		let inBody = false;
		let received = '';
		const take = () => {
			taken.set(address, (taken.get(address) ?? 0) + 1);
			onTaken?.(address);
		};
		const say = (line: string) => {
			if (delayMs === 0) socket.write(`${line}\r\n`);
			else setTimeout(() => socket.write(`${line}\r\n`), delayMs);
		};
		/** @returns whether to go on */
		const answer = (moment: Moment, ok: string): boolean => {
			const decided = decide(moment, address);
			if (decided === 'drop' || decided === 'takeAndDrop') {
				if (moment === 'dot') uncertain.add(address);
				if (decided === 'takeAndDrop' && moment === 'dot') take();
				socket.destroy();
				return false;
			}
			if (decided === 'go') {
				if (moment === 'dot') take();
				if (ok) say(ok);
				return true;
			}
			say(decided);
			if (decided.startsWith('421')) socket.end();
			return false;
		};

		answer('greeting', '220 fault.test ESMTP');
		socket.on('data', (chunk) => {
			received += chunk.toString('latin1');
			for (;;) {
				if (inBody) {
					const end = received.indexOf('\r\n.\r\n');
					if (end < 0) {
						if (received.length > 0 && decide('body', address) === 'drop') socket.destroy();
						return;
					}
					received = received.slice(end + 5);
					inBody = false;
					if (!answer('dot', '250 2.0.0 Ok: taken') && socket.destroyed) return;
					continue;
				}
				const end = received.indexOf('\r\n');
				if (end < 0) return;
				const line = received.slice(0, end);
				received = received.slice(end + 2);
				if (/^EHLO/i.test(line))
					say('250-fault.test\r\n250-PIPELINING\r\n250-AUTH PLAIN\r\n250 8BITMIME');
				else if (/^AUTH/i.test(line)) answer('auth', '235 2.7.0 Ok');
				else if (/^MAIL FROM/i.test(line)) answer('mailFrom', '250 2.1.0 Ok');
				else if (/^RCPT TO:<(.*)>/i.test(line)) {
					address = /<(.*)>/.exec(line)?.[1] ?? '';
					if (!answer('rcptTo', '250 2.1.5 Ok')) address = '';
				} else if (/^DATA/i.test(line)) {
					if (address === '') say('554 5.5.1 No valid recipients');
					else inBody = answer('data', '354 Go on');
				} else if (/^QUIT/i.test(line)) {
					say('221 2.0.0 Bye');
					socket.end();
				} else if (/^(RSET|NOOP)/i.test(line)) say('250 2.0.0 Ok');
				else say('502 5.5.2 What?');
				if (socket.destroyed) return;
			}
		});
	}

	await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
	return {
		port: (server.address() as AddressInfo).port,
		taken,
		uncertain,
		get connections() {
			return sockets.size;
		},
		close: () =>
			new Promise((resolve) => {
				for (const socket of sockets) socket.destroy();
				server.close(() => {
					resolve();
				});
			}),
	};
}
