import { takeInReport } from '../../../mail/campaign/feedback';
import type { FeedbackOptions } from '../../../mail/campaign/feedback';
import { makeReference } from '../../../mail/message/identity';
import type { MailReport, ReportedRecipient } from '../../../mail/model/report';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';

const DAY = 86_400_000;
let now: number;
let store: MailStore;
let reference: string;

beforeEach(async () => {
	now = Date.parse('2026-05-01T12:00:00Z');
	store = await openStore({ path: ':memory:', masterKey: 'test', clock: () => now });
	reference = await mailed('news');
});

/** Ada is mailed in a campaign. @returns what a report of that mail carries */
async function mailed(campaignId: string): Promise<string> {
	const key = 'ada@example.test';
	const made = makeReference({ campaignId, key }, await store.signingKeys.current());
	await store.ledger.enqueue(campaignId, [
		{ key, address: 'Ada@example.test', reference: made, payload: '{}' },
	]);
	return made;
}
afterEach(() => store.close());

const recipient: ReportedRecipient = {
	address: 'ada@example.test',
	action: 'failed',
	status: '5.1.1',
	severity: 'hard',
	reason: 'userunknown',
	blame: 'recipient',
	advice: 'remove',
	diagnostic: 'User unknown',
};
const report = (more: Partial<MailReport> = {}): MailReport => ({
	kind: 'bounce',
	recipients: [recipient],
	original: {},
	deliveredTo: [],
	referenceSources: [`bounces+${reference}@example.test`],
	...more,
});
const told = (given: MailReport, options: Partial<FeedbackOptions> = {}) =>
	takeInReport(given, store, { suppress: true, record: true, clock: () => now, ...options });

it('a hard bounce names campaign and recipient, and suppresses them', async () => {
	expect(await told(report())).toMatchObject([
		{
			event: 'hardBounce',
			recipient: 'Ada@example.test',
			campaignId: 'news',
			verified: true,
			suppressed: true,
		},
	]);
	expect((await store.ledger.get('news', 'ada@example.test'))?.feedback?.event).toBe('hardBounce');
});

it('a forged bounce is told, without a campaign, and suppresses nobody', async () => {
	const forged = `${reference.slice(0, -1)}${reference.endsWith('a') ? 'b' : 'a'}`;
	const [event] = await told(report({ referenceSources: [forged] }));
	expect(event).toMatchObject({ verified: false, suppressed: false });
	expect(event?.campaignId).toBeUndefined();
	expect(await store.suppressions.count()).toBe(0);
});

it('the reference decides whose bounce it is, not the address that the report names', async () => {
	const victim = { ...recipient, address: 'victim@example.test' };
	expect(await told(report({ recipients: [victim] }))).toMatchObject([
		{ recipient: 'Ada@example.test', forwardedTo: 'victim@example.test' },
	]);
	expect([...(await store.suppressions.check(['victim@example.test'])).keys()]).toEqual([]);
});

it('nobody is suppressed for the sender’s fault, nor for a soft bounce', async () => {
	await told(report({ recipients: [{ ...recipient, blame: 'senderPolicy', severity: 'soft' }] }));
	await told(report({ recipients: [{ ...recipient, blame: 'senderPolicy' }] }));
	await told(report({ recipients: [{ ...recipient, severity: 'soft' }] }));
	expect(await store.suppressions.count()).toBe(0);
});

it('a complaint suppresses at once', async () => {
	await told(report({ kind: 'complaint' }));
	expect(
		(await store.suppressions.check(['ada@example.test'])).get('ada@example.test')?.reason,
	).toBe('complained');
});

it('looking on records nothing, and suppressing can be switched off', async () => {
	await told(report(), { suppress: true, record: false });
	await told(report(), { suppress: false, record: true });
	expect(await store.suppressions.count()).toBe(0);
});

describe('soft bounces with a threshold of three in 30 days', () => {
	const softBounces = { limit: 3, withinMs: 30 * DAY, suppressMs: 90 * DAY };
	const full: ReportedRecipient = {
		...recipient,
		status: '4.2.2',
		severity: 'soft',
		reason: 'mailboxfull',
	};
	const bounceOf = async (campaign: string, more: Partial<MailReport> = {}) => {
		const referenceSources = [await mailed(campaign)];
		return await told(report({ recipients: [full], referenceSources, ...more }), { softBounces });
	};
	const entry = async () => (await store.suppressions.find('ada@example.test'))[0];

	it('suppress at the third mail, for 90 days', async () => {
		await bounceOf('one');
		expect(await bounceOf('two')).toMatchObject([{ event: 'softBounce', suppressed: false }]);
		expect(await bounceOf('three')).toMatchObject([{ event: 'softBounce', suppressed: true }]);
		expect(await entry()).toMatchObject({ reason: 'softBounces', expiresAt: now + 90 * DAY });
		now += 90 * DAY;
		expect(await entry()).toBeUndefined();
	});

	it('count a mail once, whatever reports of it come', async () => {
		for (let times = 0; times < 4; times += 1) await bounceOf('one');
		expect(await entry()).toBeUndefined();
	});

	it('do not add up over a longer time', async () => {
		for (const campaign of ['one', 'two', 'three', 'four']) {
			await bounceOf(campaign);
			now += 20 * DAY;
		}
		expect(await entry()).toBeUndefined();
	});

	it('count by the date of the report, not by the day that it is read', async () => {
		for (const campaign of ['one', 'two', 'three'])
			await bounceOf(campaign, { date: '2025-05-01T12:00:00Z' });
		expect(await entry()).toBeUndefined();
	});

	it('a date in the future, or none that can be read, counts as now', async () => {
		await bounceOf('one', { date: '2031-05-01T12:00:00Z' });
		await bounceOf('two', { date: 'yesterday' });
		await bounceOf('three');
		expect(await entry()).toMatchObject({ expiresAt: now + 90 * DAY });
	});

	it('count only where the recipient is to blame, and only for a genuine reference', async () => {
		for (const [index, blame] of (
			['senderPolicy', 'reputation', 'content', 'capacity'] as const
		).entries())
			await bounceOf(`c${index}`, { recipients: [{ ...full, blame }] });
		for (let times = 0; times < 4; times += 1)
			await bounceOf('forged', { referenceSources: ['bounces+aforgedreference@example.test'] });
		await bounceOf('one');
		await bounceOf('two');
		expect(await entry()).toBeUndefined();
	});

	it('leave a stronger reason as it is', async () => {
		await told(report());
		for (const campaign of ['one', 'two', 'three']) await bounceOf(campaign);
		expect(await entry()).toMatchObject({ reason: 'hardBounce', expiresAt: undefined });
	});
});

it('ordinary mail is no event', async () => {
	expect(await told(report({ kind: 'other' }))).toEqual([]);
});
