import { connect } from 'node:net';
import type { Socket } from 'node:net';

/**
 * Asks for these addresses over so many connections that are kept, one request after another on each.
 * It builds bytes beforehand and looks at no more of an answer than its status and length: what is
 * measured shares the machine with it.
 *
 * @param urls all of one server, over plain HTTP
 * @throws Error on an answer other than 200 or 302
 */
export async function askAll(
	urls: readonly string[],
	{ connections, userAgent }: { connections: number; userAgent: string },
): Promise<void> {
	const { hostname, port, host } = new URL(urls[0] ?? '');
	const requests = urls.map((url) => {
		const { pathname, search } = new URL(url);
		return Buffer.from(
			`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${userAgent}\r\n\r\n`,
		);
	});
	let next = 0;
	const client = async (): Promise<void> => {
		const socket = connect({ host: hostname, port: Number(port), noDelay: true });
		try {
			for (let request = requests[next++]; request; request = requests[next++])
				await exchange(socket, request);
		} finally {
			socket.destroy();
		}
	};
	await Promise.all(Array.from({ length: connections }, client));
}

const HEAD_END = '\r\n\r\n';

function exchange(socket: Socket, request: Buffer): Promise<void> {
	return new Promise((resolve, reject) => {
		let answer = '';
		const end = (error?: Error) => {
			socket.removeAllListeners();
			if (error) reject(error);
			else resolve();
		};
		socket.on('data', (chunk) => {
			answer += chunk.toString('latin1');
			const head = answer.indexOf(HEAD_END);
			if (head < 0) return;
			const length = Number(/^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1]);
			if (!/^HTTP\/1\.1 (?:200|302)/.test(answer) || Number.isNaN(length))
				end(new Error(`An answer of another kind: ${answer.slice(0, 300)}`));
			else if (answer.length >= head + HEAD_END.length + length) end();
		});
		socket.once('error', end);
		socket.once('close', () => {
			end(new Error('The server closed the connection.'));
		});
		socket.write(request);
	});
}
