import { readReply } from '../../../mail/smtp/reply';

describe('what a reply means', () => {
	it.each([
		['250 2.0.0 Ok', { verdict: 'accepted' }],
		[
			'550 5.1.1 <x@y.z>: User unknown',
			{ verdict: 'permanent', blame: 'recipient', addressIsBad: true },
		],
		['550 No such user here', { verdict: 'permanent', blame: 'recipient', addressIsBad: true }],
		['552 5.2.2 Mailbox full', { verdict: 'permanent', blame: 'recipient', addressIsBad: false }],
		[
			'550 5.7.515 Access denied, sending domain does not meet the required authentication level',
			{ verdict: 'permanent', blame: 'senderPolicy', addressIsBad: false },
		],
		[
			'550-5.7.26 This mail is unauthenticated',
			{ verdict: 'permanent', blame: 'senderPolicy', addressIsBad: false },
		],
		[
			'554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org',
			{ verdict: 'permanent', blame: 'reputation', addressIsBad: false },
		],
		[
			'554 5.7.1 Relay access denied',
			{ verdict: 'permanent', blame: 'senderPolicy', addressIsBad: false },
		],
		[
			'421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred',
			{ verdict: 'transient', blame: 'reputation' },
		],
		[
			'450 4.2.0 Greylisted, please try again in 300 seconds',
			{ verdict: 'transient', retryAfterMs: 300_000 },
		],
		['451 4.7.1 Try again in 5 minutes', { verdict: 'transient', retryAfterMs: 300_000 }],
		[
			'550 5.4.5 Daily user sending limit exceeded',
			{ verdict: 'transient', blame: 'senderPolicy' },
		],
		[
			'550 5.1.1 <x@y.z>: no such user, said 95.7.26.14 to 94.7.28.1',
			{ verdict: 'permanent', blame: 'recipient', addressIsBad: true },
		],
		['550 4.2.1 Busy', { verdict: 'transient' }],
		['nonsense', { verdict: 'transient' }],
	])('%s', (reply, verdict) => {
		expect(readReply(reply)).toMatchObject(verdict);
	});

	it('a 550 that says nothing more is about what it answers', () => {
		expect(readReply('550 Rejected')).toMatchObject({ blame: 'recipient', addressIsBad: false });
		expect(readReply('550 Rejected', 'message')).toMatchObject({ blame: 'content' });
	});

	it.each([
		'550-Verification failed for <news@example.com>\r\n550-No Such User Here\r\n550 Sender verify failed',
		'550 5.1.0 <news@example.com>: Sender address rejected: User unknown in virtual mailbox table',
		'550 5.7.1 Sender domain does not exist',
		'550 Too many invalid recipients',
		'550 5.7.1 Authentication required',
		'530 5.1.1 Sign in first',
	])('is not the fault of the recipient: %s', (reply) => {
		expect(readReply(reply)).not.toMatchObject({ blame: 'recipient' });
	});

	it.each(['451 4.7.1 Not yet', '450 4.7.0 Rejected for policy reasons'])(
		'a temporary refusal stops no provider, however often it comes: %s',
		(reply) => {
			expect(readReply(reply)).toMatchObject({ verdict: 'transient', pace: 'slower' });
		},
	);

	it('a number that is no time is no delay', () => {
		expect(readReply('451 4.3.0 Try again later. 12 messages wait')).not.toHaveProperty(
			'retryAfterMs',
		);
	});

	it('reads a million characters in no time', () => {
		const begun = Date.now();
		readReply(`550 ${'again '.repeat(200_000)}`);
		expect(Date.now() - begun).toBeLessThan(5_000);
	});
});
