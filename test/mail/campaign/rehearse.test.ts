import { rehearse } from '../../../mail/campaign/rehearse';
import { sendTrial } from '../../../mail/campaign/trial';
import type { TrialMail } from '../../../mail/campaign/trial';
import { Providers } from '../../../mail/pacing/provider';
import type { MailStore } from '../../../mail/store/store';
import { scriptedPool } from '../../support/scripted-pool';
import {
	campaignRun,
	containing,
	greeting,
	memoryStore,
	outcomes,
	people,
	signingKey,
} from './campaign';

let store: MailStore;

beforeEach(async () => {
	store = await memoryStore();
});

afterEach(() => store.close());

const common = { campaign: { id: 'spring' }, signingKey, from: 'shop@example.com' };

describe('a dry run', () => {
	it('says of everybody what a run would do, and leaves no trace', async () => {
		await store.suppressions.add([
			{ key: 'gone@x.example', address: 'gone@x.example', reason: 'complained' },
		]);
		await outcomes(campaignRun({ store, recipients: people(1) }));
		const before = await store.ledger.counts('spring');
		const recipients = [
			...people(3),
			{ index: 3, address: 'gone@x.example', data: { name: 'A' } },
			{ index: 4, address: 'R1@EXAMPLE.com', data: { name: 'A' } },
			{ index: 5, address: 'no address', data: { name: 'A' } },
			{ index: 6, address: 'b@gmail.com', data: {} },
			{ index: 7, address: 'c@gmail.com', data: { name: 'x'.repeat(1_000) } },
		];
		const report = await rehearse({
			...common,
			store,
			recipients,
			message: greeting(),
			providers: new Providers({ resolveMx: () => Promise.resolve([]) }),
			plan: { limits: [{ count: 1, perMs: 1_000 }], providers: [] },
		});
		expect(report).toMatchObject({
			recipients: 8,
			ready: 3,
			failed: 1,
			skipped: { alreadySent: 1, suppressed: 1, duplicate: 1, invalidAddress: 1 },
			providers: [
				{ provider: 'example.com', mails: 2 },
				{ provider: 'google', mails: 1 },
			],
			sizes: { largestFor: 'c@gmail.com' },
			leastMs: 2_000,
		});
		expect(report.problems.map(({ index }) => index)).toEqual([0, 3, 4, 5, 6]);
		expect(report.reasons).toEqual([
			{ reason: containing('name'), recipients: 1, example: 'b@gmail.com' },
		]);
		expect(await store.ledger.counts('spring')).toEqual(before);
	});
});

describe('the sample of a dry run', () => {
	it('is the first mail that could be made, as it would leave', async () => {
		const recipients = [
			{ index: 0, address: 'no address', data: { name: 'A' } },
			{ index: 1, address: 'b@x.example', data: {} },
			...people(2).map((each) => ({ ...each, index: each.index + 2 })),
		];
		const { sample } = await rehearse({ ...common, store, recipients, message: greeting() });
		expect(sample?.recipient).toBe(people(1)[0]?.address);
		expect(sample?.raw.toString()).toMatch(/^Subject: /m);
		const signed = greeting();
		const other = await rehearse({
			...common,
			...{ store, recipients, message: greeting() },
			signed: {
				...signed,
				render: (...given) => {
					const copy = signed.render(...given);
					return copy.ok
						? { ...copy, giveBack: () => undefined, raw: Buffer.from('signed') }
						: copy;
				},
			},
		});
		expect(other.sample?.raw.toString()).toBe('signed');
		expect(other.sizes).toBeDefined();
	});

	it('is missing where no mail can be made', async () => {
		const recipients = [{ index: 0, address: 'b@x.example', data: {} }];
		const rehearsal = await rehearse({ ...common, store, recipients, message: greeting() });
		expect(rehearsal).not.toHaveProperty('sample');
	});
});

describe('a test send', () => {
	async function trial(more: Partial<Parameters<typeof sendTrial>[0]> = {}): Promise<TrialMail[]> {
		const mails: TrialMail[] = [];
		for await (const mail of sendTrial({
			...common,
			message: greeting(),
			pool: scriptedPool(),
			to: ['me@x.example', 'editor@x.example'],
			samples: people(2),
			...more,
		}))
			mails.push(mail);
		return mails;
	}

	it('goes to those who look at it, with the data of the first recipients, who get nothing', async () => {
		const pool = scriptedPool();
		const mails = await trial({ pool });
		expect(mails.map(({ sample, to, outcome }) => [sample, to, outcome])).toEqual([
			['r0@example.com', 'me@x.example', 'sent'],
			['r0@example.com', 'editor@x.example', 'sent'],
			['r1@example.com', 'me@x.example', 'sent'],
			['r1@example.com', 'editor@x.example', 'sent'],
		]);
		expect(pool.taken).toEqual(mails.map(({ to }) => to));
		expect(pool.mails.get('me@x.example')).toContain('Dear Person 1');
		expect(new Set(mails.map((mail) => mail.messageId)).size).toBe(4);

		const all = await outcomes(campaignRun({ store, recipients: people(2) }));
		expect(all).toMatchObject([{ outcome: 'sent' }, { outcome: 'sent' }]);
	});

	it('tells what the server said against it, and which data does not fit', async () => {
		const reply = '550 5.7.1 Policy';
		expect(
			await trial({
				pool: scriptedPool((address) => (address === 'me@x.example' ? { reply } : 'accept')),
				samples: [people(1)[0]!, { index: 1, address: 'r1@example.com', data: {} }],
			}),
		).toMatchObject([
			{ to: 'me@x.example', outcome: 'failed', reply },
			{ to: 'editor@x.example', outcome: 'sent' },
			{ outcome: 'failed', reason: containing('name') },
			{ outcome: 'failed', reason: containing('name') },
		]);
	});

	it('ends when it is stopped', async () => {
		expect(await trial({ signal: AbortSignal.abort() })).toEqual([]);
	});
});
