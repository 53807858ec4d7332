import { readFileSync } from 'node:fs';
import path from 'node:path';

import { makeReference } from '../../mail/message/identity';
import { openStore } from '../../mail/store/open';
import type { MailStore, SigningKey } from '../../mail/store/store';
import { makeToken } from '../../mail/tracking/token';
import type { TrackingToken } from '../../mail/tracking/token';
import { readByMailparser } from '../mail/message/round-trip';
import { scriptedServer } from '../support/scripted-smtp-server';
import type { ScriptedServer } from '../support/scripted-smtp-server';
import { startedExecutions } from './support/started';
import { chain, eventually, itemsOf, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';
import { plainAccount } from './support/plain-account';

const CAMPAIGN = 'spring';
const TARGET = 'https://shop.example/spring?a=1&b=2';
const PERSON = {
	'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
	'accept-language': 'de',
};
const FORM = { ...PERSON, 'content-type': 'application/x-www-form-urlencoded' };

describe('Email Tracking Trigger', () => {
	let n8n: TestN8n;
	let store: MailStore;
	let key: SigningKey;
	let workflow: string;
	let site: string;
	let server: ScriptedServer;
	let account: string;

	beforeAll(async () => {
		server = await scriptedServer();
		n8n = await startTestN8n();
		const { api } = n8n.server;
		account = (await plainAccount(n8n, server.port, 'Server')).id;
		const made = await api.createWorkflow(
			chain('Tracking', [
				{
					name: 'Tracking',
					type: 'n8n-nodes-smtp-suite.emailTrackingTrigger',
					webhookId: '3f0c8f6e-7a55-4e0b-9d0e-6d3f5c1b2a10',
					parameters: { events: ['clicked', 'unsubscribed'] },
				},
				{ name: 'After', type: 'n8n-nodes-base.noOp' },
			]),
		);
		workflow = made.id;
		await api.activate(workflow);
		const folder = path.join(n8n.userFolder, '.n8n');
		const { encryptionKey } = JSON.parse(readFileSync(path.join(folder, 'config'), 'utf8')) as {
			encryptionKey: string;
		};
		store = await openStore({
			path: path.join(folder, 'storage', 'n8n-nodes-smtp-suite', 'mail.sqlite'),
			masterKey: encryptionKey,
			// The mails were sent an hour ago: what follows at once would be taken for a machine's.
			clock: () => Date.now() - 3_600_000,
		});
		key = await store.signingKeys.current();
		const noted = await eventually(() => store.tracking.currentSite(), 'the public address');
		site = noted.url;
		await store.tracking.setCampaign(CAMPAIGN, { list: 'news' });
		await store.tracking.numberLinks(CAMPAIGN, [TARGET]);
		await store.tracking.addMails(
			['ada', 'bob'].map((name) => ({
				reference: referenceOf(name),
				campaignId: CAMPAIGN,
				recipient: { key: `${name}@example.test`, address: `${name}@example.test` },
			})),
		);
	}, 240_000);

	afterAll(async () => {
		await store.close();
		await n8n.stop();
		await server.close();
	}, 60_000);

	const referenceOf = (name: string) =>
		makeReference({ campaignId: CAMPAIGN, key: `${name}@example.test` }, key);
	const linkOf = (kind: TrackingToken['kind'], name: string, link = 0) =>
		`${site}?t=${makeToken({ kind, reference: referenceOf(name), link }, key)}`;
	const press = (url: string, init: RequestInit = {}) =>
		fetch(url, { headers: PERSON, redirect: 'manual', ...init });

	it('answers what a mail asks, records all of it, and starts the workflow for the chosen events', async () => {
		const pixel = await press(linkOf('open', 'ada'));
		expect(pixel.headers.get('content-type')).toBe('image/gif');
		const click = await press(linkOf('click', 'ada', 1));
		expect([click.status, click.headers.get('location')]).toEqual([302, TARGET]);

		const page = await press(linkOf('unsubscribe', 'ada'));
		expect(await page.text()).toContain('Abmelden?');
		expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
		expect(await store.suppressions.count()).toBe(0);

		const oneClick = { method: 'POST', headers: FORM, body: 'List-Unsubscribe=One-Click' };
		expect((await press(linkOf('unsubscribe', 'ada'), oneClick)).status).toBe(200);
		const onList = await store.suppressions.check(['ada@example.test'], { list: 'news' });
		expect([...onList.keys()]).toEqual(['ada@example.test']);

		const forged = linkOf('unsubscribe', 'bob').slice(0, -1);
		expect((await press(forged, oneClick)).status).toBe(404);

		await eventually(
			async () =>
				(await store.tracking.counts(CAMPAIGN)).some(({ event }) => event === 'clicked')
					? true
					: undefined,
			'the click in the store',
		);
		const counts = await store.tracking.counts(CAMPAIGN);
		expect(
			counts
				.filter(({ link }) => link === 0)
				.map(({ event, machine, events, recipients }) => ({ event, machine, events, recipients }))
				.sort((a, b) => a.event.localeCompare(b.event)),
		).toEqual(
			['clicked', 'opened', 'unsubscribed'].map((event) => ({
				event,
				machine: false,
				events: 1,
				recipients: 1,
			})),
		);
		const two = await eventually(() => {
			const started = startedExecutions(n8n, workflow, 'example.test');
			return Promise.resolve(started.length >= 2 ? started : undefined);
		}, 'two executions');
		expect(two).toHaveLength(2);
		expect(two.map(({ recipients }) => recipients)).toEqual([
			['ada@example.test'],
			['ada@example.test'],
		]);
	}, 90_000);

	it('records each of many opens, whichever of them n8n sees, and starts nothing for them', async () => {
		const link = linkOf('open', 'bob');
		const before = (await n8n.server.api.executions(workflow)).length;
		for (let open = 0; open < 60; open += 1) {
			const pixel = await press(link);
			expect([pixel.status, pixel.headers.get('content-type')]).toEqual([200, 'image/gif']);
		}
		const opened = async () =>
			(await store.tracking.counts(CAMPAIGN)).find(
				({ event, machine }) => event === 'opened' && !machine,
			);
		await eventually(
			async () => ((await opened())?.events === 61 ? true : undefined),
			'sixty opens and the one before',
		);
		expect(await opened()).toMatchObject({ events: 61, recipients: 2 });
		expect(await n8n.server.api.executions(workflow)).toHaveLength(before);
	}, 60_000);

	/** A campaign to these people by SMTP Bulk Send. */
	async function campaign(id: string, names: readonly string[], more: object) {
		const { api } = n8n.server;
		const people = names.map((name) => ({ name, email: `${name}@letters.test` }));
		const { id: made } = await api.createWorkflow(
			chain(id, [
				PRESS,
				...itemsOf(people),
				{
					name: 'Bulk',
					type: 'n8n-nodes-smtp-suite.smtpBulkSend',
					parameters: {
						campaignId: id,
						fromEmail: 'News <news@example.test>',
						subject: 'Hello {{name}}',
						html: `<body><a href="${TARGET}">Spring</a></body>`,
						options: { mailingList: 'letters' },
						...more,
					},
					credentials: { smtpAccount: { id: account, name: 'Server' } },
				},
			]),
		);
		const execution = await api.finished(await api.execute(made, 'Press'));
		const outputs = execution.error ? [] : execution.outputs('Bulk');
		return {
			error: execution.error,
			hints: JSON.stringify(execution.data?.resultData?.runData?.Bulk ?? ''),
			reached: outputs.map((items: { json: { name: string } }[]) =>
				items.map(({ json }) => json.name).sort(),
			),
		};
	}

	it('answers the links that SMTP Bulk Send puts into its mails; who leaves by them is mailed no more', async () => {
		const tracking = {
			opens: true,
			clicks: true,
			unsubscribe: 'line',
			words: 'Abmelden',
			mailto: 'leave@example.test',
		};
		const names = ['cleo', 'dora', 'emil'];
		const first = await campaign('letters-1', names, { tracking });
		expect(first.error).toBeUndefined();
		expect(first.reached).toEqual([names, [], [], []]);
		// Sooner than two seconds after sending, it would be a machine.
		await new Promise((resolve) => setTimeout(resolve, 2_500));

		const raw = server.accepted.find((mail) => mail.includes('cleo@letters.test')) ?? '';
		const { html: source, text } = await readByMailparser(Buffer.from(raw));
		const html = source.replaceAll('&#x3D;', '=');
		const [, click = '', footer = ''] =
			/href="([^"]+)">Spring<.*href="([^"]+)">Abmelden</.exec(html) ?? [];
		const pixel = /<img src="([^"]+)"/.exec(html)?.[1] ?? '';
		expect(text).toContain(click);
		expect(text).toContain(footer);
		// On one line each, as they were sent.
		const header =
			/^List-Unsubscribe: <([^<>\s]+)>, <mailto:leave@example\.test\?subject=unsubscribe>\r$/m;
		const oneClick = header.exec(raw)?.[1] ?? '';
		expect(oneClick).toBe(footer);
		expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
		for (const url of [click, footer, pixel]) expect(url.startsWith(`${site}?t=`)).toBe(true);

		expect((await press(pixel)).headers.get('content-type')).toBe('image/gif');
		expect((await press(click)).headers.get('location')).toBe(TARGET);
		// As Gmail does: no cookie, no page before.
		const left = await fetch(oneClick, {
			method: 'POST',
			headers: { 'content-type': 'application/x-www-form-urlencoded' },
			body: 'List-Unsubscribe=One-Click',
		});
		expect(left.status).toBe(200);
		const recorded = await eventually(async () => {
			const counts = await store.tracking.counts('letters-1');
			return counts.some(({ event }) => event === 'clicked') ? counts : undefined;
		}, 'the click in the store');
		expect(
			recorded
				.filter(({ link }) => link === 0)
				.map(({ event, machine, events }) => `${event} ${events} ${machine ? 'machine' : 'person'}`)
				.sort(),
		).toEqual(['clicked 1 person', 'opened 1 person', 'unsubscribed 1 person']);

		const second = await campaign('letters-2', names, {});
		expect(second.reached).toEqual([['dora', 'emil'], [], [], ['cleo']]);
		const otherList = await campaign('others-1', names, { options: { mailingList: 'others' } });
		expect(otherList.reached).toEqual([names, [], [], []]);
	}, 120_000);

	it('counts for nobody where nobody shall be known, and {{unsubscribeUrl}} still works', async () => {
		await campaign('letters-3', ['dora', 'emil'], {
			html: `<a href="${TARGET}">Spring</a> <a href="{{unsubscribeUrl}}">out</a>`,
			tracking: { clicks: true, anonymous: true, unsubscribe: 'line' },
		});
		const hrefs = await Promise.all(
			server.accepted.slice(-2).map(async (raw) => {
				const { html } = await readByMailparser(Buffer.from(raw));
				return [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href);
			}),
		);
		const [[click = '', out] = [], [sameClick, otherOut, ...more] = []] = hrefs;
		expect(click).toBe(sameClick);
		expect(out).not.toBe(otherOut);
		expect(more).toEqual([]);
		expect((await press(click)).headers.get('location')).toBe(TARGET);
	}, 60_000);

	it('warns of an address that readers elsewhere cannot reach, when it is published and when it is used', async () => {
		expect(n8n.server.log()).toContain('is no public https address');
		const { hints } = await campaign('letters-5', ['dora'], { tracking: { opens: true } });
		expect(hints).toContain('open on this computer only');
		// No way out at all, by contrast to the campaigns above.
		expect(hints).toContain('There is no unsubscribe in this campaign');
	}, 60_000);

	it('counts what is done with a test mail for nobody, and its unsubscribe link takes nobody off', async () => {
		const trial = {
			operation: 'testSend',
			testEmail: 'editor@letters.test',
			tracking: { clicks: true, unsubscribe: 'line' },
		};
		const { error } = await campaign('letters-6', ['dora'], trial);
		expect(error).toBeUndefined();
		const { html } = await readByMailparser(Buffer.from(server.accepted.at(-1) ?? ''));
		const [click = '', out = ''] = [...html.matchAll(/href="([^"]+)"/g)].map(([, href]) =>
			String(href).replaceAll('&#x3D;', '='),
		);
		expect((await press(click)).headers.get('location')).toBe(TARGET);
		const leaving = { method: 'POST', headers: FORM, body: 'List-Unsubscribe=One-Click' };
		expect((await press(out, leaving)).status).toBe(404);
		const kept = await store.suppressions.check(['dora@letters.test'], { list: 'letters' });
		expect(kept.size).toBe(0);

		const dry = await campaign('letters-6', ['dora'], { ...trial, operation: 'dryRun' });
		expect(dry.error).toBeUndefined();
		expect(await store.tracking.links('letters-6')).toEqual([]);
	}, 60_000);

	it('answers the links of single mails by SMTP Send, each counted for itself', async () => {
		const { api } = n8n.server;
		const tracking = {
			clicks: true,
			unsubscribe: 'header',
			campaignId: 'single',
			list: 'offers',
		};
		const { id: made } = await api.createWorkflow(
			chain('Single', [
				PRESS,
				...itemsOf([{ email: 'fay@letters.test' }, { email: 'gus@letters.test' }]),
				{
					name: 'Mail',
					type: 'n8n-nodes-smtp-suite.smtpSend',
					parameters: {
						fromEmail: 'shop@example.test',
						toEmail: '={{ $json.email }}',
						emailFormat: 'template',
						subjectTemplate: 'Offer',
						htmlTemplate: `<a href="${TARGET}">Look</a> <a href="{{unsubscribeUrl}}">out</a> <a href="{{link unsubscribeUrl}}">leave</a>`,
						textTemplate: 'out: {{unsubscribeUrl}}, as a parameter: {{urlEncode unsubscribeUrl}}',
						options: {
							customHeaders: { header: [{ name: 'X-Leave', value: '{{unsubscribeUrl}}' }] },
						},
						tracking,
					},
					credentials: { smtpAccount: { id: account, name: 'Server' } },
				},
			]),
		);
		const execution = await api.finished(await api.execute(made, 'Press'));
		expect(execution.error).toBeUndefined();
		const raw = server.accepted.find((mail) => mail.includes('To: fay@letters.test')) ?? '';
		const { html, text } = await readByMailparser(Buffer.from(raw));
		const [, click = '', out = ''] = /href="([^"]+)">Look<.*href="([^"]+)">out</.exec(html) ?? [];
		// One click is for https only; the page is there all the same.
		expect(raw).toContain(`\r\nList-Unsubscribe: <${out}>\r\n`);
		expect(raw.replaceAll('\r\n ', ' ')).toContain(`\r\nX-Leave: ${out}\r\n`);
		expect(text.trim()).toBe(`out: ${out}, as a parameter: ${encodeURIComponent(out)}`);
		expect(html).toContain(`<a href="${out}">leave</a>`);
		expect((await press(click)).headers.get('location')).toBe(TARGET);
		const leaving = { method: 'POST', headers: FORM, body: 'List-Unsubscribe=One-Click' };
		expect((await press(out, leaving)).status).toBe(200);
		const people = ['fay@letters.test', 'gus@letters.test'];
		const left = await store.suppressions.check(people, { list: 'offers' });
		expect([...left.keys()]).toEqual(['fay@letters.test']);
	}, 60_000);

	it('is no longer where new mails point to once the workflow is not active', async () => {
		await n8n.server.api.deactivate(workflow);
		await eventually(
			async () => ((await store.tracking.currentSite()) === undefined ? true : undefined),
			'the address to be taken back',
		);
		await eventually(
			async () => ((await press(linkOf('open', 'ada'))).status === 404 ? true : undefined),
			'n8n to answer at the address itself',
		);

		const sent = server.accepted.length;
		const { error } = await campaign('letters-4', ['dora'], { tracking: { opens: true } });
		expect(JSON.stringify(error)).toContain('No Email Tracking Trigger is active');
		expect(server.accepted).toHaveLength(sent);
	}, 40_000);
});
