import fc from 'fast-check';
import { DomUtils, parseDocument } from 'htmlparser2';

import { makeReference } from '../../../mail/message/identity';
import { openStore } from '../../../mail/store/open';
import type { MailStore, SigningKey } from '../../../mail/store/store';
import { MAX_EVENTS } from '../../../mail/store/tracking-store';
import { TrackingDesk } from '../../../mail/tracking/desk';
import type { DeskOptions, TrackingRequest } from '../../../mail/tracking/desk';
import { makeToken } from '../../../mail/tracking/token';
import type { TrackingToken } from '../../../mail/tracking/token';

const CAMPAIGN = 'spring <b>news</b>';
const TARGET = 'https://shop.example/spring?a=1';
const PHONE =
	'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148';
const START = 1_790_000_000_000;
const PLAIN: DeskOptions = { look: {}, keepVisitor: false };

let store: MailStore;
let desk: TrackingDesk;
let key: SigningKey;
let now = START;

beforeEach(async () => {
	now = START;
	store = await openStore({ path: ':memory:', masterKey: 'key', clock: () => now });
	key = await store.signingKeys.current();
	desk = new TrackingDesk(store, () => now);
	await store.tracking.numberLinks(CAMPAIGN, [TARGET, 'https://shop.example/two']);
});
afterEach(async () => {
	await desk.flush();
	await store.close();
});

const referenceOf = (name: string) =>
	makeReference({ campaignId: CAMPAIGN, key: `${name}@example.com` }, key);

/** Mails these, and lets a minute pass. */
async function mailed(...names: string[]): Promise<void> {
	await store.ledger.enqueue(
		CAMPAIGN,
		names.map((name) => ({
			key: `${name}@example.com`,
			address: `${name}@example.com`,
			reference: referenceOf(name),
			payload: '{}',
		})),
	);
	const claims = await store.ledger.claim(CAMPAIGN, { owner: 'o', limit: 99, leaseMs: 1_000 });
	await store.ledger.dispatch(claims);
	await store.ledger.settle(
		claims.map((claim) => ({ claim, messageId: '<m>', state: 'sent', reply: '250' })),
	);
	now += 60_000;
}

function tokenFor(kind: TrackingToken['kind'], name = 'ada', more: Partial<TrackingToken> = {}) {
	return makeToken({ kind, reference: referenceOf(name), link: 0, ...more }, key);
}

function ask(request: Partial<TrackingRequest>, options = PLAIN) {
	return desk.answer(
		{
			method: 'GET',
			token: '',
			body: undefined,
			userAgent: PHONE,
			languages: 'en',
			isPrefetch: false,
			ip: '192.0.2.1',
			...request,
		},
		options,
	);
}

const counted = async (event: string, link = 0) =>
	(await store.tracking.counts(CAMPAIGN))
		.filter((row) => row.event === event && row.link === link)
		.map(({ machine, events, recipients }) => ({ machine, events, recipients }));

