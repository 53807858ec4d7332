import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parseBounce } from '../../../mail/bounce/read';
import { takeInMail } from '../../../mail/campaign/incoming';
import { recipientKey } from '../../../mail/model/address';
import { makeReference } from '../../../mail/message/identity';
import type { MailStore } from '../../../mail/store/store';
import { CAMPAIGN, expectRead, REFUSALS, storeOfFixtures } from '../campaign/refusals';

const FOLDER = path.resolve(__dirname, '../../fixtures/bounces/servers');

/**
 * Reports as these servers wrote them about mails of our own campaign
 * (test/mail/campaign/servers.integration.test.ts makes them again).
 */
describe.each(['postfix', 'exim', 'opensmtpd'])('the report of %s', (server) => {
	let store: MailStore;
	beforeEach(async () => {
		store = await storeOfFixtures();
		const signingKey = await store.signingKeys.current();
		await store.ledger.enqueue(
			CAMPAIGN,
			REFUSALS.map(({ recipient }) => {
				const key = recipientKey(recipient);
				const reference = makeReference({ campaignId: CAMPAIGN, key }, signingKey);
				return { key, address: recipient, reference, payload: '{}' };
			}),
		);
	});
	afterEach(() => store.close());

	it.each(REFUSALS.map((refusal) => [refusal.name, refusal] as const))(
		'%s',
		async (name, refusal) => {
			const raw = readFileSync(path.join(FOLDER, server, `${name}.eml`));
			const report = await parseBounce(raw);
			expect(report.kind).toBe('bounce');
			expect(report.recipients.map(({ address }) => address)).toEqual([refusal.recipient]);
			const { refused } = refusal;
			if (refused && name !== 'expired') {
				expect(report.recipients[0]?.diagnostic).toContain(refused.reply.slice(10, 30));
				expect(report.recipients[0]?.smtpCode).toBe(Number(refused.reply.slice(0, 3)));
			}

			const { events } = await takeInMail({ raw }, store, { record: true, suppress: true });
			expectRead(refusal, events);
			const { recipient, expected } = refusal;
			const key = recipientKey(recipient);
			expect((await store.suppressions.check([key])).has(key)).toBe(expected.suppressed);
			expect((await store.ledger.get(CAMPAIGN, key))?.feedback?.event).toBe(expected.event);
		},
	);

	it('without a mailbox’s own header fields is known by the returned copy', async () => {
		const whole = readFileSync(path.join(FOLDER, server, 'unknown-user.eml'), 'latin1');
		const header = whole.slice(0, whole.indexOf('\n\n'));
		const bare = header.replace(
			/^(?:return-path|delivered-to|received|to|references): .*\n(?:[ \t].*\n)*/gim,
			'',
		);
		expect(bare).not.toContain('bounces+');
		const raw = Buffer.from(bare + whole.slice(header.length), 'latin1');
		const { events } = await takeInMail({ raw }, store, { record: true, suppress: true });
		expect(events).toMatchObject([{ event: 'hardBounce', verified: true, suppressed: true }]);
	});
});
