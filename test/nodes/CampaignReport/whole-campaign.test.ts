import type { IDataObject } from 'n8n-workflow';
import { simpleParser } from 'mailparser';

import { compileMessage } from '../../../mail/message/compile';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { TrackingDesk } from '../../../mail/tracking/desk';
import { makeLinks } from '../../../mail/tracking/links';
import { compare } from '../../../nodes/CampaignReport/operations/compare.operation';
import { links } from '../../../nodes/CampaignReport/operations/links.operation';
import type { Operation } from '../../../nodes/CampaignReport/operations/operation';
import { recipients } from '../../../nodes/CampaignReport/operations/recipients.operation';
import { summary } from '../../../nodes/CampaignReport/operations/summary.operation';
import { timeline } from '../../../nodes/CampaignReport/operations/timeline.operation';
import { campaignRun, outcomes, tally } from '../../mail/campaign/campaign';
import { scriptedPool } from '../../support/scripted-pool';
import type { ScriptedPool } from '../../support/scripted-pool';
import { executeContext } from '../execute-context';

const SITE = 'https://n8n.example/webhook/m';
const PHONE =
	'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
const APPLE_PROXY = 'Mozilla/5.0';
const HTML =
	'<body>Dear {{name}}, <a href="https://shop.test/one">1</a> <a href="https://shop.test/two">2</a> <a href="{{unsubscribeUrl}}">out</a></body>';
const LIST = 'news';

let now = Date.now();
let store: MailStore;
let desk: TrackingDesk;
let pool: ScriptedPool;

const addressOf = (name: string) => `${name}@example.test`;

/** Mails these people, with links as a campaign makes them; then an hour goes by. */
async function send(id: string, names: readonly string[]) {
	const key = await store.signingKeys.current();
	const wishes = { opens: true, clicks: true, anonymous: false, unsubscribe: { list: LIST } };
	const parts = { html: HTML };
	const made = await makeLinks(store, { campaignId: id, site: SITE, key, wishes, parts });
	const from = { name: '', address: 'news@example.test' };
	const compiled = compileMessage(
		{ from, subject: 'Hello', ...parts },
		{ missing: 'error', links: made },
	);
	if (!compiled.ok) throw new Error(compiled.problems[0]?.message);
	const people = names.map((name, index) => ({
		index,
		address: addressOf(name),
		data: { name },
	}));
	const all = await outcomes(
		campaignRun({
			...{
				store,
				pool,
				campaign: { id, define: { name: id, account: 'a', definition: '{}' } },
				list: LIST,
				signingKey: key,
			},
			...{ recipients: people, message: compiled.message },
		}),
	);
	now += 3_600_000;
	return tally(all);
}

interface Letter {
	pixel: string;
	one: string;
	two: string;
	leave: string;
}

/** What stands in the mail that this reader got last, by a parser that is not ours. */
async function letterOf(name: string): Promise<Letter> {
	const { html } = await simpleParser(pool.mails.get(addressOf(name)) ?? '');
	const source = String(html).replaceAll('&#x3D;', '=');
	const urls = [...source.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, url = '']) => url);
	const [one = '', two = '', leave = '', pixel = ''] = urls;
	return { pixel, one, two, leave };
}

interface Visit {
	method?: string;
	userAgent?: string;
	action?: 'unsubscribe' | 'resubscribe';
}

async function press(url: string, { method = 'GET', userAgent = PHONE, action }: Visit = {}) {
	const { reply } = await desk.answer(
		{
			...{ method: action ? 'POST' : method, userAgent, languages: 'en', ip: '192.0.2.1' },
			...{ token: new URL(url).searchParams.get('t'), isPrefetch: false },
			body: action && { action },
		},
		{ look: {}, keepVisitor: false },
	);
	return reply;
}

async function report(operation: Operation, parameters: IDataObject): Promise<IDataObject[]> {
	const context = Object.assign(executeContext([{}], parameters), { getTimezone: () => 'UTC' });
	return (await operation.execute(context, store)).map(({ json }) => json);
}

beforeAll(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'test', clock: () => now });
	desk = new TrackingDesk(store, () => now);
	pool = scriptedPool((address) =>
		address === addressOf('jon') ? { reply: '550 5.1.1 No such user' } : 'accept',
	);
});
afterAll(() => store.close());

