import { request as ask } from 'node:http';
import { connect } from 'node:net';

import fc from 'fast-check';

import { MAX_EVENTS } from '../../mail/store/tracking-store';
import { startedExecutions } from './support/started';
import { eventually, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { publishTracking } from './support/tracking-site';
import type { TrackingSite } from './support/tracking-site';

const CAMPAIGN = 'spring';
const TARGET = 'https://shop.example/spring?a=1&b=2';
const ELSEWHERE = 'https://evil.example/';
/** Looked for in the log, in the store and in each answer. */
const MARK = 'stranger-was-here';
const FORGED = `2026-11-27 | error | ${MARK}`;
const LINES = `${MARK}\r\n${FORGED}`;
const FUZZED = Number(process.env.FUZZ_RUNS ?? 300);
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const FORM = 'application/x-www-form-urlencoded';

interface Asked {
	method: string;
	/** After the trigger's address. */
	more: string;
	headers?: Record<string, string>;
	body?: string;
}

interface Answer {
	status: number;
	type: string;
	location?: string;
	body: string;
}

/** What a person with bad intentions can send to n8n's webhook server, and what is in the store then. */
describe('strangers at the Email Tracking Trigger', () => {
	let n8n: TestN8n;
	let site: TrackingSite;

	beforeAll(async () => {
		n8n = await startTestN8n({ N8N_LOG_LEVEL: 'info' });
		site = await publishTracking(n8n, {
			campaign: CAMPAIGN,
			list: 'news',
			targets: [TARGET],
			parameters: { events: ['clicked', 'unsubscribed', 'resubscribed'], keepVisitor: true },
		});
		await site.mailed(['ada', 'bob', 'cleo', 'dora']);
	}, 240_000);

	afterAll(async () => {
		await site.close();
		await n8n.stop();
	}, 60_000);

	/** Not `fetch`, which mends addresses and forbids methods and headers. */
	const send = ({ method, more, headers = {}, body }: Asked): Promise<Answer> =>
		new Promise((resolve, reject) => {
			const { hostname, port, pathname } = new URL(site.url);
			const length =
				body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
			const head = {
				hostname,
				port,
				path: pathname + more,
				method,
				headers: { 'user-agent': BROWSER, ...headers, ...length },
				agent: false as const,
			};
			const sent = ask(head, (answer) => {
				const chunks: Buffer[] = [];
				answer.on('data', (chunk: Buffer) => chunks.push(chunk));
				answer.on('end', () => {
					resolve({
						status: answer.statusCode ?? 0,
						type: answer.headers['content-type'] ?? '',
						location: answer.headers.location,
						body: Buffer.concat(chunks).toString(),
					});
				});
			});
			sent.on('error', reject);
			sent.end(body);
		});

	/** Bytes that no HTTP client would send. */
	const sendRaw = (text: string): Promise<string> =>
		new Promise((resolve, reject) => {
			const { hostname, port } = new URL(site.url);
			const socket = connect(Number(port), hostname, () => socket.end(text, 'latin1'));
			let answer = '';
			socket.setTimeout(10_000, () => socket.destroy());
			socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
			socket.on('close', () => {
				resolve(answer);
			});
			socket.on('error', reject);
		});

	/** All that is recorded, once what waits to be judged is. */
	const recorded = async () => {
		await new Promise((resolve) => setTimeout(resolve, 5_000));
		const counts = await site.store.tracking.counts(CAMPAIGN);
		return counts
			.filter(({ link }) => link === 0)
			.map(({ event, machine, events }) => `${event} ${events}${machine ? ' by machines' : ''}`)
			.sort();
	};

	/** What n8n itself says of a body that it cannot read, or of an address that it has not, is its own. */
	const expectHarmless = ({ status, type, location, body }: Answer) => {
		expect(status).not.toBe(503);
		expect(location).toBeUndefined();
		expect(body).not.toMatch(/node_modules|SQLITE|\.js:\d/);
		if (!type.includes('html')) return;
		expect(body).not.toContain(MARK);
		expect(body).not.toContain('evil.example');
	};

	const forgery = (): fc.Arbitrary<string> => {
		const tokens = [
			site.token('open', 'ada'),
			site.token('click', 'ada', 1),
			site.token('unsubscribe', 'ada'),
		];
		const real = fc.constantFrom(...tokens);
		const letter = fc.constantFrom(...Array.from('abcdefghijklmnopqrstuvwxyz234567._-%= \u0000é'));
		const own = Buffer.from(ELSEWHERE).toString('base64url');
		return fc.oneof(
			fc
				.tuple(real, fc.nat(), letter)
				.map(([token, at, by]) => {
					const place = at % token.length;
					return token.slice(0, place) + by + token.slice(place + 1);
				})
				.filter((token) => !tokens.includes(token)),
			real.map((token) => `${token}.${own}`),
			real.map((token) => token.toUpperCase()),
			fc.tuple(real, fc.integer({ min: 1 })).map(([token, cut]) => token.slice(0, -cut)),
			fc.tuple(real, fc.string()).map(([token, more]) => `${token}#${more}`),
			fc.string({ unit: 'binary', maxLength: 200 }),
			fc.constantFrom(ELSEWHERE, `//evil.example/${MARK}`, `javascript:${MARK}`, 'x'.repeat(5_001)),
		);
	};

	/** n8n has one parser of XML for all requests, which leaves some unanswered once a body was none. */
	const isAnsweredByN8n = ({ headers, body = '' }: Asked) =>
		headers?.['content-type'] !== 'text/xml' || body.startsWith('<');

	const request = (): fc.Arbitrary<Asked> => anyRequest().filter(isAnsweredByN8n);

	const anyRequest = (): fc.Arbitrary<Asked> =>
		fc.record({
			method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'),
			more: fc.oneof(
				{
					weight: 4,
					arbitrary: forgery().map((token) => `?t=${encodeURIComponent(token.toWellFormed())}`),
				},
				forgery().map((token) => `?t[]=${encodeURIComponent(token.toWellFormed())}&t[__proto__]=1`),
				fc.constantFrom(
					'',
					'?',
					`?t=&t=${MARK}`,
					`?url=${ELSEWHERE}&redirect=${ELSEWHERE}`,
					`/../../rest/settings?${MARK}`,
					`/%2e%2e/%00${MARK}`,
					`/${MARK}%0d%0aLocation:%20${ELSEWHERE}`,
					`?t=%E0%A4%A`,
				),
			),
			headers: fc.record({
				'content-type': fc.constantFrom(
					FORM,
					'application/json',
					'text/xml',
					'multipart/form-data; boundary=x',
					'multipart/form-data',
					'application/octet-stream',
				),
				'accept-language': fc.constantFrom(
					'de',
					'*',
					';'.repeat(3_000),
					'__proto__',
					'constructor',
				),
				'user-agent': fc.constantFrom(`<script>${MARK}</script>`, MARK.repeat(100)),
				host: fc.constantFrom('127.0.0.1', 'evil.example'),
				'x-forwarded-host': fc.constant('evil.example'),
			}),
			body: fc.constantFrom(
				'List-Unsubscribe=One-Click',
				'action=unsubscribe',
				'{"action":"unsubscribe","__proto__":{"action":"unsubscribe"}}',
				'{"action":',
				'<action>unsubscribe</action>',
				'--x\r\nContent-Disposition: form-data; name="action"\r\n\r\nunsubscribe\r\n--x--\r\n',
				'action[__proto__]=unsubscribe&action[constructor]=x',
				`action=${'x'.repeat(200_000)}`,
			),
		});

	it('get nothing done, and led nowhere, by whatever is not exactly one of our links', async () => {
		await fc.assert(
			fc.asyncProperty(request(), async (asked) => {
				const withBody = !['GET', 'HEAD', 'OPTIONS'].includes(asked.method);
				expectHarmless(await send(withBody ? asked : { ...asked, body: undefined }));
			}),
			{ numRuns: FUZZED },
		);
		expect(await recorded()).toEqual([]);
		expect(await site.store.suppressions.count()).toBe(0);
		expect((await site.store.tracking.links(CAMPAIGN)).map(({ target }) => target)).toEqual([
			TARGET,
		]);
		expect(startedExecutions(n8n, site.workflow, 'example.test')).toEqual([]);
		expect(await site.store.tracking.currentSite()).toMatchObject({ url: site.url });
	}, 300_000);

	it('get only what a link is for, by any other method and with any other body', async () => {
		const click = `?t=${site.token('click', 'bob', 1)}`;
		const leave = `?t=${site.token('unsubscribe', 'bob')}`;
		for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
			for (const more of [click, `?t=${site.token('open', 'bob')}`])
				expectHarmless(
					await send({
						method,
						more,
						headers: { 'content-type': FORM },
						body: 'action=unsubscribe',
					}),
				);
		for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
			expectHarmless(
				await send({ method, more: `${leave}&action=unsubscribe&List-Unsubscribe=One-Click` }),
			);
		const bodies: [type: string, body: string][] = [
			[FORM, ''],
			[FORM, 'action=Unsubscribe'],
			[FORM, 'action=unsubscribe&action=resubscribe'],
			[FORM, 'List-Unsubscribe=One-Click&List-Unsubscribe=x'],
			[FORM, `action=${encodeURIComponent(LINES)}`],
			['application/json', '["unsubscribe"]'],
			['application/json', '{"__proto__":{"action":"unsubscribe"}}'],
			['text/plain', 'action=unsubscribe'],
		];
		for (const [type, body] of bodies)
			expectHarmless(
				await send({ method: 'POST', more: leave, headers: { 'content-type': type }, body }),
			);
		expect(await recorded()).toEqual([]);
		expect(await site.store.suppressions.count()).toBe(0);
	}, 120_000);

	it('write no line into the log, the store or an answer, neither by the link nor by its head', async () => {
		const { pathname } = new URL(site.url);
		const token = site.token('open', 'cleo');
		const answers = await Promise.all(
			[
				`GET ${pathname}?t=${token}\rX: ${MARK} HTTP/1.1\r\nHost: x\r\n\r\n`,
				`GET ${pathname}?t=${token}%0d%0a${MARK} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
				`GET ${pathname}?t=${MARK} HTTP/1.1\r\nHost: x\r\nUser-Agent: a\n${MARK}\r\n\r\n`,
				`GET ${pathname} HTTP/1.1\r\nHost: ${MARK}\r\nContent-Length: -1\r\n\r\n${MARK}`,
				`POST ${pathname}?t=${token} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\nGET ${pathname}?t=${token} HTTP/1.1\r\n\r\n`,
				`\u0000\u0001${MARK}\r\n\r\n`,
			].map(sendRaw),
		);
		for (const answer of answers) {
			expect(answer).not.toContain(MARK);
			expect(answer).not.toMatch(/^location:/im);
		}
		// A browser's name with letters that end a line elsewhere than in HTTP.
		const agent = `Mozilla/5.0\u0085${MARK}\tFirefox/140.0`;
		const seen = await send({
			method: 'GET',
			more: `?t=${site.token('click', 'cleo', 1)}`,
			headers: { 'user-agent': agent },
		});
		expect([seen.status, seen.location]).toEqual([302, TARGET]);
		expect(await recorded()).toEqual(['clicked 1']);
		const [item] = (await itemsOfExecutions()).filter(
			(each) => each.recipient === 'cleo@example.test',
		);
		expect(item?.userAgent).toBe(`Mozilla/5.0 ${MARK} Firefox/140.0`);
		const lines = n8n.server.log().split(/[\r\n]+/);
		expect(lines.filter((line) => line.startsWith(MARK) || line.startsWith(FORGED))).toEqual([]);
	}, 60_000);

	const itemsOfExecutions = async () => {
		const { api } = n8n.server;
		const listed = (await api.executions(site.workflow)) as { id: string }[];
		const finished = await Promise.all(listed.map(({ id }) => api.finished(id)));
		return finished.flatMap(({ outputs }) =>
			outputs('Tracking').flatMap((items: { json: Record<string, unknown> }[]) =>
				items.map(({ json }) => json),
			),
		);
	};

	it('fill neither the store nor the list of executions with a link that they have', async () => {
		const before = startedExecutions(n8n, site.workflow, 'example.test').length;
		const links = [`?t=${site.token('click', 'dora', 1)}`, `?t=${site.token('open', 'dora')}`];
		let next = 0;
		const client = async () => {
			while (next < 300) {
				const answer = await send({ method: 'GET', more: links[next++ % 2] ?? '' });
				expect([200, 302]).toContain(answer.status);
			}
		};
		await Promise.all(Array.from({ length: 24 }, client));
		await new Promise((resolve) => setTimeout(resolve, 13_000));
		const kept = (await site.store.tracking.counts(CAMPAIGN))
			.filter(({ link, event }) => link === 0 && event !== 'unsubscribed')
			.reduce((sum, { events }) => sum + events, 0);
		// One more is cleo's.
		expect(kept).toBeLessThanOrEqual(MAX_EVENTS + 1);
		const started = startedExecutions(n8n, site.workflow, 'example.test').length - before;
		expect(started).toBeLessThanOrEqual(MAX_EVENTS);
		expect(started).toBeGreaterThan(0);
		// It still serves those who come with a link of their own.
		const leaving = {
			method: 'POST',
			headers: { 'content-type': FORM },
			body: 'action=unsubscribe',
		};
		expect(
			(await send({ ...leaving, more: `?t=${site.token('unsubscribe', 'ada')}` })).status,
		).toBe(200);
		expect(await site.store.suppressions.count()).toBe(1);
		await eventually(
			async () =>
				(await itemsOfExecutions()).some(({ event }) => event === 'unsubscribed')
					? true
					: undefined,
			'the execution of the one who left',
		);
	}, 240_000);
});
