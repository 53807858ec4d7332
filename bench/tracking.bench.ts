import { readFileSync } from 'node:fs';
import path from 'node:path';

import { makeReference } from '../mail/message/identity';
import { openStore } from '../mail/store/open';
import type { MailStore } from '../mail/store/store';
import { makeToken } from '../mail/tracking/token';
import { chain, eventually, startTestN8n } from '../test/e2e/support/n8n';
import type { TestN8n } from '../test/e2e/support/n8n';
import { askAll } from './http-load';
import { compare, rate } from './report';
import type { Benchmark, Measure } from './report';

const REQUESTS = Number(process.env.BENCH_REQUESTS ?? 10_000);
/** It starts an execution for each. */
const PEER_REQUESTS = Math.ceil(REQUESTS / 50);
const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const CONNECTIONS = 32;
const READERS = 500;
const CAMPAIGN = 'bench';
const TARGET = 'https://shop.example/spring';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const WEBHOOK_NODE = "n8n's Webhook";

/**
 * n8n as it comes makes a sandbox for expressions with each request to a trigger that is not its own
 * Webhook node; with this setting of its own it makes one only where an expression is evaluated.
 */
const SETTINGS = [
	{ words: '', env: {} },
	{ words: ', sandbox on demand', env: { N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE: 'true' } },
] as const;

/** What readers' mail programs ask of one n8n, and what a Webhook node would make of it. */
export const benchmark: Benchmark = {
	about: `${REQUESTS} opens and clicks of ${READERS} readers over ${CONNECTIONS} connections to an Email Tracking Trigger in a real n8n, ${PEER_REQUESTS} to a plain Webhook node that answers the same picture; in n8n as it comes, and with N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE.`,
	async *run() {
		for (const { words, env } of SETTINGS) yield* runWith(env, words);
	},
};

async function* runWith(env: NodeJS.ProcessEnv, words: string): AsyncGenerator<Measure> {
	const n8n = await startTestN8n(env);
	const store = await openN8nStore(n8n);
	try {
		const plain = await publishWebhook(n8n);
		const links = await publishTracking(n8n, store);
		for (const url of [plain, links.open(0)]) await requestAll(() => url, 50);
		for (const kind of ['open', 'click'] as const) {
			yield await compare({
				measure: (kind === 'open' ? 'opens' : 'clicks') + words,
				unit: 'requests/s',
				peerName: WEBHOOK_NODE,
				runs: RUNS,
				ours: () => requestAll(links[kind], REQUESTS),
				peer: () => requestAll(() => plain, PEER_REQUESTS),
			});
		}
		const started = await n8n.server.api.executions(links.workflow);
		if (started.length > 0) throw new Error(`${started.length} executions were started.`);
	} finally {
		await store.close();
		await n8n.stop();
	}
}

async function openN8nStore(n8n: TestN8n): Promise<MailStore> {
	const folder = path.join(n8n.userFolder, '.n8n');
	const settings = JSON.parse(readFileSync(path.join(folder, 'config'), 'utf8')) as {
		encryptionKey: string;
	};
	return await openStore({
		path: path.join(folder, 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite'),
		masterKey: settings.encryptionKey,
		// The mails were sent an hour ago: nobody is a machine for being too soon.
		clock: () => Date.now() - 3_600_000,
	});
}

async function publishWebhook({ server: { api, url } }: TestN8n): Promise<string> {
	const { id } = (await api.createWorkflow(
		chain('Plain', [
			{
				name: 'Webhook',
				type: 'n8n-nodes-base.webhook',
				typeVersion: 2,
				webhookId: 'plain',
				parameters: { path: 'plain', options: { responseData: PIXEL } },
			},
			{ name: 'Done', type: 'n8n-nodes-base.noOp' },
		]),
	)) as { id: string };
	await api.activate(id);
	return `${url}/webhook/plain`;
}

const PIXEL = Buffer.from(
	'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
	'base64',
).toString('latin1');

/** @returns links of the readers, whose turn it is by the number of the request */
async function publishTracking({ server: { api } }: TestN8n, store: MailStore) {
	const { id: workflow } = (await api.createWorkflow(
		chain('Tracking', [
			{
				name: 'Tracking',
				type: 'n8n-nodes-smtp-suite.emailTrackingTrigger',
				typeVersion: 1.1,
				webhookId: 'tracking',
				parameters: { events: ['unsubscribed'] },
			},
			{ name: 'Done', type: 'n8n-nodes-base.noOp' },
		]),
	)) as { id: string };
	await api.activate(workflow);
	const { url } = await eventually(() => store.tracking.currentSite(), 'the public address');
	const key = await store.signingKeys.current();
	await store.tracking.setCampaign(CAMPAIGN, { list: 'news' });
	await store.tracking.numberLinks(CAMPAIGN, [TARGET]);
	const readers = Array.from({ length: READERS }, (_, index) => {
		const address = `reader${index}@example.test`;
		return {
			reference: makeReference({ campaignId: CAMPAIGN, key: address }, key),
			campaignId: CAMPAIGN,
			recipient: { key: address, address },
		};
	});
	await store.tracking.addMails(readers);
	const linksOf = (kind: 'open' | 'click', link: number) => {
		const urls = readers.map(
			({ reference }) => `${url}?t=${makeToken({ kind, reference, link }, key)}`,
		);
		return (request: number) => urls[request % urls.length] ?? '';
	};
	return { workflow, open: linksOf('open', 0), click: linksOf('click', 1) };
}

/** @returns how many a second were answered well */
async function requestAll(urlOf: (request: number) => string, requests: number): Promise<number> {
	const urls = Array.from({ length: requests }, (_, request) => urlOf(request));
	const start = performance.now();
	await askAll(urls, { connections: CONNECTIONS, userAgent: BROWSER });
	return rate(requests, start);
}
