import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Sink {
	name: string;
	port: number;
	stop(): Promise<void>;
}

const SMTP_SINK = '/usr/sbin/smtp-sink';

/**
 * A server that takes every mail and keeps none: Postfix's smtp-sink, or one in Node where that is
 * missing, or where smtp-sink, which looks at every character, would be what is measured.
 */
export async function startSink(kind: 'usual' | 'forLargeMails' = 'usual'): Promise<Sink> {
	const port = await freePort();
	const isNative = kind === 'usual' && existsSync(SMTP_SINK);
	const child = isNative
		? spawn(SMTP_SINK, [...asRoot(), `127.0.0.1:${port}`, '512'], { stdio: 'ignore' })
		: spawn(process.execPath, ['-e', NODE_SINK, String(port)], { stdio: 'ignore' });
	await answers(port, child);
	return {
		name: isNative ? 'smtp-sink' : 'a sink in Node',
		port,
		async stop() {
			const ended = new Promise((resolve) => child.once('exit', resolve));
			child.kill('SIGKILL');
			await ended;
		},
	};
}

/** smtp-sink will not run as root without being told whom to become. */
function asRoot(): string[] {
	return process.getuid?.() === 0 ? ['-u', 'root'] : [];
}

/** Looks for the dot that ends a message, and at nothing else of it. */
const NODE_SINK = `
const ANSWERS = { EHLO: '250-sink\\r\\n250-PIPELINING\\r\\n250 8BITMIME\\r\\n', DATA: '354 Go on\\r\\n', QUIT: '221 Bye\\r\\n' };
const MAY_BE_THE_END = /[\\r\\n.]/;
function endOfBody(data) {
	for (let dot = data.indexOf(46, 2); dot >= 0; dot = data.indexOf(46, dot + 1))
		if (data[dot - 1] === 10 && data[dot - 2] === 13 && data[dot + 1] === 13 && data[dot + 2] === 10) return dot - 2;
	return -1;
}
require('node:net').createServer((socket) => {
	let rest, inBody = false;
	socket.on('error', () => undefined);
	socket.write('220 sink ESMTP\\r\\n');
	socket.on('data', (chunk) => {
		let data = rest ? Buffer.concat([rest, chunk]) : chunk, answers = '';
		for (;;) {
			const end = inBody ? endOfBody(data) : data.indexOf('\\r\\n');
			if (end < 0) break;
			const verb = data.toString('latin1', 0, Math.min(end, 4)).toUpperCase();
			data = data.subarray(end + (inBody ? 5 : 2));
			answers += inBody ? '250 2.0.0 Ok\\r\\n' : ANSWERS[verb] ?? '250 2.1.0 Ok\\r\\n';
			inBody = !inBody && verb === 'DATA';
		}
		const last = inBody ? data.subarray(-4) : data;
		rest = inBody && !MAY_BE_THE_END.test(last.latin1Slice()) || last.length === 0 ? undefined : Buffer.from(last);
		if (answers !== '') socket.write(answers);
		if (answers.endsWith('221 Bye\\r\\n')) socket.end();
	});
}).listen(Number(process.argv[1]), '127.0.0.1');`;

function freePort(): Promise<number> {
	return new Promise((resolve) => {
		const probe = createServer().listen(0, '127.0.0.1', () => {
			const { port } = probe.address() as AddressInfo;
			probe.close(() => {
				resolve(port);
			});
		});
	});
}

async function answers(port: number, child: ChildProcess): Promise<void> {
	for (let tries = 0; tries < 100; tries += 1) {
		if (child.exitCode !== null) throw new Error('The sink did not start.');
		const isThere = await new Promise<boolean>((resolve) => {
			const socket = connect(port, '127.0.0.1');
			socket.once('data', () => {
				socket.end('QUIT\r\n');
				resolve(true);
			});
			socket.once('error', () => {
				resolve(false);
			});
		});
		if (isThere) return;
		await sleep(20);
	}
	throw new Error('The sink does not answer.');
}
