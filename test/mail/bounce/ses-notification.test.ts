import { parseBounce } from '../../../mail/bounce/read';
import { takeInMail } from '../../../mail/campaign/incoming';
import { makeReference } from '../../../mail/message/identity';
import { CAMPAIGN, storeOfFixtures } from '../campaign/refusals';

const MAIL = {
	timestamp: '2026-05-01T12:00:00.000Z',
	messageId: '0100018f-4711-000000',
	source: 'bounces@example.com',
	destination: ['ada@example.org'],
	headers: [{ name: 'X-Other', value: '1' }],
	commonHeaders: {
		from: ['News <news@example.com>'],
		to: ['ada@example.org'],
		subject: 'Hello Ada',
		messageId: '<news-1@example.com>',
		date: 'Fri, 1 May 2026 12:00:00 +0000',
	},
};
const bounce = (bounceType: string, bounceSubType: string, recipient: object = {}) => ({
	notificationType: 'Bounce',
	mail: MAIL,
	bounce: {
		bounceType,
		bounceSubType,
		bouncedRecipients: [{ emailAddress: 'ada@example.org', ...recipient }],
		timestamp: '2026-05-01T12:00:05.000Z',
		reportingMTA: 'dns; e123.smtp-out.eu-west-1.amazonses.com',
	},
});
/** As SNS posts it. */
const bySns = (notification: object) => ({
	Type: 'Notification',
	MessageId: '1',
	TopicArn: 'arn:aws:sns:eu-west-1:1:bounces',
	Message: JSON.stringify(notification),
});
const read = (value: object) => parseBounce(Buffer.from(JSON.stringify(value)));

