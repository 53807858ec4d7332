import type { ReportedEvent } from '../../../mail/campaign/feedback';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import type { Answer, Moment } from '../../support/fault-smtp-server';

/** What becomes of a mail on its way, and what we are to make of the report that comes home. */
export interface Refusal {
	name: string;
	recipient: string;
	/** Where the far server refuses, and in which words; without it, no server is found at all. */
	refused?: { at: Moment; reply: Answer };
	expected: Pick<ReportedEvent, 'event' | 'severity' | 'advice' | 'suppressed'> & {
		/** Which of these the words of a server allow. */
		reasons: readonly string[];
	};
}

/** The domain of the far server. */
export const FAR = 'far.test';
/** Where reports come home to. */
export const HOME = 'home.test';
export const BOUNCES = `bounces@${HOME}`;
/** The campaign that all of them are mails of. */
export const CAMPAIGN = 'refused-6';

const SOFT = { event: 'softBounce', severity: 'soft', suppressed: false } as const;
const HARD = { event: 'hardBounce', severity: 'hard', suppressed: true, advice: 'remove' } as const;

export const REFUSALS: readonly Refusal[] = [
	{
		name: 'unknown-user',
		recipient: `gone@${FAR}`,
		refused: {
			at: 'rcptTo',
			reply: `550 5.1.1 <gone@${FAR}>: Recipient address rejected: User unknown in virtual mailbox table`,
		},
		expected: { ...HARD, reasons: ['userunknown'] },
	},
	{
		name: 'unknown-host',
		recipient: 'ada@no-such-host.test',
		expected: { ...HARD, reasons: ['hostunknown'] },
	},
	{
		name: 'full-mailbox',
		recipient: `full@${FAR}`,
		refused: {
			at: 'rcptTo',
			reply: `552 5.2.2 <full@${FAR}> Quota exceeded (mailbox for user is full)`,
		},
		expected: { ...SOFT, advice: 'retryLater', reasons: ['mailboxfull'] },
	},
	{
		name: 'refused-content',
		recipient: `strict@${FAR}`,
		refused: {
			at: 'dot',
			reply: '550 5.7.1 Message content rejected: classified as spam, see https://far.test/why',
		},
		expected: { ...SOFT, advice: 'review', reasons: ['spamdetected'] },
	},
	{
		name: 'expired',
		recipient: `busy@${FAR}`,
		refused: { at: 'rcptTo', reply: '451 4.3.0 Temporary lookup failure, try again later' },
		expected: {
			...SOFT,
			advice: 'retryLater',
			reasons: ['expired', 'systemerror', 'networkerror', 'onhold'],
		},
	},
	{
		name: 'relay-denied',
		recipient: `elsewhere@${FAR}`,
		refused: { at: 'rcptTo', reply: `554 5.7.1 <elsewhere@${FAR}>: Relay access denied` },
		expected: { ...SOFT, advice: 'fixSender', reasons: ['norelaying'] },
	},
];

/** The far server's answers, for `startFaultServer`. */
export function refuse(moment: Moment, address: string): Answer {
	const refused = REFUSALS.find(({ recipient }) => recipient === address)?.refused;
	return refused?.at === moment ? refused.reply : 'go';
}

/** Signs the references in test/fixtures/bounces/servers, so that these can be checked by anybody. */
const FIXTURE_KEY = { id: 'f', secret: Buffer.alloc(32, 'fixtures ') };

/** A store in memory whose references are always the same ones. */
export async function storeOfFixtures(): Promise<MailStore> {
	const store = await openStore({ path: ':memory:', masterKey: 'test' });
	return {
		...store,
		signingKeys: {
			...store.signingKeys,
			current: () => Promise.resolve(FIXTURE_KEY),
			all: () => Promise.resolve([FIXTURE_KEY]),
		},
	};
}

/** That a report is read as its name says, and does to the recipient what it should. */
export function expectRead({ recipient, expected }: Refusal, events: readonly ReportedEvent[]) {
	const { reasons, ...fields } = expected;
	expect(events).toMatchObject([{ ...fields, recipient, campaignId: CAMPAIGN, verified: true }]);
	expect(reasons).toContain(events[0]?.reason);
}
