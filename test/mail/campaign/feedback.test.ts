import { takeInReport } from '../../../mail/campaign/feedback';
import { makeReference } from '../../../mail/message/identity';
import type { MailReport, ReportedRecipient } from '../../../mail/model/report';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';

let store: MailStore;
let reference: string;

beforeEach(async () => {
	store = await openStore({ path: ':memory:', masterKey: 'test' });
	const key = 'ada@example.test';
	reference = makeReference({ campaignId: 'news', key }, await store.signingKeys.current());
	await store.ledger.enqueue('news', [
		{ key, address: 'Ada@example.test', reference, payload: '{}' },
	]);
});
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
const told = (given: MailReport, options = { suppress: true, record: true }) =>
	takeInReport(given, store, options);

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

it('ordinary mail is no event', async () => {
	expect(await told(report({ kind: 'other' }))).toEqual([]);
});
