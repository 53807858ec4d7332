import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy between a client and a server on loopback that misbehaves on demand. */
export interface FaultProxy {
	readonly host: '127.0.0.1';
	readonly port: number;
	/** Clients connected now. */
	readonly connections: number;
	/** The most clients that were ever connected at one time, and all that ever came. */
	readonly peakConnections: number;
	readonly totalConnections: number;
	/** Bytes carried since the start, by direction. */
	readonly bytesToClient: number;
	readonly bytesToServer: number;
	/**
	 * Nothing gets through any more, not even a close: neither side learns of it, as when a router
	 * forgot the connection. `open`: only those open now; otherwise new ones are frozen as well
	 * (accepted, then silence).
	 */
	freeze(which?: 'all' | 'open'): void;
	/** What was held back gets through. */
	unfreeze(): void;
	/**
	 * The server hears on the connections open now, and does what it is asked; its answers are lost,
	 * until `reset` ends these connections.
	 */
	loseAnswers(): void;
	/** Cuts every open connection with a reset (RST) to both sides. */
	reset(): void;
	/** Nobody listens any more (connection refused); open connections go on. */
	refuse(): Promise<void>;
	/** Listens again, on the same port. */
	accept(): Promise<void>;
	/** Holds each piece of data back for so long, in each direction; 0 for no delay. */
	delay(ms: number): void;
	close(): Promise<void>;
}

interface Link {
	client: Socket;
	server: Socket;
	/** The client has said that it is going, or is gone. */
	clientLeft: boolean;
	frozen: boolean;
	answersLost: boolean;
	/** What is still to be done when the link thaws, in order. */
	held: (() => void)[];
}

/** @param target the port of the real server, asked for at each connection (it may change) */
export async function startFaultProxy(
	target: number | (() => number),
	options: { port?: number } = {},
): Promise<FaultProxy> {
	const links = new Set<Link>();
	let freezeNew = false;
	let delayMs = 0;
	let peak = 0;
	let total = 0;
	let toClient = 0;
	let toServer = 0;

	const relay = (link: Link, from: Socket, to: Socket, count: (bytes: number) => void): void => {
		/** When the last of those that are held back for a while is over. */
		let delayed = Promise.resolve();
		let underWay = 0;
		/** Does it now, later, or when the link thaws; always in order. */
		const pass = (action: () => void): void => {
			const act = (): void => {
				if (link.frozen) link.held.push(action);
				else action();
			};
			if (delayMs === 0 && underWay === 0) {
				act();
				return;
			}
			const over = sleep(delayMs);
			underWay += 1;
			delayed = delayed
				.then(() => over)
				.then(() => {
					underWay -= 1;
					act();
				});
		};
		from.on('data', (chunk: Buffer) => {
			// Whoever reads slowly must not fill the memory of the tests.
			if (to.writableLength > 1_000_000) {
				from.pause();
				to.once('drain', () => from.resume());
			}
			pass(() => {
				if (link.answersLost && from === link.server) return;
				count(chunk.length);
				if (!to.destroyed) to.write(chunk);
			});
		});
		from.on('end', () => {
			if (from === link.client) link.clientLeft = true;
			pass(() => to.end());
		});
		from.on('error', () => {
			pass(() => to.resetAndDestroy());
		});
		from.on('close', () => {
			if (from === link.client) link.clientLeft = true;
			if (link.client.destroyed && link.server.destroyed) links.delete(link);
			pass(() => to.destroy());
		});
	};

	const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
		const port = typeof target === 'number' ? target : target();
		const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
		const link: Link = {
			client,
			server: upstream,
			clientLeft: false,
			frozen: freezeNew,
			answersLost: false,
			held: [],
		};
		links.add(link);
		total += 1;
		peak = Math.max(peak, clients());
		relay(link, client, upstream, (bytes) => (toServer += bytes));
		relay(link, upstream, client, (bytes) => (toClient += bytes));
	});

	const clients = (): number => [...links].filter(({ clientLeft }) => !clientLeft).length;

	const listen = async (port: number): Promise<void> => {
		server.listen(port, '127.0.0.1');
		await once(server, 'listening');
	};
	await listen(options.port ?? 0);
	const { port } = server.address() as AddressInfo;

	const reset = (): void => {
		for (const link of links) {
			link.held = [];
			link.frozen = false;
			link.client.resetAndDestroy();
			link.server.resetAndDestroy();
		}
	};

	return {
		host: '127.0.0.1',
		port,
		get connections() {
			return clients();
		},
		get peakConnections() {
			return peak;
		},
		get totalConnections() {
			return total;
		},
		get bytesToClient() {
			return toClient;
		},
		get bytesToServer() {
			return toServer;
		},
		freeze(which = 'all') {
			freezeNew = which === 'all';
			for (const link of links) link.frozen = true;
		},
		unfreeze() {
			freezeNew = false;
			for (const link of links) {
				link.frozen = false;
				for (const action of link.held.splice(0)) action();
			}
		},
		loseAnswers() {
			for (const link of links) link.answersLost = true;
		},
		reset,
		refuse() {
			// `close` waits for open connections to end, which is not wanted here: only the port goes.
			if (server.listening) server.close();
			return Promise.resolve();
		},
		async accept() {
			if (!server.listening) await listen(port);
		},
		delay(ms) {
			delayMs = ms;
		},
		close() {
			if (server.listening) server.close();
			reset();
			return Promise.resolve();
		},
	};
}
