import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An authorization server whose user always agrees (RFC 6749), with tokens that run out. */
export interface OAuth2Server {
	url: string;
	/** Grants that were asked for at the token address, in order. */
	grants: string[];
	/** Whether a token is good now. */
	accepts(token: string): boolean;
	/** Makes every token that was given so far run out at once. */
	expireAll(): void;
	/** Makes refresh tokens worthless: the user has taken the permission back. */
	revoke(): void;
	close(): Promise<void>;
}

/** @param user whom `/tokeninfo?access_token=` names, for servers that ask whose a token is */
export async function startOAuth2Server(
	lifetimeSeconds = 3_600,
	user = 'ada@example.test',
): Promise<OAuth2Server> {
	const good = new Map<string, number>();
	let given = 0;
	let revoked = false;
	const server = createServer((request, response) => {
		const url = new URL(request.url ?? '/', 'http://127.0.0.1');
		if (url.pathname === '/authorize') {
			const back = new URL(url.searchParams.get('redirect_uri') ?? '');
			back.searchParams.set('code', 'the-code');
			back.searchParams.set('state', url.searchParams.get('state') ?? '');
			response.writeHead(302, { location: back.href }).end();
			return;
		}
		if (url.pathname === '/tokeninfo') {
			const good = oauth2.accepts(url.searchParams.get('access_token') ?? '');
			response.writeHead(good ? 200 : 401, { 'content-type': 'application/json' });
			response.end(JSON.stringify(good ? { email: user } : { error: 'invalid_token' }));
			return;
		}
		void bodyOf(request).then((body) => {
			const form = new URLSearchParams(body);
			const grant = form.get('grant_type') ?? '';
			oauth2.grants.push(grant);
			response.setHeader('content-type', 'application/json');
			if (revoked || (grant === 'refresh_token' && form.get('refresh_token') !== 'refresh')) {
				response.writeHead(400).end(JSON.stringify({ error: 'invalid_grant' }));
				return;
			}
			given += 1;
			const token = `access-token-${given}`;
			good.set(token, Date.now() + lifetimeSeconds * 1_000);
			response.end(
				JSON.stringify({
					access_token: token,
					token_type: 'Bearer',
					expires_in: lifetimeSeconds,
					refresh_token: 'refresh',
				}),
			);
		});
	});
	await new Promise<void>((resolve) => {
		server.listen(0, '127.0.0.1', resolve);
	});
	const oauth2: OAuth2Server = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		grants: [],
		accepts: (token) => (good.get(token) ?? 0) > Date.now(),
		expireAll() {
			for (const token of good.keys()) good.set(token, 0);
		},
		revoke() {
			revoked = true;
		},
		close: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => {
					resolve();
				});
			}),
	};
	return oauth2;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
	let body = '';
	for await (const chunk of request) body += String(chunk);
	return body;
}
