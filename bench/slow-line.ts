import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A line to a server on loopback that counts what it carries, and may be a long one. */
export interface SlowLine {
	readonly port: number;
	/**
	 * Bytes each way; and how often a client, having heard an answer, said something again: what is sent
	 * together costs one trip.
	 */
	readonly carried: Readonly<Carried>;
	close(): void;
}

export interface Carried {
	toServer: number;
	toClient: number;
	trips: number;
}

/** @param tripMs what a question and its answer take longer than without the line; all of it on the way back */
export async function startSlowLine(target: number, tripMs = 0): Promise<SlowLine> {
	const carried: Carried = { toServer: 0, toClient: 0, trips: 0 };
	const sockets = new Set<Socket>();
	const server = createServer({ noDelay: true }, (client) => {
		const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
		let isClientsTurn = true;
		client.on('data', (bytes) => {
			carried.toServer += bytes.length;
			if (isClientsTurn) carried.trips += 1;
			isClientsTurn = false;
			upstream.write(bytes);
		});
		const pass = (bytes: Buffer) => {
			isClientsTurn = true;
			if (!client.destroyed) client.write(bytes);
		};
		upstream.on('data', (bytes) => {
			carried.toClient += bytes.length;
			if (tripMs === 0) pass(bytes);
			else setTimeout(pass, tripMs, bytes);
		});
		for (const [socket, other] of [
			[client, upstream],
			[upstream, client],
		] as const) {
			sockets.add(socket);
			socket.on('error', () => undefined);
			socket.on('close', () => {
				sockets.delete(socket);
				if (tripMs === 0) other.destroy();
				else setTimeout(() => other.destroy(), tripMs);
			});
		}
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		port: (server.address() as AddressInfo).port,
		carried,
		close() {
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}