describe('a request for the pixel', () => {
	it('gets a picture, and counts as an open of this recipient', async () => {
		await mailed('ada', 'bob');
		const { reply, event } = await ask({ token: tokenFor('open') });
		expect(reply).toMatchObject({ status: 200, headers: { 'Content-Type': 'image/gif' } });
		await desk.flush();
		expect(await event?.told).toMatchObject({
			event: 'opened',
			recipient: 'ada@example.com',
			campaignId: CAMPAIGN,
			first: true,
		});
		void ask({ token: tokenFor('open') });
		await ask({ token: tokenFor('open', 'bob') });
		await desk.flush();
		expect(await counted('opened')).toEqual([{ machine: false, events: 3, recipients: 2 }]);
	});

	it.each([
		['HEAD', { method: 'HEAD' }, 'headRequest'],
		['Apple', { userAgent: 'Mozilla/5.0' }, 'prefetch'],
		[
			'Gmail',
			{
				userAgent:
					'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0',
			},
			'prefetch',
		],
		['a prefetch that says so', { isPrefetch: true }, 'prefetch'],
		['a program', { userAgent: 'curl/8.5.0' }, 'userAgent'],
		['nobody who says who', { userAgent: '' }, 'userAgent'],
	])('by %s counts as a machine’s', async (_, request, machine) => {
		await mailed('ada');
		const { event } = await ask({ token: tokenFor('open'), ...request });
		await desk.flush();
		expect(await event?.told).toMatchObject({ machine });
		expect(await counted('opened')).toEqual([{ machine: true, events: 1, recipients: 1 }]);
	});

	it('among many at once, the first that a process sees, is known as ours like the rest', async () => {
		await mailed('ada');
		const all = await Promise.all(
			Array.from({ length: 20 }, () => ask({ token: tokenFor('open') })),
		);
		expect(all.map(({ reply }) => reply.status)).toEqual(Array(20).fill(200));
	});

	it('is not called none of ours because the store could not be asked a moment ago', async () => {
		await mailed('ada');
		const { all } = store.signingKeys;
		const away = jest.spyOn(store.signingKeys, 'all').mockRejectedValue(new Error('away'));
		await expect(ask({ token: tokenFor('open') })).rejects.toThrow('away');
		await expect(ask({ token: tokenFor('open') })).rejects.toThrow('away');
		away.mockImplementation(all.bind(store.signingKeys));
		expect((await ask({ token: tokenFor('open') })).reply.status).toBe(200);
	});

	it('through Gmail’s picture proxy counts as a person’s: it asks when the mail is opened', async () => {
		await mailed('ada');
		const userAgent =
			'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)';
		const { event } = await ask({ token: tokenFor('open'), userAgent });
		await desk.flush();
		expect((await event?.told)?.machine).toBeUndefined();
	});

	it('sooner after sending than anybody reads counts as a machine’s', async () => {
		await mailed('ada');
		now -= 59_000;
		const { event } = await ask({ token: tokenFor('open') });
		await desk.flush();
		expect(await event?.told).toMatchObject({ machine: 'tooSoon' });
	});
});

