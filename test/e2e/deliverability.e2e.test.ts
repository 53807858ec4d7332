import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';

import axe from 'axe-core';
import { chromium } from 'playwright-core';

import { tempFolder } from '../support/child-server';
import { freePorts } from '../support/free-port';
import { canRunRspamd, startRspamd } from '../support/rspamd';
import { canRunSpamd, startSpamd } from '../support/spamd';
import { makeTestCertificate } from '../support/test-certificate';
import { describeWithNameServer, startNameServer } from '../support/zone-server';
import type { NameServer } from '../support/zone-server';
import { CHROMIUM } from './support/editor';
import { chain, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

const DOMAINS = [{ domain: 'good.test' }, { domain: 'News <news@bare.test>' }, { domain: '' }];
/** For documentation (RFC 5737), and so of no private network. */
const PUBLIC = '192.0.2.80';

function hasPublicAddress(): boolean {
	return Object.values(networkInterfaces()).some((addresses) =>
		addresses?.some(({ address }) => address === PUBLIC),
	);
}

const EML = [
	'From: News <news@good.test>',
	'To: ada@example.org',
	'Subject: The garden opens',
	`Date: ${new Date().toUTCString()}`,
	'Message-ID: <1@good.test>',
	'Content-Type: text/html',
	'',
	'<p>Come and see.</p>',
	'',
].join('\r\n');

interface Checked {
	json: {
		checked?: string;
		verdict?: string;
		receivers?: Record<string, string>;
		findings?: { id: string; title: string }[];
		filters?: object[];
		fixes?: { finding: string; value?: string }[];
		id?: string;
		error?: string;
		html?: string;
	};
	binary?: Record<string, { mimeType: string }>;
	pairedItem: { item: number };
}

jest.setTimeout(120_000);

describeWithNameServer('Deliverability Check in a real n8n', () => {
	let n8n: TestN8n;
	let server: NameServer;
	const folder = tempFolder('smtp-suite-policy-');
	const certificate = makeTestCertificate(folder.path, ['mta-sts.strict.test']);

	beforeAll(async () => {
		[n8n, server] = await Promise.all([
			startTestN8n({ NODE_EXTRA_CA_CERTS: certificate.certFile }),
			startNameServer([
				['strict.test', 'MX', '10 mail.good.test.'],
				['_mta-sts.strict.test', 'TXT', 'v=STSv1; id=1'],
				['mta-sts.strict.test', 'A', PUBLIC],
				['bare.test', 'TXT', 'some-verification=1'],
				['good.test', 'MX', '10 mail.good.test.'],
				['mail.good.test', 'A', '192.0.2.25'],
				['good.test', 'TXT', 'v=spf1 ip4:192.0.2.25 ~all'],
				['_dmarc.good.test', 'TXT', 'v=DMARC1; p=quarantine; rua=mailto:dmarc@good.test'],
				['s1._domainkey.good.test', 'TXT', `v=DKIM1; p=${KEY}`],
				['25.2.0.192.in-addr.arpa', 'PTR', 'mail.good.test.'],
				['2.0.0.127.list.test', 'A', '127.0.0.2'],
				['25.2.0.192.list.test', 'A', '127.0.0.2'],
			]),
		]);
	}, 180_000);
	afterAll(async () => {
		await n8n.stop();
		await server.stop();
		folder.remove();
	}, 60_000);

	async function check(items: object[], parameters: object, onError = 'stopWorkflow') {
		const { api } = n8n.server;
		const { id } = await api.createWorkflow(
			chain('Check', [
				PRESS,
				...itemsOf(items),
				{
					name: 'Check',
					type: 'n8n-nodes-smtp-suite.deliverabilityCheck',
					parameters: { dnsOptions: { servers: server.address }, ...parameters },
					onError,
				},
			]),
		);
		const execution = await api.finished(await api.execute(id as string, 'Press'));
		return {
			...execution,
			items: (execution.outputs('Check')[0] ?? []) as Checked[],
			workflowId: id as string,
		};
	}

	it('judges each domain for each receiver, and gives the records to publish', async () => {
		const { items } = await check(
			DOMAINS,
			{ domain: '={{ $json.domain }}', htmlPage: true, picture: true },
			'continueRegularOutput',
		);
		expect(items.map(({ pairedItem }) => pairedItem.item)).toEqual([0, 1, 2]);
		const [good, bare, empty] = items;
		expect(good?.json).toMatchObject({
			checked: 'good.test',
			verdict: 'fit',
			receivers: { gmail: 'fit', yahoo: 'fit', microsoft: 'fit', apple: 'fit' },
		});
		expect(good?.json.html).toContain('Deliverability of good.test');
		expect(good?.binary).toMatchObject({
			page: { mimeType: 'text/html' },
			picture: { mimeType: 'image/svg+xml' },
		});
		expect(bare?.json).toMatchObject({ checked: 'bare.test', verdict: 'unfit' });
		expect(bare?.json.fixes).toEqual(
			expect.arrayContaining([
				expect.objectContaining({ finding: 'spf.missing', host: '@', type: 'TXT' }),
				expect.objectContaining({
					finding: 'dmarc.missing',
					host: '_dmarc',
					value: 'v=DMARC1; p=none; rua=mailto:postmaster@bare.test',
				}),
			]),
		);
		expect(empty?.json.error).toContain('From Domain or Address is empty');
	});

	(existsSync(CHROMIUM) ? it : it.skip)(
		'makes a page that fits a phone and a desktop, and that axe-core has nothing against',
		async () => {
			const { items } = await check([{}], { domain: 'bare.test', htmlPage: true });
			const screenshots = path.join(__dirname, 'screenshots');
			mkdirSync(screenshots, { recursive: true });
			const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
			try {
				for (const width of [390, 1280]) {
					const page = await browser.newPage({ viewport: { width, height: 900 } });
					await page.setContent(items[0]?.json.html ?? '');
					await page.screenshot({
						path: path.join(screenshots, `deliverability-${width}.png`),
						fullPage: true,
					});
					expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
						width,
					);
					await page.evaluate(axe.source);
					const { violations } =
						await page.evaluate<Pick<axe.AxeResults, 'violations'>>('axe.run()');
					expect(violations.map(({ id: rule, nodes }) => [rule, nodes[0]?.html])).toEqual([]);
				}
			} finally {
				await browser.close();
			}
		},
		60_000,
	);

	it('asks less of single mails', async () => {
		const { items } = await check([{}], { domain: 'good.test', profile: 'transactional' });
		expect(items[0]?.json.verdict).toBe('fit');
	});

	it('gives an item for each problem, and none when all is well', async () => {
		const ids = async (domain: string) =>
			(await check([{}], { domain, output: 'problems' })).items.map(({ json }) => json.id);
		expect(await ids('good.test')).toEqual([]);
		expect(await ids('bare.test')).toEqual([
			'domain.unauthenticated',
			'spf.missing',
			'dkim.missing',
			'dmarc.missing',
			'mx.missing',
		]);
	});

	it('looks through a message', async () => {
		const { items } = await check([{ raw: EML }], {
			operation: 'message',
			messageIn: 'text',
			text: '={{ $json.raw }}',
		});
		expect(items[0]?.json).toMatchObject({ checked: 'The garden opens', verdict: 'unfit' });
		expect(items[0]?.json.findings?.map(({ id }) => id)).toEqual(
			expect.arrayContaining(['content.noUnsubscribe', 'content.noTextPart']),
		);
	});

	const noFilters = canRunRspamd() ?? canRunSpamd();
	(noFilters === undefined ? it : it.skip)(
		`asks the user’s own rspamd and SpamAssassin about it${noFilters === undefined ? '' : ` (skipped: ${noFilters})`}`,
		async () => {
			const rspamd = await startRspamd({ password: 'secret-of-rspamd' });
			const spamd = await startSpamd();
			const ask = async (spamFilters: object) => {
				const raw = EML.replace('text/html', 'text/plain').replaceAll(/<\/?p>/g, '');
				const { items } = await check([{ raw }], {
					...{ operation: 'message', messageIn: 'text', text: '={{ $json.raw }}', spamFilters },
				});
				const [{ json } = { json: {} as Checked['json'] }] = items;
				return {
					filters: json.filters,
					told: json.findings
						?.filter(({ id }) => id.startsWith('filter.'))
						.map(({ id, title }) => `${id}: ${title}`),
				};
			};
			try {
				const good = await ask({ rspamd: rspamd.address, spamAssassin: spamd.address });
				expect(good.filters).toMatchObject([
					{ filter: 'rspamd', outcome: 'judged', action: 'no action' },
					{ filter: 'SpamAssassin', outcome: 'judged', action: 'not spam' },
				]);
				expect(good.told).toEqual([
					expect.stringContaining('filter.good: rspamd takes the mail for good'),
					expect.stringContaining('filter.good: SpamAssassin takes the mail for good'),
				]);
				const { port: free } = await freePorts('port');
				const nobody = await ask({
					rspamd: `http://127.0.0.1:${free}`,
					spamAssassin: `127.0.0.1:${free}`,
				});
				expect(nobody.told).toEqual([
					'filter.unknown: rspamd did not judge the mail: nobody answers at that address and port.',
					'filter.unknown: SpamAssassin did not judge the mail: nobody answers at that address and port.',
				]);
				const locked = await ask({ rspamd: rspamd.controller });
				expect(locked.told).toEqual([
					expect.stringContaining(
						'filter.unknown: rspamd did not judge the mail: it wants a password',
					),
				]);
			} finally {
				await rspamd.stop();
				await spamd.stop();
			}
		},
		600_000,
	);

	/*
	 * The node opens no web server within a private network, so this one needs an address that is none:
	 * unshare --net sh -c 'ip link set lo up; ip addr add 192.0.2.80/32 dev lo; exec npx jest …'
	 */
	(hasPublicAddress() ? it : it.skip)(
		'reads the MTA-STS policy of a domain over HTTPS, with the authorities that n8n trusts',
		async () => {
			const web = createHttpsServer(
				{ key: certificate.keyPem, cert: certificate.caPem },
				(_, response) => {
					response.writeHead(200, { 'content-type': 'text/plain' });
					response.end(
						'version: STSv1\r\nmode: enforce\r\nmx: mail.good.test\r\nmax_age: 604800\r\n',
					);
				},
			).listen(443, PUBLIC);
			await once(web, 'listening');
			try {
				const { items } = await check([{}], { domain: 'strict.test', output: 'findings' });
				const finding = items.find(({ json }) => json.id?.startsWith('receiving.'));
				expect(finding?.json).toMatchObject({ id: 'receiving.mtaSts', status: 'pass' });
			} finally {
				web.closeAllConnections();
				web.close();
			}
		},
		60_000,
	);

	it('looks up a server, and believes a list of one’s own that works', async () => {
		const { items } = await check([{}], {
			operation: 'server',
			addresses: '192.0.2.25',
			serverOptions: { usualLists: false, ownAddressLists: 'list.test, gone.test' },
			output: 'findings',
		});
		expect(items.map(({ json }) => json.id)).toEqual([
			'server.reverseConfirmed',
			'reputation.listed',
			'reputation.listSilent',
		]);
	});

	it('run after run tells what changed, and the editor takes no news away', async () => {
		const { api } = n8n.server;
		const names = (records: Parameters<typeof startNameServer>[0]) =>
			startNameServer([['moving.test', 'MX', '10 mail.good.test.'], ...records]);
		const [bare, mended] = await Promise.all([
			names([]),
			names([['moving.test', 'TXT', 'v=spf1 ip4:192.0.2.25 ~all']]),
		]);
		const check = {
			name: 'Check',
			type: 'n8n-nodes-smtp-suite.deliverabilityCheck',
			parameters: {
				...{ domain: 'moving.test', output: 'changes' },
				dnsOptions: { servers: '={{ $json.query?.names ?? $json.names }}', seconds: 2 },
			},
		};
		const { id } = (await api.createWorkflow({
			...chain('Watch', [
				{
					name: 'Webhook',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					webhookId: 'watch',
					parameters: { path: 'watch', responseMode: 'lastNode', responseData: 'allEntries' },
				},
				check,
			]),
		})) as { id: string };
		await api.activate(id);
		const watch = async (server: string) => {
			const answer = await fetch(`${n8n.server.url}/webhook/watch?names=${server}`);
			const told = (await answer.json()) as { change?: string; id?: string; firstRun?: boolean }[];
			return told.filter(({ change }) => change !== undefined);
		};
		try {
			const first = await watch(bare.address);
			expect(first.map(({ change, id: finding }) => `${change} ${finding}`)).toContain(
				'new spf.missing',
			);
			expect(first[0]?.firstRun).toBe(true);
			expect(await watch(bare.address)).toEqual([]);
			expect(await watch('127.0.0.1:9')).toEqual([]);
			const after = await watch(mended.address);
			expect(after).toEqual(
				expect.arrayContaining([
					expect.objectContaining({ change: 'mended', id: 'spf.missing', firstRun: false }),
				]),
			);
			expect(await watch(mended.address)).toEqual([]);
		} finally {
			await Promise.all([bare.stop(), mended.stop()]);
		}
	}, 60_000);

	it('tells once more what n8n did not get to hand on, killed or failed', async () => {
		const names = await startNameServer([['torn.test', 'MX', '10 mail.good.test.']]);
		const alerts: string[] = [];
		let isHeld = true;
		const arrived = Promise.withResolvers<undefined>();
		const alarm = createServer((request, response) => {
			void json(request).then((body) => {
				alerts.push((body as { id: string }).id);
				arrived.resolve(undefined);
				if (!isHeld) response.end('{}');
			});
		}).listen(0, '127.0.0.1');
		await once(alarm, 'listening');
		const { port } = alarm.address() as AddressInfo;
		const { id } = (await n8n.server.api.createWorkflow({
			...chain('Torn', [
				{
					name: 'Webhook',
					type: 'n8n-nodes-base.webhook',
					typeVersion: 2,
					webhookId: 'torn',
					parameters: {
						...{ path: 'torn', httpMethod: 'POST' },
						...{ responseMode: 'lastNode', responseData: 'allEntries' },
					},
				},
				{
					name: 'Domains',
					type: 'n8n-nodes-base.splitOut',
					typeVersion: 1,
					parameters: { fieldToSplitOut: 'body.domains' },
				},
				{
					name: 'Check',
					type: 'n8n-nodes-smtp-suite.deliverabilityCheck',
					parameters: {
						...{ domain: '={{ $json.domain }}', output: 'changes' },
						dnsOptions: { servers: names.address },
					},
				},
				{
					name: 'Alarm',
					type: 'n8n-nodes-base.httpRequest',
					typeVersion: 4.2,
					parameters: {
						...{ method: 'POST', url: `http://127.0.0.1:${port}/` },
						...{ sendBody: true, specifyBody: 'json', jsonBody: '={{ JSON.stringify($json) }}' },
					},
				},
			]),
		})) as { id: string };
		await n8n.server.api.activate(id);
		const run = async (...domains: string[]) => {
			alerts.length = 0;
			const { status } = await fetch(`${n8n.server.url}/webhook/torn`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ domains: domains.map((domain) => ({ domain })) }),
			});
			return { status, alerts: [...alerts].sort() };
		};
		try {
			const killed = run('torn.test').catch(() => undefined);
			await arrived.promise;
			await n8n.restart('kill');
			await killed;
			isHeld = false;
			// The second domain is none, so the node fails after the first one was compared and kept.
			expect(await run('torn.test', '')).toEqual({ status: 500, alerts: [] });
			const { alerts: told } = await run('torn.test');
			expect(told).toContain('spf.missing');
			expect(await run('torn.test')).toEqual({ status: 200, alerts: [] });
		} finally {
			alarm.closeAllConnections();
			alarm.close();
			await names.stop();
		}
	}, 180_000);

	it('in the editor is compared, and not remembered', async () => {
		const { api } = n8n.server;
		const { items, workflowId } = await check([{}], { domain: 'bare.test', output: 'changes' });
		const again = await api.finished(await api.execute(workflowId, 'Press'));
		expect(items.map(({ json }) => json.id)).toContain('spf.missing');
		expect(again.outputs('Check')[0]).toHaveLength(items.length);
	});

	it('never holds a silent name server against a domain', async () => {
		const { items } = await check([{}], {
			domain: 'good.test',
			dnsOptions: { servers: '127.0.0.1:9', seconds: 2 },
		});
		expect(items[0]?.json).toMatchObject({ verdict: 'unknown', counts: { fail: 0, warning: 0 } });
	});
});

/** An RSA key of 2048 bits, whose private half nobody keeps. */
const KEY =
	'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtPlYgNY8HpIAB8GacDBmjso6/XGPdYeWtB3N/quXfQZ+8BzPkI7qtux1CPS50s/MUQcoh083BG3wsiB8H/GdA0Czzke5ZzBONFdezuXg6u4gKnSoXDZ/5f2yzKQvF8GT+gdiCOb87mr/k9GPmmYbbpgc7jKAOaWiASeC0e7feD0sy/tOnjyhRVUEPYT0lhgCGpfFRpgy5BnFLJp+ShzIVcjmVjALUAI5aveH5mb1aN6G6yPVeow0hONRTLTbhGWS1kr6LCos4zky1rBFJsUQFvER6TkgH2ZX+d4rg9Q27BezuLMrUGs4T9jPEkqZBCDEdZCa5n/eZ+uI+EBOZq2hfQIDAQAB';
