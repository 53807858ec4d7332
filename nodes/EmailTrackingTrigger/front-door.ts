import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

/**
 * Answers a request, or says that it is not for it, and then it has touched nothing.
 *
 * @param token the value of `t`, of letters, digits, `_`, `-` and `.` only
 */
export type DirectAnswer = (
	token: string,
	request: IncomingMessage,
	response: ServerResponse,
) => Promise<boolean>;

/** So long after n8n last led a request to the node, the door still answers for it; in ms. */
export const OPEN_MS = 5_000;
/** After so long one request goes n8n's way again, so that the door stays open, or closes, as n8n says. */
export const ASK_AGAIN_MS = 2_000;

interface Open {
	answer: DirectAnswer;
	/** On the clock of `performance.now()`. */
	until: number;
	askAgainAt: number;
}

const TOKEN = /^\?t=([\w.-]+)$/;

/** One for each server of the process that serves a node of ours. */
const doors = new WeakMap<Server, FrontDoor>();

/**
 * Stands before n8n's own handlers on the HTTP server that n8n runs, and answers some requests in its
 * place. n8n makes a sandbox for expressions, and reads the workflow from its database, for every
 * request to a webhook before its node learns of it: tens of milliseconds for a picture of 42 bytes.
 *
 * It opens for a path once n8n itself has led a request of that path to our node, and closes seconds
 * after n8n last did so. So n8n stays the one who says whether the workflow is active and how it is set:
 * what is changed there holds here seconds later, in every process that serves webhooks, and with no
 * more knowledge of n8n than that its requests come from a server of Node's.
 *
 * Only plain GET and HEAD requests for exactly such a path and one token are looked at. All others, and
 * those that the node does not want after all, reach n8n's handlers as if nobody stood here. With the
 * first request that finds no path open, nobody does.
 */
export class FrontDoor {
	readonly #server: Server;
	readonly #paths = new Map<string, Open>();
	#behind: RequestListener[] = [];
	#isStanding = false;

	private constructor(server: Server) {
		this.#server = server;
	}

	/** @returns undefined where the server that brought this request cannot be told */
	static before(request: IncomingMessage): FrontDoor | undefined {
		const server = serverOf(request);
		if (!server) return undefined;
		let door = doors.get(server);
		if (!door) {
			door = new FrontDoor(server);
			doors.set(server, door);
		}
		return door;
	}

	/** @param path as the request line had it, without its query */
	open(path: string, answer: DirectAnswer): void {
		const now = performance.now();
		this.#paths.set(path, { answer, until: now + OPEN_MS, askAgainAt: now + ASK_AGAIN_MS });
		this.#stand();
	}

	close(path: string): void {
		this.#paths.delete(path);
	}

	readonly #receive: RequestListener = (request, response) => {
		this.#closeWhatIsOver();
		if (this.#paths.size === 0) this.#leave();
		const found = this.#find(request, response);
		if (!found) {
			this.#passOn(request, response);
			return;
		}
		const passOn = () => {
			this.#passOn(request, response);
		};
		found.answer(found.token, request, response).then((isAnswered) => {
			if (!isAnswered) passOn();
		}, passOn);
	};

	/** Of whatever path: one that nobody asks for any more would keep the door there. */
	#closeWhatIsOver(): void {
		const now = performance.now();
		for (const [path, { until }] of this.#paths) if (now >= until) this.#paths.delete(path);
	}

	#find(
		request: IncomingMessage,
		response: ServerResponse,
	): { answer: DirectAnswer; token: string } | undefined {
		// A server that takes no more connections is about to end: n8n waits for what it knows of.
		if (!this.#server.listening || !isPlain(request)) return undefined;
		const { url = '' } = request;
		const query = url.indexOf('?');
		if (query < 0) return undefined;
		const path = url.slice(0, query);
		const open = this.#paths.get(path);
		if (!open) return undefined;
		const token = TOKEN.exec(url.slice(query))?.[1];
		if (token === undefined) return undefined;
		if (performance.now() >= open.askAgainAt) {
			// One at a time: all of them would wait, and there is one answer.
			open.askAgainAt = open.until;
			response.once('close', () => {
				if (this.#paths.get(path) === open) this.#paths.delete(path);
			});
			return undefined;
		}
		return { answer: open.answer, token };
	}

	#passOn(...args: Parameters<RequestListener>): void {
		for (const listener of this.#behind) listener.apply(this.#server, args);
	}

	#stand(): void {
		if (this.#isStanding) return;
		this.#isStanding = true;
		this.#behind = this.#server.rawListeners('request') as RequestListener[];
		this.#server.removeAllListeners('request');
		this.#server.on('request', this.#receive);
	}

	/** Unless somebody has come to stand before this door, or beside it, in the meantime. */
	#leave(): void {
		const listeners = this.#server.rawListeners('request');
		if (!this.#isStanding || listeners.length !== 1 || listeners[0] !== this.#receive) return;
		this.#server.removeAllListeners('request');
		for (const listener of this.#behind) this.#server.on('request', listener);
		this.#isStanding = false;
	}
}

/** Nothing that n8n would treat in its own way: a body, or a page of another origin that asks. */
function isPlain({ method, headers }: IncomingMessage): boolean {
	return (
		(method === 'GET' || method === 'HEAD') &&
		headers['content-length'] === undefined &&
		headers['transfer-encoding'] === undefined &&
		headers.origin === undefined
	);
}

/** Node's HTTP servers name themselves in the sockets that they take. */
function serverOf({ socket }: { socket?: object }): Server | undefined {
	const server = (socket as { server?: unknown } | undefined)?.server;
	return isHttpServer(server) ? server : undefined;
}

function isHttpServer(server: unknown): server is Server {
	return server instanceof NetServer && server.listenerCount('request') > 0;
}
