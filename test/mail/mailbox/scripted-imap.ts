import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';

/** What the server does with one command; `undefined` leaves it to the plain answers. */
export type Reaction = (
	command: { tag: string; name: string; line: string },
	socket: Socket,
	/** Which connection this is, from 1 on. */
	connection: number,
) => string | false | undefined;

export interface ScriptedImap {
	port: number;
	/** Every command line received, without its tag. */
	commands: string[];
	connections: number;
	/** The most that were open at one time. */
	peak: number;
	/** Writes to every open connection. */
	say(text: string): void;
	/** Ends every open connection. */
	drop(): void;
	close(): Promise<void>;
}

export interface Script {
	greeting?: string;
	capabilities?: string;
	/** The messages of the one folder, by UID; a literal is what the server says of its text. */
	messages?: Record<number, string>;
	uidNext?: number;
	/** Looked at first: a string is sent as it is, `false` sends nothing. */
	react?: Reaction;
}

/**
 * An IMAP server of one folder that does what its script says: for answers that no honest server gives.
 * Only as much of the protocol as a watch uses.
 */
export async function startScriptedImap(script: Script = {}): Promise<ScriptedImap> {
	const messages = script.messages ?? {};
	const sockets = new Set<Socket>();
	const imap: ScriptedImap = {
		port: 0,
		commands: [],
		connections: 0,
		peak: 0,
		say(text) {
			for (const socket of sockets) socket.write(text);
		},
		drop() {
			for (const socket of sockets) socket.end();
		},
		async close() {
			server.close();
			for (const socket of sockets) socket.destroy();
			await once(server, 'close');
		},
	};
	const server = createServer((socket) => {
		imap.connections += 1;
		const connection = imap.connections;
		sockets.add(socket);
		imap.peak = Math.max(imap.peak, sockets.size);
		socket.on('error', () => undefined);
		socket.on('close', () => sockets.delete(socket));
		const capabilities = script.capabilities ?? 'IMAP4rev1 IDLE MOVE UIDPLUS';
		socket.write(script.greeting ?? `* OK [CAPABILITY ${capabilities}] ready\r\n`);
		let idleTag = '';
		let received = '';
		socket.on('data', (chunk: Buffer) => {
			received += chunk.toString('latin1');
			for (let end = received.indexOf('\r\n'); end >= 0; end = received.indexOf('\r\n')) {
				const line = received.slice(0, end);
				received = received.slice(end + 2);
				take(line);
			}
		});
		const take = (line: string): void => {
			if (line === 'DONE') {
				socket.write(`${idleTag} OK done\r\n`);
				return;
			}
			const [tag = '', ...words] = line.split(' ');
			const text = words.join(' ');
			imap.commands.push(text);
			const name = (/^UID \w+|^\w+/.exec(text)?.[0] ?? '').toUpperCase();
			if (name === 'IDLE') idleTag = tag;
			const reaction = script.react?.({ tag, name, line: text }, socket, connection);
			if (reaction === false) return;
			socket.write(reaction ?? answer(tag, name, text, { messages, capabilities, script }));
		};
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	imap.port = (server.address() as AddressInfo).port;
	return imap;
}

function answer(
	tag: string,
	name: string,
	line: string,
	given: { messages: Record<number, string>; capabilities: string; script: Script },
): string {
	const { messages, capabilities, script } = given;
	const uids = Object.keys(messages).map(Number);
	const ok = (...lines: string[]): string => [...lines, `${tag} OK done`, ''].join('\r\n');
	switch (name) {
		case 'CAPABILITY':
			return ok(`* CAPABILITY ${capabilities}`);
		case 'LIST':
		case 'LSUB':
			return ok('* LIST () "/" INBOX');
		case 'SELECT':
		case 'EXAMINE':
			return ok(
				`* ${uids.length} EXISTS`,
				'* OK [UIDVALIDITY 7] fixed',
				`* OK [UIDNEXT ${script.uidNext ?? Math.max(0, ...uids) + 1}] next`,
			);
		case 'UID SEARCH': {
			const from = Number(/UID (\d+):/.exec(line)?.[1] ?? 1);
			const found = uids.filter((uid, index) => uid >= from || index === uids.length - 1);
			return ok(`* SEARCH ${found.join(' ')}`);
		}
		case 'UID FETCH':
		case 'FETCH':
			return ok(
				...uids
					.filter((uid) => name === 'FETCH' || asked(line).includes(uid))
					.map((uid) => fetchRow(uids.indexOf(uid) + 1, uid, messages[uid] ?? '')),
			);
		case 'IDLE':
			return '+ idling\r\n';
		case 'LOGOUT':
			return `* BYE\r\n${tag} OK\r\n`;
		default:
			return ok();
	}
}

function asked(line: string): number[] {
	return (/^UID FETCH ([\d,]+)/.exec(line)?.[1] ?? '').split(',').map(Number);
}

export function fetchRow(sequence: number, uid: number, text: string): string {
	return (
		`* ${sequence} FETCH (UID ${uid} FLAGS () INTERNALDATE "24-Nov-2026 10:00:00 +0000" ` +
		`RFC822.SIZE ${text.length} BODY[]<0> {${text.length}}\r\n${text})`
	);
}
