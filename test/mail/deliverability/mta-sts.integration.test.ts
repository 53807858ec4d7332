import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';

import { openDns } from '../../../mail/deliverability/dns';
import { checkMtaSts } from '../../../mail/deliverability/mta-sts';
import { policyOverHttps } from '../../../mail/deliverability/mta-sts-fetch';
import type { PolicyFetchOptions } from '../../../mail/deliverability/mta-sts-fetch';
import { tempFolder } from '../../support/child-server';
import { makeTestCertificate } from '../../support/test-certificate';
import type { TestCertificate } from '../../support/test-certificate';
import { describeWithNameServer, startNameServer } from '../../support/zone-server';
import type { NameServer, ZoneRecord } from '../../support/zone-server';

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

const policy = (mode: string, mx: string, maxAge = '604800') =>
	`version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: ${maxAge}\r\n`;
const file =
	(text: string, type = 'text/plain'): Serve =>
	(_, response) => {
		response.writeHead(200, { 'content-type': type }).end(text);
	};

/** What the policy server of each domain does. */
const SERVED: Readonly<Record<string, Serve>> = {
	'good.test': file(policy('enforce', 'mail.good.test'), 'text/plain; charset=utf-8'),
	'star.test': file(policy('enforce', '*.star.test')),
	'testing.test': file(policy('testing', 'mail.testing.test')),
	'none.test': file('version: STSv1\nmode: none\nmax_age: 86400\n'),
	'short.test': file(policy('enforce', 'mail.short.test', '60')),
	'moved-mail.test': file(policy('enforce', 'old.moved-mail.test')),
	'page.test': file('<!doctype html><p>Hello</p>'),
	'html.test': file(policy('enforce', 'mail.html.test'), 'text/html'),
	'gone.test': (_, response) => response.writeHead(404).end('no'),
	'trouble.test': (_, response) => response.writeHead(503).end('later'),
	'redirect.test': (_, response) =>
		response
			.writeHead(301, { location: 'https://mta-sts.good.test/.well-known/mta-sts.txt' })
			.end(),
	'giant.test': (_, response) => {
		response.writeHead(200, { 'content-type': 'text/plain' });
		const more = () => {
			while (!response.destroyed && response.write('x'.repeat(16_384)));
		};
		response.on('drain', more);
		more();
	},
	'drip.test': (_, response) => {
		response.writeHead(200, { 'content-type': 'text/plain' });
		const timer = setInterval(() => response.write('v'), 50);
		response.on('close', () => {
			clearInterval(timer);
		});
	},
	'silent.test': () => undefined,
};
const DOMAINS = [...Object.keys(SERVED), 'stranger.test'];