describe('a click', () => {
	const click = (link: number, name?: string) => ask({ token: tokenFor('click', name, { link }) });

	it('is led where the sender pointed', async () => {
		await mailed('ada');
		const { reply, event } = await click(1);
		expect(reply).toMatchObject({ status: 302, headers: { Location: TARGET } });
		await desk.flush();
		expect(await event?.told).toMatchObject({
			event: 'clicked',
			link: { number: 1, target: TARGET },
		});
		const own = 'https://shop.example/?me=1';
		const answer = await ask({ token: tokenFor('click', 'ada', { link: 2, target: own }) });
		expect(answer.reply.headers.Location).toBe(own);
	});

	it('on one link after the other in no time is a scanner’s, the first and the open before it too', async () => {
		await mailed('ada', 'bob');
		const answers = [await ask({ token: tokenFor('open') }), await click(1)];
		now += 300;
		answers.push(await click(2), await click(1, 'bob'));
		await desk.flush();
		const machines = await Promise.all(
			answers.map(async ({ event }) => (await event?.told)?.machine),
		);
		expect(machines).toEqual(['burst', 'burst', 'burst', undefined]);
	});

	it('on the same link again, or on another after a while, is a person’s', async () => {
		await mailed('ada');
		const answers = [await click(1), await click(1)];
		now += 1_500;
		answers.push(await click(2));
		await desk.flush();
		for (const { event } of answers) expect((await event?.told)?.machine).toBeUndefined();
	});

	it.each(['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'mailto:x@example.com'])(
		'is led nowhere else, even where a target would be signed: %s',
		async (target) => {
			await mailed('ada');
			const { reply } = await ask({ token: tokenFor('click', 'ada', { link: 1, target }) });
			expect(reply.status).toBe(404);
			expect(reply.headers).not.toHaveProperty('Location');
		},
	);

	it('can bring no line of its own into the answer’s head', async () => {
		await mailed('ada');
		const target = 'https://shop.example/\r\nSet-Cookie: a=1';
		const { reply } = await ask({ token: tokenFor('click', 'ada', { link: 1, target }) });
		expect(reply.headers.Location).not.toMatch(/[\r\n]/);
	});
});

describe('unsubscribing', () => {
	const unsubscribe = (body: unknown, name?: string, method = 'POST') =>
		ask({ method, token: tokenFor('unsubscribe', name), body });
	const isSuppressed = async (name: string, list = '') =>
		(await store.suppressions.check([`${name}@example.com`], { list })).has(`${name}@example.com`);

	it('by a mail program takes one POST, and no question', async () => {
		await mailed('ada', 'bob');
		const { reply, event } = await unsubscribe({ 'List-Unsubscribe': 'One-Click' });
		expect(reply.status).toBe(200);
		expect(await event?.told).toMatchObject({
			event: 'unsubscribed',
			recipient: 'ada@example.com',
		});
		expect([await isSuppressed('ada'), await isSuppressed('bob')]).toEqual([true, false]);
		// As multipart/form-data, which RFC 8058 allows too; n8n puts its fields there.
		await unsubscribe({ data: { 'List-Unsubscribe': 'One-Click' }, files: {} }, 'bob');
		expect(await isSuppressed('bob')).toBe(true);
		expect(await counted('unsubscribed')).toEqual([{ machine: false, events: 2, recipients: 2 }]);
	});

	it('is recorded once, however often it is asked for', async () => {
		await mailed('ada');
		await unsubscribe({ action: 'unsubscribe' });
		const { reply, event } = await unsubscribe({ 'List-Unsubscribe': 'One-Click' });
		expect([reply.status, event]).toEqual([200, undefined]);
		expect(await counted('unsubscribed')).toEqual([{ machine: false, events: 1, recipients: 1 }]);
	});

	it.each(['GET', 'HEAD'])('does not happen by %s, whoever follows the link', async (method) => {
		await mailed('ada');
		const { reply } = await unsubscribe({ 'List-Unsubscribe': 'One-Click' }, 'ada', method);
		expect(reply.body).toContain('<form method="post">');
		expect(await isSuppressed('ada')).toBe(false);
		expect(await counted('unsubscribed')).toEqual([]);
	});

	it.each([undefined, null, {}, 'text', { action: 'toString' }, { 'List-Unsubscribe': 'no' }, []])(
		'does not happen by a POST that does not ask for it: %j',
		async (body) => {
			await mailed('ada');
			expect((await unsubscribe(body)).reply.status).toBe(400);
			expect(await isSuppressed('ada')).toBe(false);
		},
	);

	it('is from the list of the campaign, where it has one', async () => {
		await mailed('ada');
		await store.tracking.setCampaign(CAMPAIGN, { list: 'News' });
		const { reply, event } = await unsubscribe({ action: 'unsubscribe' });
		expect(reply.body).toContain('“News”');
		expect(await event?.told).toMatchObject({ list: 'News' });
		expect([await isSuppressed('ada', 'News'), await isSuppressed('ada', 'Other')]).toEqual([
			true,
			false,
		]);
	});

	it('can be taken back', async () => {
		await mailed('ada');
		await unsubscribe({ action: 'unsubscribe' });
		const { event } = await unsubscribe({ action: 'resubscribe' });
		expect(await event?.told).toMatchObject({
			event: 'resubscribed',
			recipient: 'ada@example.com',
		});
		expect(await isSuppressed('ada')).toBe(false);
		expect((await unsubscribe({ action: 'resubscribe' })).event?.told).toBeUndefined();
	});

	it.each(['hardBounce', 'complained', 'manual'] as const)(
		'takes nothing back that was a %s',
		async (reason) => {
			await mailed('ada');
			await store.suppressions.add([
				{ key: 'ada@example.com', address: 'ada@example.com', reason },
			]);
			const { reply, event } = await unsubscribe({ action: 'resubscribe' });
			expect(reply.body).toContain('cannot be done here');
			expect(event).toBeUndefined();
			expect(await isSuppressed('ada')).toBe(true);
		},
	);
});

describe('a stranger', () => {
	const nothingWasRecorded = async () => {
		await desk.flush();
		expect(await store.tracking.counts(CAMPAIGN)).toEqual([]);
		expect(await store.suppressions.count()).toBe(0);
	};

	it('gets one and the same page for whatever is not ours, and leaves no trace', async () => {
		await mailed('ada');
		const pages = new Set<string>();
		const forged = fc.oneof(
			fc.string(),
			fc.constantFrom<unknown>(undefined, null, 1, [], {}, ['x'], { $ne: null }),
			fc
				.tuple(
					fc.constantFrom('open', 'click', 'unsubscribe'),
					fc.nat(43),
					fc.constantFrom('a', '7'),
				)
				.map(([kind, at, letter]) => {
					const token = tokenFor(kind, 'ada', { link: 1 });
					const changed = token.slice(0, at) + letter + token.slice(at + 1);
					return changed === token ? 'same' : changed;
				}),
			fc
				.webUrl()
				.map(
					(url) =>
						`${tokenFor('click', 'ada', { link: 1 })}.${Buffer.from(url).toString('base64url')}`,
				),
		);
		const body = fc.constantFrom({ 'List-Unsubscribe': 'One-Click' }, { action: 'unsubscribe' });
		await fc.assert(
			fc.asyncProperty(
				forged,
				fc.constantFrom('GET', 'HEAD', 'POST'),
				body,
				async (token, method, asked) => {
					const { reply, event } = await ask({ token, method, body: asked });
					pages.add(JSON.stringify(reply));
					expect(reply.status).toBe(404);
					expect(event).toBeUndefined();
				},
			),
			{ numRuns: 200 },
		);
		expect(pages.size).toBe(1);
		await nothingWasRecorded();
	}, 30_000);

	it('cannot fill the store with one link that they have', async () => {
		await mailed('ada');
		for (let visit = 0; visit < 5; visit += 1) {
			for (let hit = 0; hit < 1_000; hit += 1) await ask({ token: tokenFor('open') });
			await desk.flush();
		}
		expect(await counted('opened')).toEqual([
			{ machine: false, events: MAX_EVENTS, recipients: 1 },
		]);
		expect(await store.tracking.events(CAMPAIGN, { limit: 9_999 })).toHaveLength(MAX_EVENTS);
	});

	it('with a reference of a store that is gone gets the page too', async () => {
		for (const kind of ['click', 'unsubscribe'] as const) {
			const token = tokenFor(kind, 'nobody', { link: 1 });
			expect((await ask({ token })).reply.status).toBe(404);
		}
		expect(await (await ask({ token: tokenFor('open', 'nobody') })).event?.told).toBeUndefined();
		await nothingWasRecorded();
	});

	it('writes no line into what is kept of them', async () => {
		await mailed('ada');
		const userAgent = `Phone\r\n\u001b[31mEvil\u2028${'x'.repeat(9_999)}`;
		const { event } = await ask(
			{ token: tokenFor('open'), userAgent, ip: '192.0.2.1\n' },
			{ ...PLAIN, keepVisitor: true },
		);
		await desk.flush();
		await event?.told;
		const [kept] = await store.tracking.events(CAMPAIGN, { limit: 1 });
		expect(kept).toMatchObject({ ip: '192.0.2.1' });
		expect(kept?.userAgent).toMatch(/^Phone \[31mEvil x+$/);
		expect(kept?.userAgent?.length).toBeLessThanOrEqual(300);
	});
});

describe('privacy', () => {
	it('keeps neither IP address nor user agent unless the user asks for it', async () => {
		await mailed('ada');
		await ask({ token: tokenFor('open') });
		await desk.flush();
		const [kept] = await store.tracking.events(CAMPAIGN, { limit: 1 });
		expect(kept).toMatchObject({ ip: undefined, userAgent: undefined });
	});

	it('knows nobody where nobody is to be known, and counts all the same', async () => {
		const reference = makeReference({ campaignId: CAMPAIGN, key: '' }, key);
		await store.tracking.addMails([{ reference, campaignId: CAMPAIGN }]);
		const token = makeToken({ kind: 'open', reference, link: 0 }, key);
		const answers = [];
		for (let open = 0; open < 300; open += 1)
			answers.push(await ask({ token }, { ...PLAIN, keepVisitor: true }));
		await desk.flush();
		const told = await answers[0]?.event?.told;
		expect(told).toMatchObject({ event: 'opened', first: false });
		for (const field of ['recipient', 'ip', 'userAgent'])
			expect(told?.[field as 'ip']).toBeUndefined();
		expect(await counted('opened')).toEqual([{ machine: false, events: 300, recipients: 0 }]);
		expect(await store.tracking.events(CAMPAIGN, { limit: 9 })).toEqual([]);
	});
});

describe('the pages', () => {
	const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(1)>'&{what}$&`;
	const page = async (options: DeskOptions, request: Partial<TrackingRequest> = {}) =>
		String((await ask({ token: tokenFor('unsubscribe'), ...request }, options)).reply.body);

	it('hold whatever is said in them as text', async () => {
		await mailed('ada');
		await store.tracking.setCampaign(CAMPAIGN, { list: HOSTILE });
		const look = {
			senderName: HOSTILE,
			logoUrl: HOSTILE,
			color: HOSTILE,
			language: HOSTILE,
			words: { confirm: { title: HOSTILE, text: HOSTILE } },
		};
		const html = await page({ look, keepVisitor: false });
		const tags = DomUtils.findAll(() => true, parseDocument(html).children);
		expect(tags.map(({ name }) => name)).toEqual(
			expect.not.arrayContaining(['script', 'iframe', 'object']),
		);
		expect(tags.filter(({ name }) => name === 'img')).toHaveLength(1);
		for (const { attribs } of tags)
			for (const name of Object.keys(attribs)) expect(name).not.toMatch(/^on/);
		expect(DomUtils.textContent(parseDocument(html))).toContain('<script>alert(1)</script>');
	});

	it.each([
		['de-AT,de;q=0.9,en;q=0.1', 'Abmelden'],
		['xx,ja;q=0.4,pl;q=0.7', 'Rezygnuję'],
		['ja', '配信を停止する'],
		['fr;q=0,en-GB', 'Unsubscribe'],
		['', 'Unsubscribe'],
		['__proto__,constructor', 'Unsubscribe'],
		[','.repeat(100_000), 'Unsubscribe'],
	])('speak the reader’s language: %s', async (languages, word) => {
		await mailed('ada');
		expect(await page(PLAIN, { languages })).toContain(word);
	});

	it('show the address in part, and forbid scripts, frames and being kept', async () => {
		await mailed('ada');
		const { reply } = await ask({ token: tokenFor('unsubscribe') });
		expect(reply.body).toContain('<strong>a…@example.com</strong>');
		expect(reply.body).not.toContain('ada@');
		expect(reply.headers).toMatchObject({
			'Content-Security-Policy': expect.stringContaining("default-src 'none'") as string,
			'Cache-Control': 'no-store',
			'Referrer-Policy': 'no-referrer',
		});
	});
});

describe('hits that wait', () => {
	it('are written by themselves after a few seconds', async () => {
		await mailed('ada');
		jest.useFakeTimers({
			doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'],
		});
		try {
			const { event } = await ask({ token: tokenFor('open') });
			await jest.advanceTimersByTimeAsync(1_000);
			expect(await counted('opened')).toEqual([]);
			now += 4_000;
			await jest.advanceTimersByTimeAsync(1_000);
			expect(await event?.told).toMatchObject({ first: true });
		} finally {
			jest.useRealTimers();
		}
	});
});
