import { connect } from 'node:net';

/**
 * Delivers many messages over one LMTP connection (RFC 2033).
 *
 * @param onDelivered called with the position of each message when the server has taken it
 * @throws when the server does not
 */
export async function deliverMany(
	port: number,
	user: string,
	messages: Iterable<string>,
	onDelivered: (position: number) => void = () => undefined,
): Promise<void> {
	const socket = connect({ port, host: '127.0.0.1', noDelay: true });
	socket.setTimeout(30_000, () => socket.destroy(new Error('LMTP: no answer for 30 s')));
	const chunks = socket.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>;
	let received = '';
	const reply = async (): Promise<string> => {
		for (;;) {
			const complete = /^(?:\d{3}-.*\r\n)*(\d{3} .*)\r\n/.exec(received);
			if (complete?.[1] !== undefined) {
				received = received.slice(complete[0].length);
				return complete[1];
			}
			const chunk = await chunks.next();
			if (chunk.done) throw new Error('LMTP: the server closed the connection');
			received += chunk.value;
		}
	};
	try {
		await reply();
		socket.write('LHLO localhost\r\n');
		await reply();
		let position = 0;
		for (const message of messages) {
			socket.write(`MAIL FROM:<>\r\nRCPT TO:<${user}>\r\nDATA\r\n`);
			for (let replies = 0; replies < 3; replies += 1) await reply();
			socket.write(`${message}${message.endsWith('\r\n') ? '' : '\r\n'}.\r\n`);
			const answer = await reply();
			if (!answer.startsWith('250')) throw new Error(`LMTP: ${answer}`);
			onDelivered(position);
			position += 1;
		}
	} finally {
		socket.destroy();
	}
}
