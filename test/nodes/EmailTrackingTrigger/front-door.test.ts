import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { FrontDoor } from '../../../nodes/EmailTrackingTrigger/front-door';
import { ASK_AGAIN_MS, OPEN_MS } from '../../../nodes/EmailTrackingTrigger/front-door';
import type { DirectAnswer } from '../../../nodes/EmailTrackingTrigger/front-door';

const PATH = '/webhook/some-id/m';
const OURS = `${PATH}?t=good`;

/** Answers with its own name; `no` is a token that it does not want. */
const direct: DirectAnswer = (token, _request, response) => {
	if (token === 'no') return Promise.resolve(false);
	if (token === 'breaks') return Promise.reject(new Error('The store is away.'));
	response.end(`direct ${token}`);
	return Promise.resolve(true);
};

let server: Server;
let port: number;
let now: number;
/** n8n's part: it leads requests of the path to the node, unless the workflow is not active. */
let isActive: boolean;
let ordinary: RequestListener;
/** How long that takes n8n. */
let takesMs: number;

beforeEach(async () => {
	now = 1_000_000;
	jest.spyOn(performance, 'now').mockImplementation(() => now);
	isActive = true;
	takesMs = 0;
	ordinary = (request, response) => {
		const answer = () => {
			const isNode = isActive && request.url?.startsWith(PATH);
			response.statusCode = isActive ? 200 : 404;
			response.end('n8n');
			if (isNode) FrontDoor.before(request)?.open(PATH, direct);
		};
		if (takesMs === 0) answer();
		else setTimeout(answer, takesMs);
	};
	server = createServer(ordinary);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
	jest.restoreAllMocks();
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
});

const ask = async (url: string, init: RequestInit = {}) => {
	const answer = await fetch(`http://127.0.0.1:${port}${url}`, init);
	return await answer.text();
};

it('is not there before n8n has led a request to the node, and answers from then on', async () => {
	expect(await ask('/rest/login')).toBe('n8n');
	expect(server.listeners('request')).toEqual([ordinary]);
	expect(await ask(OURS)).toBe('n8n');
	expect(await ask(OURS)).toBe('direct good');
	expect(await ask(`${PATH}?t=a-B_c.9`)).toBe('direct a-B_c.9');
});

it.each([
	['another path', '/webhook/some-id/m2?t=good', {}],
	['a path below', `${PATH}/x?t=good`, {}],
	['no token', PATH, {}],
	['an empty token', `${PATH}?t=`, {}],
	['another parameter beside it', `${OURS}&utm_source=mail`, {}],
	['another parameter before it', `${PATH}?a=1&t=good`, {}],
	['an encoded token', `${PATH}?t=g%6Fod`, {}],
	['two tokens', `${OURS}&t=good`, {}],
	['a POST', OURS, { method: 'POST', body: 'List-Unsubscribe=One-Click' }],
	['an OPTIONS', OURS, { method: 'OPTIONS' }],
	['a page of another origin', OURS, { headers: { Origin: 'https://elsewhere.example' } }],
	['a token that the node does not want', `${PATH}?t=no`, {}],
	['a token at which the node fails', `${PATH}?t=breaks`, {}],
])('leaves to n8n: %s', async (_what, url, init) => {
	await ask(OURS);
	expect(await ask(url, init)).toBe('n8n');
	expect(await ask(OURS)).toBe('direct good');
});

it('leaves to n8n a GET that brings a body', async () => {
	await ask(OURS);
	const answer = await raw(
		`GET ${OURS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
	);
	expect(answer).toContain('n8n');
});

it('answers requests that come at once over one connection in their order', async () => {
	await ask(OURS);
	const get = (url: string, more = '') => `GET ${url} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
	const answers = await raw(
		get(OURS) + get('/rest/login') + get(`${PATH}?t=no`) + get(OURS, 'Connection: close\r\n'),
	);
	expect(answers.match(/direct good|n8n/g)).toEqual(['direct good', 'n8n', 'n8n', 'direct good']);
});

it('asks n8n again before it would close, with one request at a time, and stays open', async () => {
	await ask(OURS);
	takesMs = 50;
	for (let round = 0; round < 5; round += 1) {
		now += ASK_AGAIN_MS;
		const answers = await Promise.all([ask(OURS), ask(OURS), ask(OURS)]);
		expect(answers.sort()).toEqual(['direct good', 'direct good', 'n8n']);
	}
});

it('closes as soon as n8n no longer leads a request to the node', async () => {
	await ask(OURS);
	isActive = false;
	now += ASK_AGAIN_MS - 1;
	expect(await ask(OURS)).toBe('direct good');
	now += 1;
	expect(await ask(OURS)).toBe('n8n');
	await new Promise((resolve) => setTimeout(resolve, 20));
	expect(await ask(OURS)).toBe('n8n');
});

it('closes by itself when nobody asks, and leaves the server as it was', async () => {
	await ask(OURS);
	expect(server.listeners('request')).not.toEqual([ordinary]);
	now += OPEN_MS;
	isActive = false;
	expect(await ask(OURS)).toBe('n8n');
	expect(await ask('/')).toBe('n8n');
	expect(server.listeners('request')).toEqual([ordinary]);
});

it('leaves the server with the next request of any kind once its time is over', async () => {
	await ask(OURS);
	now += OPEN_MS;
	expect(await ask('/rest/login')).toBe('n8n');
	expect(server.listeners('request')).toEqual([ordinary]);
	expect([await ask(OURS), await ask(OURS)]).toEqual(['n8n', 'direct good']);
});

it('closes where the node says so', async () => {
	let request: IncomingMessage | undefined;
	server.prependListener('request', (each: IncomingMessage) => (request = each));
	await ask(OURS);
	expect(await ask(OURS)).toBe('direct good');
	if (request) FrontDoor.before(request)?.close(PATH);
	isActive = false;
	expect(await ask(OURS)).toBe('n8n');
});

it("calls all of n8n's handlers, in their order and on their server", async () => {
	const called: unknown[] = [];
	server.prependListener('request', function (this: unknown) {
		called.push('first', this === server);
	});
	await ask(OURS);
	await ask('/rest/login');
	expect(called).toEqual(['first', true, 'first', true]);
	await ask(OURS);
	expect(called).toHaveLength(4);
});

it('stays in its place when somebody has come to stand before it', async () => {
	await ask(OURS);
	const [inner] = server.rawListeners('request') as RequestListener[];
	server.removeAllListeners('request');
	const outer: RequestListener = (request, response) => inner?.call(server, request, response);
	server.on('request', outer);
	now += OPEN_MS;
	isActive = false;
	expect(await ask('/')).toBe('n8n');
	expect(server.listeners('request')).toEqual([outer]);
	isActive = true;
	expect([await ask(OURS), await ask(OURS)]).toEqual(['n8n', 'direct good']);
});

/** What the server says to these bytes. */
async function raw(bytes: string): Promise<string> {
	const socket: Socket = connect(port, '127.0.0.1');
	socket.setEncoding('utf8').end(bytes);
	let answer = '';
	for await (const chunk of socket) answer += chunk as string;
	return answer;
}