describe('a notification of Amazon SES', () => {
	const unknown = bounce('Permanent', 'General', {
		action: 'failed',
		status: '5.1.1',
		diagnosticCode: 'smtp; 550 5.1.1 user unknown',
	});

	it.each([
		['bare', unknown],
		['as SNS posts it', bySns(unknown)],
		['as a webhook node gives it', { headers: {}, query: {}, body: bySns(unknown) }],
		['as a webhook node gives a text', { headers: {}, body: JSON.stringify(bySns(unknown)) }],
		['in an event of EventBridge', { 'detail-type': 'Email Bounced', detail: unknown }],
		['of a configuration set', { ...unknown, notificationType: undefined, eventType: 'Bounce' }],
	])('is read %s', async (_, value) => {
		expect(await read(value)).toMatchObject({
			kind: 'bounce',
			reportingMta: 'e123.smtp-out.eu-west-1.amazonses.com',
			date: '2026-05-01T12:00:05.000Z',
			recipients: [
				{
					address: 'ada@example.org',
					action: 'failed',
					status: '5.1.1',
					smtpCode: 550,
					severity: 'hard',
					reason: 'userunknown',
					blame: 'recipient',
					advice: 'remove',
					diagnostic: '550 5.1.1 user unknown',
				},
			],
			original: {
				messageId: 'news-1@example.com',
				subject: 'Hello Ada',
				from: 'News <news@example.com>',
				to: 'ada@example.org',
			},
		});
	});

	it.each([
		['Permanent', 'NoEmail', {}, 'userunknown', 'hard'],
		[
			'Permanent',
			'Suppressed',
			{
				diagnosticCode:
					'Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.',
			},
			'userunknown',
			'hard',
		],
		[
			'Permanent',
			'OnAccountSuppressionList',
			{
				diagnosticCode:
					'Amazon SES did not send the message to this address because it is on the suppression list for your account.',
			},
			'suspend',
			'hard',
		],
		['Permanent', 'General', {}, 'undefined', 'soft'],
		['Transient', 'MailboxFull', {}, 'mailboxfull', 'soft'],
		['Transient', 'MessageTooLarge', {}, 'emailtoolarge', 'soft'],
		['Transient', 'ContentRejected', {}, 'contenterror', 'soft'],
		[
			'Transient',
			'General',
			{ diagnosticCode: 'smtp; 554 5.7.1 Message rejected as spam' },
			'spamdetected',
			'soft',
		],
		['Undetermined', 'Undetermined', {}, 'undefined', 'soft'],
	])('%s %s %j is %s', async (type, subType, more, reason, severity) => {
		const { kind, recipients } = await read(bounce(type, subType, more));
		expect(kind).toBe('bounce');
		expect(recipients).toMatchObject([{ reason, severity }]);
	});

	it('tells complaints, deliveries, delays and refused viruses apart', async () => {
		const ada = { emailAddress: 'Ada <ada@example.org>' };
		expect(
			await read({
				notificationType: 'Complaint',
				mail: MAIL,
				complaint: { complainedRecipients: [ada], complaintFeedbackType: 'abuse' },
			}),
		).toMatchObject({
			kind: 'complaint',
			recipients: [{ address: 'ada@example.org', action: 'complained', advice: 'unsubscribe' }],
		});
		expect(
			await read({
				eventType: 'Delivery',
				mail: MAIL,
				delivery: { recipients: ['ada@example.org'], smtpResponse: '250 ok' },
			}),
		).toMatchObject({ kind: 'delivered', recipients: [{ severity: 'none', reason: 'delivered' }] });
		expect(
			await read({
				eventType: 'DeliveryDelay',
				mail: MAIL,
				deliveryDelay: { delayType: 'MailboxFull', delayedRecipients: [ada] },
			}),
		).toMatchObject({ kind: 'delay', recipients: [{ action: 'delayed' }] });
		expect(
			await read({ eventType: 'Reject', mail: MAIL, reject: { reason: 'Bad content' } }),
		).toMatchObject({
			kind: 'bounce',
			recipients: [{ address: 'ada@example.org', reason: 'virusdetected', blame: 'content' }],
		});
	});

	it('that reports no failure is none of them', async () => {
		for (const value of [
			{ eventType: 'Open', mail: MAIL, open: {} },
			{
				notificationType: 'Complaint',
				mail: MAIL,
				complaint: {
					complainedRecipients: [{ emailAddress: 'ada@example.org' }],
					complaintFeedbackType: 'not-spam',
				},
			},
			{ notificationType: 'AmazonSnsSubscriptionSucceeded', mail: MAIL },
			{ Type: 'SubscriptionConfirmation', Message: 'You have chosen to subscribe' },
			{ notificationType: 'Bounce' },
		])
			expect(await read(value)).toMatchObject({ kind: 'other', recipients: [] });
	});

	it('answers a mail of ours by its return path, though Amazon gave it another Message-ID', async () => {
		const store = await storeOfFixtures();
		const key = 'ada@example.org';
		const signingKey = await store.signingKeys.current();
		const reference = makeReference({ campaignId: CAMPAIGN, key }, signingKey);
		await store.ledger.enqueue(CAMPAIGN, [{ key, address: key, reference, payload: '{}' }]);
		const notification = (source: string) => ({
			...bounce('Permanent', 'NoEmail'),
			mail: { ...MAIL, source },
		});
		const take = async (value: object) =>
			(
				await takeInMail({ raw: Buffer.from(JSON.stringify(value)) }, store, {
					record: true,
					suppress: true,
				})
			).events;
		const forged = `bounces+${reference.slice(0, -1)}2@example.com`;
		expect(await take(notification(forged))).toMatchObject([
			{ event: 'hardBounce', verified: false, suppressed: false },
		]);
		expect(await take(bySns(notification(`bounces+${reference}@example.com`)))).toMatchObject([
			{ event: 'hardBounce', campaignId: CAMPAIGN, verified: true, suppressed: true },
		]);
		await store.close();
	});

	it('of any shape throws nothing and costs little', async () => {
		const deep = `{"Message":`.repeat(20_000);
		const odd: unknown[] = [null, 7, [], {}, '', 'x', true, [[]], { emailAddress: 7 }];
		for (const value of odd)
			for (const text of [
				JSON.stringify({ notificationType: 'Bounce', mail: value, bounce: value }),
				JSON.stringify({ ...bounce('Permanent', 'General'), bounce: { bouncedRecipients: value } }),
				JSON.stringify({ ...bounce('x', 'toString'), bounce: { bouncedRecipients: [value] } }),
				JSON.stringify({ notificationType: 'constructor', mail: {}, constructor: value }),
			])
				expect((await parseBounce(Buffer.from(text))).recipients).toEqual([]);
		for (const text of [
			deep,
			'{'.repeat(500_000),
			`{"a":"${'\\u0000'.repeat(150_000)}`,
			'{"mail":',
		])
			expect((await parseBounce(Buffer.from(text))).kind).toBe('other');
	});
});
