import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { PostgresPlace } from './place';

/** After so long without a word the system asks whether the other end is still there, in ms. */
const KEEP_ALIVE_MS = 10_000;

/** Length 8, then the number that asks for TLS (PostgreSQL manual, "SSLRequest"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 'S'.charCodeAt(0);

/**
 * A connection to the server, in TLS where the place says so; never in the clear instead.
 *
 * @throws what Node says of it, with a `code`; `NO_TLS` when the server has none
 */
export async function dial(place: PostgresPlace, signal: AbortSignal): Promise<Socket> {
	const { host, port, tls } = place;
	const socket = connect({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
	socket.setNoDelay(true);
	const give = (): void => {
		socket.destroy();
	};
	signal.addEventListener('abort', give);
	try {
		signal.throwIfAborted();
		await happens(socket, 'connect');
		if (tls.mode === 'none') return socket;
		socket.write(SSL_REQUEST);
		const [answer] = (await happens(socket, 'data')) as [Buffer];
		// One byte and no more: what comes before TLS could be anybody's (CVE-2021-23222).
		if (answer.length !== 1 || answer[0] !== YES) throw withCode('NO_TLS');
		const secured = connectTls({
			socket,
			...(isIP(host) ? {} : { servername: host }),
			// Given a socket, Node knows no host to compare the certificate with.
			checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
			...(tls.mode === 'encrypt' ? { rejectUnauthorized: false } : {}),
			...(tls.mode === 'verify' && tls.ca !== undefined ? { ca: tls.ca } : {}),
		});
		await happens(secured, 'secureConnect');
		return secured;
	} catch (error) {
		socket.destroy();
		throw error;
	} finally {
		signal.removeEventListener('abort', give);
	}
}

/** Waits for one event, or for the end of the socket. */
async function happens(socket: Socket, event: string): Promise<unknown[]> {
	const ended = new AbortController();
	const closed = (): void => {
		ended.abort();
	};
	socket.once('close', closed);
	try {
		return (await once(socket, event, { signal: ended.signal })) as unknown[];
	} catch (error) {
		throw ended.signal.aborted ? withCode('CONNECTION_CLOSED') : error;
	} finally {
		socket.removeListener('close', closed);
	}
}

function withCode(code: string): Error {
	return Object.assign(new Error(code), { code });
}
