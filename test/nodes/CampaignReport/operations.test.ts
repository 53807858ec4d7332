import type { IBinaryKeyData, IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { bounces } from '../../../nodes/CampaignReport/operations/bounces.operation';
import { compare } from '../../../nodes/CampaignReport/operations/compare.operation';
import { links } from '../../../nodes/CampaignReport/operations/links.operation';
import type { Operation } from '../../../nodes/CampaignReport/operations/operation';
import { recipients } from '../../../nodes/CampaignReport/operations/recipients.operation';
import { summary } from '../../../nodes/CampaignReport/operations/summary.operation';
import { timeline } from '../../../nodes/CampaignReport/operations/timeline.operation';
import { executeContext } from '../execute-context';

const NOW = Date.UTC(2026, 10, 25, 9, 30);
let store: MailStore;
beforeEach(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'test', clock: () => NOW });
});
afterEach(() => store.close());

/** Ada opened and clicked, Bob's mail bounced, Cy was refused, Dan waits; Eve was written to alone. */
async function spring() {
	const people = ['ada@gmail.com', 'bob@googlemail.com', 'cy@x.test', 'dan@x.test'];
	await store.ledger.enqueue(
		'spring',
		people.map((key) => ({ key, address: key, reference: `spring-${key}`, payload: '{}' })),
	);
	const claims = await store.ledger.claim('spring', {
		owner: 'one',
		limit: 3,
		leaseMs: 60_000,
	});
	await store.ledger.dispatch(claims);
	await store.ledger.settle(
		claims.map((claim) =>
			claim.key === 'cy@x.test'
				? {
						claim,
						messageId: `<${claim.key}>`,
						state: 'failed',
						reply: '550 5.2.2 Mailbox full',
						reason: 'Refused.',
						blame: 'recipient',
					}
				: { claim, messageId: `<${claim.key}>`, state: 'sent', reply: '250 ok' },
		),
	);
	await store.ledger.recordFeedback('spring', 'bob@googlemail.com', {
		event: 'hardBounce',
		reason: 'userunknown',
		diagnostic: '<script>',
		at: NOW,
	});
	await store.tracking.addMails([
		{
			reference: 'eve',
			campaignId: 'spring',
			recipient: { key: 'eve@x.test', address: 'eve@x.test' },
		},
	]);
	await store.tracking.numberLinks('spring', ['https://shop.test/']);
	const ada = { campaignId: 'spring', reference: 'spring-ada@gmail.com', at: NOW };
	await store.tracking.record([
		{ ...ada, event: 'opened', link: 0 },
		{ ...ada, event: 'opened', link: 0 },
		{ ...ada, event: 'clicked', link: 1 },
		{ ...ada, reference: 'eve', event: 'opened', link: 0, machine: 'prefetch' },
	]);
}

async function run(
	operation: Operation,
	parameters: IDataObject = { campaignId: 'spring' },
	more: { items?: number; continueOnFail?: boolean } = {},
) {
	const items = Array.from({ length: more.items ?? 1 }, () => ({}));
	const context = Object.assign(executeContext(items, parameters, more), {
		getTimezone: () => 'Europe/Paris',
		helpers: {
			prepareBinaryData: (data: Buffer, fileName: string, mimeType: string) =>
				Promise.resolve({ data: data.toString(), fileName, mimeType }),
		},
	}) as unknown as IExecuteFunctions;
	const found = await operation.execute(context, store);
	return { found, json: found.map(({ json }) => json) };
}

const files = (binary: IBinaryKeyData | undefined) =>
	Object.entries(binary ?? {}).map(([field, { mimeType }]) => [field, mimeType]);