describeWithNameServer('the MTA-STS policy of a domain', () => {
	const folder = tempFolder('smtp-suite-sts-');
	const asked: string[] = [];
	let certificate: TestCertificate;
	let web: Server;
	let port: number;
	let names: NameServer;

	beforeAll(async () => {
		certificate = makeTestCertificate(
			folder.path,
			Object.keys(SERVED).map((domain) => `mta-sts.${domain}`),
		);
		web = createServer(
			{ key: certificate.keyPem, cert: certificate.caPem },
			(request, response) => {
				const host = request.headers.host ?? '';
				asked.push(`${request.method} ${host}${request.url}`);
				const serve = SERVED[host.replace('mta-sts.', '')];
				if (serve) serve(request, response);
				else response.writeHead(421).end();
			},
		);
		web.listen(0, '127.0.0.1');
		await once(web, 'listening');
		port = (web.address() as AddressInfo).port;
		names = await startNameServer([
			...DOMAINS.flatMap((domain): ZoneRecord[] => [
				[domain, 'MX', `10 mail.${domain}.`],
				[`_mta-sts.${domain}`, 'TXT', 'v=STSv1; id=7'],
				[`mta-sts.${domain}`, 'A', '127.0.0.1'],
			]),
			['mapped.test', 'MX', '10 mail.mapped.test.'],
			['_mta-sts.mapped.test', 'TXT', 'v=STSv1; id=7'],
			['mta-sts.mapped.test', 'AAAA', '::ffff:127.0.0.1'],
		]);
	});
	afterAll(async () => {
		web.closeAllConnections();
		web.close();
		await names.stop();
		folder.remove();
	});
	beforeEach(() => {
		asked.length = 0;
	});

	const check = async (domain: string, more: PolicyFetchOptions = {}) => {
		const fetchPolicy = policyOverHttps({
			...{ port, ca: certificate.caPem, privateAddresses: true, timeoutMs: 5_000 },
			...more,
		});
		const findings = await checkMtaSts(domain, openDns({ servers: [names.address] }), fetchPolicy);
		expect(findings).toHaveLength(1);
		return findings[0]!;
	};

	it.each([
		['good.test', 'receiving.mtaSts pass'],
		['star.test', 'receiving.mtaSts pass'],
		['testing.test', 'receiving.mtaSts info'],
		['none.test', 'receiving.mtaSts info'],
		['short.test', 'receiving.mtaSts info'],
		['moved-mail.test', 'receiving.mtaStsMx warning'],
		['page.test', 'receiving.mtaStsPolicy warning'],
		['html.test', 'receiving.mtaStsType warning'],
		['gone.test', 'receiving.mtaStsNoPolicy warning'],
		['redirect.test', 'receiving.mtaStsRedirect warning'],
		['giant.test', 'receiving.mtaStsPolicy warning'],
		['stranger.test', 'receiving.mtaStsCertificate warning'],
		['trouble.test', 'receiving.mtaStsUnread unknown'],
	])('%s: %s', async (domain, expected) => {
		const { id, status, requiredBy } = await check(domain);
		expect(`${id} ${status}`).toBe(expected);
		expect(requiredBy).toEqual({});
	});

	it('is asked for once, by the name that the certificate is for, and no redirect is followed', async () => {
		await check('redirect.test');
		expect(asked).toEqual(['GET mta-sts.redirect.test/.well-known/mta-sts.txt']);
	});

	it('as the advice prints it is a good one', async () => {
		const { fixes } = await check('moved-mail.test');
		const [fix] = fixes;
		if (fix?.kind !== 'setting') throw new Error('no advice');
		const [, advised = ''] = /^Put this into the file:\n([^]*)\nThen change/.exec(fix.text) ?? [];
		const findings = await checkMtaSts(
			'moved-mail.test',
			openDns({ servers: [names.address] }),
			() => Promise.resolve({ outcome: 'policy', text: advised }),
		);
		expect(findings.map(({ id, status }) => `${id} ${status}`)).toEqual(['receiving.mtaSts pass']);
	});

	it.each(['silent.test', 'drip.test'])(
		'%s: the wait has an end, and proves nothing',
		async (domain) => {
			const before = performance.now();
			const { id, title } = await check(domain, { timeoutMs: 400 });
			expect(id).toBe('receiving.mtaStsUnread');
			expect(title).toContain('did not answer in time');
			expect(performance.now() - before).toBeLessThan(20_000);
		},
	);

	it('ends with the execution', async () => {
		const end = new AbortController();
		const running = check('silent.test', { timeoutMs: 600_000, signal: end.signal });
		setTimeout(() => {
			end.abort();
		}, 200);
		expect((await running).id).toBe('receiving.mtaStsUnread');
	});

	it('a server that nobody reaches proves nothing', async () => {
		const closed = createTcpServer().listen(0, '127.0.0.1');
		await once(closed, 'listening');
		const { port: nobody } = closed.address() as AddressInfo;
		closed.close();
		await once(closed, 'close');
		expect((await check('good.test', { port: nobody })).id).toBe('receiving.mtaStsUnread');
	});

	it.each(['good.test', 'mapped.test'])(
		'%s: no address of a private network is connected to',
		async (domain) => {
			const { id, status, title } = await check(domain, { privateAddresses: false });
			expect(`${id} ${status}`).toBe('receiving.mtaStsUnread unknown');
			expect(title).toContain('private network');
			expect(asked).toEqual([]);
		},
	);

	it('a certificate of nobody one knows is not believed', async () => {
		const fetchPolicy = policyOverHttps({ port, privateAddresses: true });
		const dns = openDns({ servers: [names.address] });
		const [finding] = await checkMtaSts('good.test', dns, fetchPolicy);
		expect(finding?.id).toBe('receiving.mtaStsCertificate');
		expect(asked).toEqual([]);
	});
});
