import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { FaultProxy } from './fault-proxy';
import { startFaultProxy } from './fault-proxy';

describe('the fault proxy', () => {
	let server: Server;
	let proxy: FaultProxy;
	const atServer = new Set<Socket>();
	const clients = new Set<Socket>();

	beforeEach(async () => {
		server = createServer((socket) => {
			atServer.add(socket);
			socket.on('error', () => undefined);
			socket.on('close', () => atServer.delete(socket));
			socket.pipe(socket);
		}).listen(0, '127.0.0.1');
		await once(server, 'listening');
		proxy = await startFaultProxy((server.address() as AddressInfo).port);
	});
	afterEach(async () => {
		for (const socket of clients) socket.destroy();
		await proxy.close();
		server.close();
	});

	const open = async (): Promise<{ socket: Socket; heard(): string; error?: string }> => {
		const socket = connect(proxy.port, proxy.host);
		clients.add(socket);
		let heard = '';
		const client: Awaited<ReturnType<typeof open>> = { socket, heard: () => heard };
		socket.on('error', (error: NodeJS.ErrnoException) => (client.error = error.code));
		socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
		await once(socket, 'connect');
		return client;
	};

	it('carries bytes both ways and counts connections', async () => {
		const client = await open();
		client.socket.write('hello');
		await sleep(30);
		expect(client.heard()).toBe('hello');
		expect([proxy.connections, proxy.peakConnections, proxy.bytesToClient]).toEqual([1, 1, 5]);
		client.socket.end();
		await once(client.socket, 'close');
		await sleep(30);
		expect([proxy.connections, atServer.size]).toEqual([0, 0]);
	});

	it('frozen: nothing passes, not even a close, until it thaws', async () => {
		const [quiet, closing] = [await open(), await open()];
		await sleep(20);
		proxy.freeze();
		quiet.socket.write('one');
		closing.socket.destroy();
		const late = await open();
		late.socket.write('two');
		await sleep(50);
		expect([quiet.heard(), late.heard(), atServer.size]).toEqual(['', '', 3]);
		expect(proxy.connections).toBe(2);
		proxy.unfreeze();
		await sleep(50);
		expect([quiet.heard(), late.heard(), atServer.size]).toEqual(['one', 'two', 2]);
	});

	it('frozen only for those open: new connections work', async () => {
		const old = await open();
		await sleep(20);
		proxy.freeze('open');
		const fresh = await open();
		old.socket.write('old');
		fresh.socket.write('new');
		await sleep(50);
		expect([old.heard(), fresh.heard()]).toEqual(['', 'new']);
	});

	it('resets, refuses and accepts again', async () => {
		const client = await open();
		await sleep(20);
		proxy.reset();
		while (!client.socket.closed) await sleep(5);
		expect(client.error).toBe('ECONNRESET');
		const kept = await open();
		await proxy.refuse();
		await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
		kept.socket.write('still here');
		await sleep(30);
		expect(kept.heard()).toBe('still here');
		await proxy.accept();
		await expect(open()).resolves.toBeDefined();
	});

	it('delays each piece, in order', async () => {
		proxy.delay(60);
		const client = await open();
		const start = Date.now();
		client.socket.write('a');
		await sleep(10);
		client.socket.write('b');
		while (client.heard().length < 2) await sleep(5);
		expect(client.heard()).toBe('ab');
		expect(Date.now() - start).toBeGreaterThanOrEqual(115);
	});
});