describe('Summary', () => {
	beforeEach(spring);

	it('tells the figures in one item, however many items ask', async () => {
		const { found, json } = await run(summary, { campaignId: 'spring' }, { items: 3 });
		expect(json).toEqual([
			{
				campaignId: 'spring',
				name: 'spring',
				state: 'running',
				recipients: 5,
				sent: 3,
				delivered: 2,
				waiting: 1,
				deferred: 0,
				suppressed: 0,
				failed: 1,
				unknown: 0,
				hardBounced: 1,
				softBounced: 0,
				bounced: 1,
				complained: 0,
				delayed: 0,
				autoReplied: 0,
				openedAtLeast: 1,
				clickedAtLeast: 1,
				unsubscribed: 0,
				resubscribed: 0,
				opens: 2,
				clicks: 1,
				machines: { openedOnlyByMachines: 1, clickedOnlyByMachines: 0, opens: 1, clicks: 0 },
				rates: {
					delivery: 66.67,
					bounce: 33.33,
					failure: 25,
					complaint: 0,
					openAtLeast: 50,
					clickAtLeast: 50,
					clickToOpen: 100,
					unsubscribe: 0,
				},
				startedAt: '2026-11-25T09:30:00.000Z',
				asOf: '2026-11-25T09:30:00.000Z',
			},
		]);
		expect(found[0]).toMatchObject({ pairedItem: [{ item: 0 }, { item: 1 }, { item: 2 }] });
		expect(found[0]?.binary).toBeUndefined();
	});

	it('makes the page and the pictures when asked for', async () => {
		const { found } = await run(summary, { campaignId: 'spring', htmlPage: true, charts: true });
		expect(files(found[0]?.binary)).toEqual([
			['page', 'text/html'],
			['deliveryChart', 'image/svg+xml'],
			['timelineChart', 'image/svg+xml'],
			['linksChart', 'image/svg+xml'],
			['bouncesChart', 'image/svg+xml'],
		]);
		expect(found[0]?.json.html).toBe(found[0]?.binary?.page?.data);
		expect(found[0]?.json.html).toContain('shop.test');
	});

	it('is about the newest campaign when none is named', async () => {
		expect((await run(summary, { campaignId: '' })).json).toMatchObject([{ campaignId: 'spring' }]);
	});

	it('says which campaigns there are when it does not know one, and goes on where that is asked', async () => {
		const problem = /No campaign "sprung" is known here\. The newest are "spring"\./;
		await expect(run(summary, { campaignId: 'sprung' })).rejects.toThrow(problem);
		const { json } = await run(summary, { campaignId: 'sprung' }, { continueOnFail: true });
		expect(json).toEqual([{ error: expect.stringMatching(problem) as string }]);
	});
});

it('without any campaign, the sentence says what to do', async () => {
	await expect(run(summary, { campaignId: '' })).rejects.toThrow('There is no campaign yet.');
});

describe('the other operations', () => {
	beforeEach(spring);

	it('Recipients: by state and by what they did, single mails among them', async () => {
		const emails = async (state: string, more = {}) =>
			(await run(recipients, { campaignId: 'spring', state, ...more })).json.map(
				({ email }) => email,
			);
		expect(await emails('all')).toEqual([
			'ada@gmail.com',
			'bob@googlemail.com',
			'cy@x.test',
			'dan@x.test',
			'eve@x.test',
		]);
		expect(await emails('all', { limit: 2 })).toEqual(['ada@gmail.com', 'bob@googlemail.com']);
		expect(await emails('sent')).toEqual(['ada@gmail.com', 'bob@googlemail.com', 'eve@x.test']);
		expect(await emails('opened', { returnAll: true })).toEqual(['ada@gmail.com']);
		expect(await emails('setback')).toEqual(['bob@googlemail.com', 'cy@x.test']);
		expect(await emails('queued')).toEqual(['dan@x.test']);
		const { json } = await run(recipients, { campaignId: 'spring' });
		expect(json[0]).toMatchObject({ opens: 2, clicks: 1, openedAt: '2026-11-25T09:30:00.000Z' });
		expect(json[1]).toMatchObject({ feedback: 'hardBounce', reason: 'userunknown' });
		expect(json[2]).toMatchObject({ state: 'failed', reason: 'mailboxfull' });
		expect(json[4]).toMatchObject({ email: 'eve@x.test', state: 'sent', openedByMachine: true });
		expect(json[4]).not.toHaveProperty('openedAt');
	});

	it('Timeline, Links and Bounces: rows, with the picture on the first', async () => {
		const day = await run(timeline, { campaignId: 'spring', by: 'day', chart: true });
		expect(day.json).toMatchObject([{ at: '2026-11-25', sent: 2, failed: 1, opened: 1, opens: 2 }]);
		expect(files(day.found[0]?.binary)).toEqual([['chart', 'image/svg+xml']]);
		expect((await run(links)).json).toMatchObject([
			{ link: 'https://shop.test/', clickedAtLeast: 1, clicks: 1, share: 100 },
		]);
		const { json } = await run(bounces);
		expect(json).toEqual([
			{
				campaignId: 'spring',
				event: 'failed',
				reason: 'mailboxfull',
				provider: 'x.test',
				recipients: 1,
			},
			{
				campaignId: 'spring',
				event: 'hardBounce',
				reason: 'userunknown',
				provider: 'google',
				recipients: 1,
			},
		]);
	});

	it('Compare: the newest, or those named, in their order', async () => {
		await store.ledger.enqueue('autumn', [
			{ key: 'a@x.test', address: 'a@x.test', reference: 'autumn-a', payload: '{}' },
		]);
		const { found, json } = await run(compare, { htmlPage: true, chart: true });
		expect(json.map(({ campaignId }) => campaignId).sort()).toEqual(['autumn', 'spring']);
		expect(files(found[0]?.binary)).toEqual([
			['page', 'text/html'],
			['chart', 'image/svg+xml'],
		]);
		const named = await run(compare, { campaignIds: 'spring, autumn' });
		expect(named.json.map(({ campaignId }) => campaignId)).toEqual(['spring', 'autumn']);
		await expect(run(compare, { campaignIds: 'winter' })).rejects.toThrow('No campaign "winter"');
	});
});
