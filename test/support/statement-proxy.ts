import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/**
 * What becomes of the connection at one statement: it ends before the statement reaches the server;
 * or the server does it, and the answer is lost, or only half of it arrives. Or it stays open on both
 * sides, and nothing comes through any more: not the statement, or not the answer.
 */
export type BreakAt =
	'statementLost' | 'answerLost' | 'halfAnswer' | 'silentBefore' | 'silentAfter';

/** A proxy before a PostgreSQL on loopback that knows one statement from the next. */
export interface StatementProxy {
	readonly port: number;
	/** The text of each statement that came by, over all connections, in order. */
	readonly statements: readonly string[];
	/** Breaks the connection that the nth statement from now on comes by (from 1). */
	breakAt(nth: number, how: BreakAt): void;
	/** What the break met; undefined while it has not come to that. */
	readonly broken: string | undefined;
	close(): void;
}

/** Types of messages (PostgreSQL manual, "Message Formats"). */
const [PARSE, BIND, QUERY, SYNC, READY] = ['P', 'B', 'Q', 'S', 'Z'];
/** The length that each message tells counts itself, not the type before it. */
const TYPE_BYTES = 1;

export async function startStatementProxy(target: number): Promise<StatementProxy> {
	const statements: string[] = [];
	const sockets = new Set<Socket>();
	let plan: { at: number; how: BreakAt } | undefined;
	let broken: string | undefined;

	const server = createServer({ noDelay: true }, (client) => {
		const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
		/** Nothing more is heard; when silent, not even that the other side has gone. */
		let isDeaf = false;
		let isSilent = false;
		const cut = () => {
			client.destroy();
			upstream.destroy();
		};
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.on('error', () => undefined);
			socket.on('close', () => {
				sockets.delete(socket);
				// Nobody tells the other side either.
				if (!isSilent) cut();
			});
		}
		/** Statements prepared on this connection, by name. */
		const prepared = new Map<string, string>();
		/** Of each statement that the server has to answer: what is to become of its answer. */
		const answers: (BreakAt | undefined)[] = [];
		let isWithin = false;
		let how: BreakAt | undefined;

		/** @returns whether the message may pass */
		const hear = (type: string, body: Buffer): boolean => {
			if (isDeaf) return false;
			if (!isWithin) {
				statements.push(textOf(type, body, prepared));
				how = plan?.at === statements.length ? plan.how : undefined;
				if (how) broken = statements.at(-1);
				isSilent = how === 'silentBefore';
				isDeaf = isSilent || how === 'statementLost';
				// Those before it are on their way to the server, and will be done.
				if (how === 'statementLost') upstream.end(cut);
				if (isDeaf) return false;
			}
			isWithin = type !== SYNC && type !== QUERY;
			if (!isWithin) answers.push(how);
			return true;
		};
		let hasStarted = false;
		splitMessages(client, {
			// The first message has no type.
			typeBytes: () => (hasStarted ? TYPE_BYTES : 0),
			take(message) {
				if (hasStarted && !hear(message.toString('latin1', 0, 1), message.subarray(5))) return;
				if (!hasStarted) answers.push(undefined);
				hasStarted = true;
				upstream.write(message);
			},
		});

		let held: Buffer[] = [];
		splitMessages(upstream, {
			typeBytes: () => TYPE_BYTES,
			take(message) {
				const [fate] = answers;
				if (isDeaf) return;
				if (!fate) client.write(message);
				else held.push(message);
				if (message.toString('latin1', 0, 1) !== READY) return;
				answers.shift();
				if (!fate) return;
				const answer = Buffer.concat(held);
				held = [];
				if (fate === 'silentAfter') isSilent = isDeaf = true;
				else if (fate === 'answerLost') cut();
				else client.write(answer.subarray(0, answer.length / 2), cut);
			},
		});
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');

	return {
		port: (server.address() as AddressInfo).port,
		statements,
		breakAt(nth, how) {
			plan = { at: statements.length + nth, how };
			broken = undefined;
		},
		get broken() {
			return broken;
		},
		close() {
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

/** Cuts what comes into messages, and gives them one by one. */
function splitMessages(
	from: Socket,
	{ typeBytes, take }: { typeBytes: () => number; take: (message: Buffer) => void },
): void {
	let rest = Buffer.alloc(0);
	from.on('data', (chunk: Buffer) => {
		rest = Buffer.concat([rest, chunk]);
		for (;;) {
			const typed = typeBytes();
			if (rest.length < typed + 4) return;
			const length = typed + rest.readInt32BE(typed);
			if (rest.length < length) return;
			const message = rest.subarray(0, length);
			rest = rest.subarray(length);
			take(message);
		}
	});
}

/** The SQL that a message is about, its spaces as one. */
function textOf(type: string, body: Buffer, prepared: Map<string, string>): string {
	const [first = '', second = ''] = body.toString('utf8').split('\0', 2);
	if (type === PARSE) prepared.set(first, second);
	const text = { [PARSE]: second, [BIND]: prepared.get(second), [QUERY]: first }[type];
	return (text ?? type).replaceAll(/\s+/g, ' ').trim();
}
