import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { IWebhookFunctions } from 'n8n-workflow';

import { makeReference } from '../../../mail/message/identity';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { makeToken } from '../../../mail/tracking/token';
import type { TokenKind } from '../../../mail/tracking/token';
import { answerRequest } from '../../../nodes/EmailTrackingTrigger/answer-request';
import type { ChosenEvent } from '../../../nodes/EmailTrackingTrigger/chosen-event';
import { eventually } from '../../e2e/support/n8n';

const CAMPAIGN = 'spring';
const TARGET = 'https://shop.example/?a=1&b=2';
const PATH = '/webhook/some-id/m';
const PERSON = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0' };

let store: MailStore;
let server: Server;
let site: string;
/** What the node is set to, as n8n reads it for each request that it leads there. */
let settings: { events: ChosenEvent[]; keepVisitor: boolean; isWanted: boolean };
let mode: string;
/** Requests that came by n8n. */
let ordinary: number;
let tokenOf: (kind: TokenKind, link?: number) => string;

beforeEach(async () => {
	settings = { events: ['unsubscribed'], keepVisitor: false, isWanted: true };
	mode = 'webhook';
	ordinary = 0;
	store = await openStore({
		path: ':memory:',
		masterKey: 'key',
		clock: () => Date.now() - 3_600_000,
	});
	await store.tracking.numberLinks(CAMPAIGN, [TARGET]);
	const key = await store.signingKeys.current();
	const reference = makeReference({ campaignId: CAMPAIGN, key: 'ada@example.test' }, key);
	const recipient = { key: 'ada@example.test', address: 'ada@example.test' };
	await store.tracking.addMails([{ reference, campaignId: CAMPAIGN, recipient }]);
	tokenOf = (kind, link = 0) => makeToken({ kind, reference, link }, key);
	server = createServer((request, response) => {
		ordinary += 1;
		const { searchParams } = new URL(request.url ?? '', 'http://n8n');
		const context = {
			getRequestObject: () => request,
			getQueryData: () => Object.fromEntries(searchParams),
			getBodyData: () => ({}),
			getResponseObject: () => response,
			getMode: () => mode,
			getNode: () => ({ name: 'Tracking' }),
			logger: { error: () => undefined },
		} as unknown as IWebhookFunctions;
		const { events, keepVisitor, isWanted } = settings;
		void answerRequest(context, () => Promise.resolve(store), {
			desk: { look: {}, keepVisitor },
			choice: { events, machines: false },
			isWanted,
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	site = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
});
afterEach(async () => {
	server.closeAllConnections();
	await new Promise((resolve) => server.close(resolve));
	await store.close();
});

const ask = (token: string, init: RequestInit = {}) =>
	fetch(`${site}?t=${token}`, { headers: PERSON, redirect: 'manual', ...init });

/** The same again, which may be answered directly. */
async function twice(token: string, init: RequestInit = {}): Promise<boolean> {
	await ask(token, init);
	const before = ordinary;
	await ask(token, init);
	return ordinary === before;
}

it('gives the same answers directly as by n8n, and records both', async () => {
	const told = async (token: string, init?: RequestInit) => {
		const answer = await ask(token, init);
		const headers: Record<string, string> = {};
		answer.headers.forEach((value, name) => {
			if (name !== 'date') headers[name] = value;
		});
		return { status: answer.status, headers, body: await answer.text() };
	};
	for (const [token, init] of [
		[tokenOf('open'), {}],
		[tokenOf('click', 1), {}],
		[tokenOf('open'), { method: 'HEAD' }],
		[tokenOf('click', 1), { method: 'HEAD' }],
	] as const) {
		settings.isWanted = false;
		// Closes what the one before has opened.
		await ask(tokenOf('unsubscribe'));
		const byN8n = await told(token, init);
		settings.isWanted = true;
		await ask(tokenOf('unsubscribe'));
		const before = ordinary;
		expect(await told(token, init)).toEqual(byN8n);
		expect(ordinary).toBe(before);
	}
	const counts = await eventually(async () => {
		const all = (await store.tracking.counts(CAMPAIGN)).filter(({ link }) => link === 0);
		return all.reduce((sum, { events }) => sum + events, 0) === 8 ? all : undefined;
	}, 'four opens and four clicks');
	expect(counts.map(({ event, machine, events }) => [event, machine, events]).sort()).toEqual([
		['clicked', false, 2],
		['clicked', true, 2],
		['opened', false, 2],
		['opened', true, 2],
	]);
}, 30_000);

it('answers directly what starts no workflow, and only that', async () => {
	expect(await twice(tokenOf('open'))).toBe(true);
	expect(await twice(tokenOf('click', 1))).toBe(true);
	expect(await twice(tokenOf('unsubscribe'))).toBe(false);
	settings.events = ['clicked'];
	await ask(tokenOf('unsubscribe'));
	expect(await twice(tokenOf('open'))).toBe(true);
	expect(await twice(tokenOf('click', 1))).toBe(false);
	settings.events = ['firstOpened'];
	await ask(tokenOf('unsubscribe'));
	expect(await twice(tokenOf('open'))).toBe(false);
}, 30_000);

it.each([
	['the user does not want it', () => (settings.isWanted = false)],
	['addresses are kept, which n8n knows better', () => (settings.keepVisitor = true)],
	['it is a test', () => (mode = 'manual')],
])('answers nothing directly where %s', async (_why, set) => {
	set();
	expect(await twice(tokenOf('open'))).toBe(false);
});

it('sends nobody elsewhere, and records nothing, for a link that was changed', async () => {
	await ask(tokenOf('open'));
	const token = tokenOf('click', 1);
	const own = Buffer.from('https://evil.example/').toString('base64url');
	for (const forged of [
		`${token}.${own}`,
		`${token.slice(0, -1)}2`,
		token.replace(/^c/, 'o'),
		tokenOf('open').replace(/^o/, 'c'),
		`${token.slice(0, 40)}${token[40] === 'a' ? 'b' : 'a'}${token.slice(41)}`,
		'c',
		`c${'a'.repeat(6_000)}`,
	]) {
		const answer = await ask(forged);
		expect([answer.status, answer.headers.get('location')]).toEqual([404, null]);
	}
	await new Promise((resolve) => setTimeout(resolve, 4_500));
	const counts = await store.tracking.counts(CAMPAIGN);
	expect(counts.map(({ event, events }) => [event, events])).toEqual([['opened', 1]]);
}, 20_000);