it('a report while a campaign runs, and one after all that its readers can do, say exactly what was done', async () => {
	await send('summer', ['ada', 'bob']);
	await press((await letterOf('ada')).pixel);
	await desk.flush();

	const first = ['ada', 'bob', 'cleo', 'dora', 'emil', 'fay', 'gus'];
	expect(await send('autumn', first)).toEqual({ sent: 7 });
	await store.ledger.enqueue(
		'autumn',
		['hal', 'ida', 'jon'].map((name) => ({
			...{ key: addressOf(name), address: addressOf(name), reference: name, payload: '{}' },
		})),
	);
	expect(await report(summary, { campaignId: 'autumn' })).toMatchObject([
		{ state: 'running', recipients: 10, sent: 7, delivered: 7, waiting: 3, openedAtLeast: 0 },
	]);

	const ada = await letterOf('ada');
	for (let time = 0; time < 2; time += 1) await press(ada.pixel, { userAgent: APPLE_PROXY });
	const bob = await letterOf('bob');
	await press(bob.pixel, { userAgent: APPLE_PROXY });
	await press(bob.pixel);
	const cleo = await letterOf('cleo');
	await press(cleo.one);
	now += 200;
	expect((await press(cleo.one)).headers.Location).toBe('https://shop.test/one');
	const dora = await letterOf('dora');
	await press(dora.pixel, { method: 'HEAD' });
	await press(dora.one, { method: 'HEAD' });
	const emil = await letterOf('emil');
	for (const action of ['unsubscribe', 'resubscribe', 'unsubscribe'] as const)
		expect((await press(emil.leave, { action })).status).toBe(200);
	// Pressed once more, and opened by a scanner: nothing new.
	await press(emil.leave, { action: 'unsubscribe' });
	await press(emil.leave, { userAgent: 'curl/8.5.0' });
	const gus = await letterOf('gus');
	await press(gus.pixel);
	await press(gus.one);
	now += 5_000;
	await press(gus.two);
	await desk.flush();
	const feedback = (name: string, event: 'hardBounce' | 'complained') =>
		store.ledger.recordFeedback('autumn', addressOf(name), { event, reason: 'x', at: now });
	await feedback('fay', 'hardBounce');
	await feedback('gus', 'complained');

	// Somebody who still waits leaves by an older mail.
	await store.suppressions.add([
		{ key: addressOf('hal'), address: addressOf('hal'), reason: 'unsubscribed', list: LIST },
	]);
	expect(await send('autumn', ['hal', 'ida', 'jon'])).toEqual({
		...{ suppressed: 1, sent: 1, failed: 1 },
	});

	const [told] = await report(summary, { campaignId: 'autumn' });
	expect(told).toMatchObject({
		...{
			state: 'finished',
			recipients: 10,
			sent: 8,
			waiting: 0,
			suppressed: 1,
			deferred: 0,
			failed: 1,
		},
		...{ delivered: 7, hardBounced: 1, complained: 1 },
		...{ openedAtLeast: 2, opens: 2, clickedAtLeast: 2, clicks: 4 },
		...{ unsubscribed: 1, resubscribed: 1 },
		machines: { openedOnlyByMachines: 2, clickedOnlyByMachines: 1, opens: 4, clicks: 1 },
		rates: {
			...{ delivery: 87.5, bounce: 12.5, failure: 11.11, complaint: 14.29 },
			...{ openAtLeast: 28.57, clickAtLeast: 28.57, clickToOpen: 100, unsubscribe: 14.29 },
		},
	});
	expect(await report(links, { campaignId: 'autumn' })).toMatchObject([
		{
			...{ link: 'https://shop.test/one', clickedAtLeast: 2, share: 100, clicks: 3 },
			...{ clickedOnlyByMachines: 1, clicksByMachines: 1 },
		},
		{
			...{ link: 'https://shop.test/two', clickedAtLeast: 1, share: 50, clicks: 1 },
			...{ clickedOnlyByMachines: 0, clicksByMachines: 0 },
		},
	]);

	const inState = async (state: string) =>
		(await report(recipients, { campaignId: 'autumn', state, returnAll: true }))
			.map(({ email }) => (email as string).replace('@example.test', ''))
			.sort();
	expect(await inState('opened')).toEqual(['bob', 'gus']);
	expect(await inState('clicked')).toEqual(['cleo', 'gus']);
	expect(await inState('unsubscribed')).toEqual(['emil']);
	expect(await inState('failed')).toEqual(['jon']);

	const days = await report(timeline, { campaignId: 'autumn', by: 'day' });
	const total = (field: string) => days.reduce((sum, day) => sum + Number(day[field]), 0);
	expect(
		['sent', 'failed', 'opened', 'clicked', 'unsubscribed', 'opens', 'clicks'].map(total),
	).toEqual([8, 1, 2, 2, 1, 2, 4]);

	expect(await report(compare, { campaignIds: 'autumn, summer' })).toMatchObject([
		{ campaignId: 'autumn', sent: 8, openedAtLeast: 2, rates: { openAtLeast: 28.57 } },
		{ campaignId: 'summer', sent: 2, openedAtLeast: 1, unsubscribed: 0, clicks: 0 },
	]);
	// Who came back and left again has left.
	const left = await store.suppressions.check(['emil', 'hal', 'ada'].map(addressOf), {
		list: LIST,
	});
	expect([...left.keys()].sort()).toEqual(['emil', 'hal'].map(addressOf));
});
