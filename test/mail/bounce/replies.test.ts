import { readFileSync } from 'node:fs';
import path from 'node:path';

import { judge } from '../../../mail/bounce/judge';
import { PROVIDER_CODES } from '../../../mail/bounce/provider-codes';
import { REASON_PATTERNS } from '../../../mail/bounce/reason-patterns';

const FIXTURES = path.resolve(__dirname, '../../fixtures/bounces');

/** One reply a line: the reasons that are right, how lasting, and the words, parted by tabs. */
const REPLIES = ['replies.tsv', 'replies-of-many-servers.tsv'].flatMap((file) =>
	readFileSync(path.join(FIXTURES, file), 'utf8')
		.trim()
		.split('\n')
		.map((line) => line.split('\t')),
);

describe('what a server replied to RCPT TO', () => {
	it.each(REPLIES)('is %s and %s: %s', (reasons = '', severity, words = '') => {
		const read = judge({
			action: 'failed',
			diagnostic: words,
			context: () => 'in reply to RCPT TO',
		});
		expect(reasons.split(',')).toContain(read.reason);
		expect(read.severity).toBe(severity);
	});
});

describe('that a mailbox does not exist', () => {
	const reply = (words: string) => judge({ action: 'failed', diagnostic: words });

	it('is a reason to remove the address, whoever says so', () => {
		expect(reply('550 User unknown')).toMatchObject({ severity: 'hard', advice: 'remove' });
		expect(reply('550 5.1.1 User unknown')).toMatchObject({ severity: 'hard', advice: 'remove' });
	});

	it('is a filter’s word where nothing shows that the address itself was refused', () => {
		expect(reply('550 User unknown').reason).toBe('filtered');
		expect(reply('550 5.1.1 User unknown').reason).toBe('userunknown');
		expect(reply('550 User unknown (in reply to RCPT TO command)').reason).toBe('userunknown');
	});

	it('is only soft when the server says that it may change', () => {
		expect(reply('450 4.1.1 User unknown')).toMatchObject({
			severity: 'soft',
			advice: 'retryLater',
		});
	});
});

describe('that a domain does not exist', () => {
	it('is the DNS that did not answer, where the server calls it temporary', () => {
		const words = 'Host or domain name not found';
		const read = (status: string) => judge({ action: 'failed', status, diagnostic: words });
		expect(read('5.4.4')).toMatchObject({ reason: 'hostunknown', severity: 'hard' });
		expect(read('4.4.3')).toMatchObject({ reason: 'networkerror', severity: 'soft' });
	});
});

describe('the status of a reply', () => {
	it('is the one that says more: the field’s where the words are vague, else the words’', () => {
		const status = (field: string, words: string) =>
			judge({ action: 'failed', status: field, diagnostic: words }).status;
		expect(status('5.0.0', '550 5.1.1 unknown')).toBe('5.1.1');
		expect(status('5.1.1', '550 #5.1.0 Address rejected')).toBe('5.1.1');
		expect(status('5.2.2', '552 over quota')).toBe('5.2.2');
	});

	it('is never taken from an IP address or a version', () => {
		expect(
			judge({ action: 'failed', diagnostic: 'host 5.1.1.9 running 4.4.10.2 refused' }).status,
		).toBe('5.0.0');
	});
});

describe('the patterns of what servers say', () => {
	it('repeat nothing without end: a reply that repeats their words costs no more than another', () => {
		const endless = [...PROVIDER_CODES, ...REASON_PATTERNS].flatMap(({ words }) => {
			const bare = words.source.replace(/\\[^]/g, 'x').replace(/\[[^\]]*\]/g, 'x');
			return /.{0,20}(?:[*+]|\{\d+,\}).{0,20}/.exec(bare) ?? [];
		});
		expect(endless).toEqual([]);
	});
});
