import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Where programs look for their name server: an address of this machine that nothing else uses, at the
 * only port that resolv.conf knows.
 */
export const NAME_SERVER = '127.53.0.1';

/**
 * A name server that knows nobody: every question is answered with NXDOMAIN (RFC 1035 section 4.1.1), at
 * once, so that a host is unknown on any machine, whatever its network is.
 */
export async function startNameServer(): Promise<{ close(): Promise<void> }> {
	const socket = createSocket('udp4');
	socket.on('message', (question, from) => {
		if (question.length < 12) return;
		socket.send(noSuchName(question), from.port, from.address);
	});
	socket.bind(53, NAME_SERVER);
	await once(socket, 'listening');
	return {
		close: async () => {
			const closed = once(socket, 'close');
			socket.close();
			await closed;
		},
	};
}

/** The question as it came, as an answer that holds none. */
function noSuchName(question: Buffer): Buffer {
	let end = 12;
	while (end < question.length && question[end] !== 0) end += (question[end] ?? 0) + 1;
	const answer = Buffer.from(question.subarray(0, end + 5));
	// An answer, recursion available, NXDOMAIN; one question, no records.
	answer.writeUInt16BE(0x8183, 2);
	answer.writeUInt16BE(1, 4);
	answer.fill(0, 6, 12);
	return answer;
}
