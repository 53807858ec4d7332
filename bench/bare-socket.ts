import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { rate } from './report';

const BODY = `Subject: x\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(200)}.\r\n`;
const ENVELOPE = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n';

/** The least that Node can do: the same bytes again and again, each envelope behind the last body. */
export async function bareSocketRate(
	port: number,
	mails: number,
	connections: number,
): Promise<number> {
	let left = mails;
	const start = performance.now();
	const one = () =>
		new Promise<void>((resolve, reject) => {
			const socket = connect(port, '127.0.0.1');
			socket.once('error', reject);
			socket.once('close', () => {
				resolve();
			});
			converse(socket, () => (left -= 1) >= 0);
		});
	await Promise.all(Array.from({ length: connections }, one));
	return rate(mails, start);
}

function converse(socket: Socket, another: () => boolean): void {
	let rest = '';
	let isReady = false;
	socket.on('data', (chunk: Buffer) => {
		const lines = (rest + chunk.toString('latin1')).split('\r\n');
		rest = lines.pop() ?? '';
		for (const line of lines) {
			if (line.startsWith('220')) socket.write('EHLO bench\r\n');
			else if (!isReady && line.startsWith('250 ')) {
				isReady = true;
				socket.write(another() ? ENVELOPE : 'QUIT\r\n');
			} else if (line.startsWith('354'))
				socket.write(another() ? BODY + ENVELOPE : `${BODY}QUIT\r\n`);
		}
	});
}
