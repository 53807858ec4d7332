import { describeRefusal } from '../../../mail/smtp/refusal';

describe('a refused mail', () => {
	it.each([
		['550 5.7.60 SMTP; Client does not have permissions to send as this sender', /this From Email/],
		['553 5.7.1 Sender address rejected: not owned by user ada', /this From Email/],
		['550 The from address does not match a verified Sender Identity.', /this From Email/],
		['554 5.7.1 <bob@example.org>: Relay access denied', /other domains/],
		['530 5.7.0 Authentication required', /other domains/],
		['550 5.7.57 Client not authenticated to send mail', /other domains/],
		['550 5.7.515 Access denied, sending domain does not pass', /comes from the domain/],
		['550 SPF check failed', /comes from the domain/],
		[
			'450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]',
			/no name in the DNS/,
		],
		['554 5.7.1 Service unavailable; blocked using zen.spamhaus.org', /on a blocklist/],
		['552 5.2.2 Quota', /is full/],
		['552 Requested mail action aborted: exceeded storage allocation', /is full/],
		['552 5.3.4 Message size exceeds fixed maximum message size', /too large/],
		['451 4.7.1 Greylisting in action, please come back later', /second try/],
		['550 5.7.1 This message looks like spam', /what is in the mail/],
		['550 5.1.1 No such user', /no such mailbox/],
		['550 5.4.5 Daily user sending limit exceeded', /as much as it may/],
		['421 4.7.28 Gmail has detected an unusual rate of mail', /fewer mails/],
		['451 4.3.0 Try again later', /at the moment/],
		['550 Requested action not taken: mailbox unavailable', /cannot take the mail/],
		['554 5.7.1 Rejected for policy reasons', /does not let this account/],
	])('%s: says what it means', (reply, words) => {
		const { message, advice } = describeRefusal(reply);
		expect(message).toMatch(words);
		expect(advice).not.toBe('');
	});

	it('is told without the words of the server, which may hold anything', () => {
		const { message, advice } = describeRefusal('550 5.1.1 <script>alert(1)</script>');
		expect(message + advice).not.toContain('script');
	});
});
