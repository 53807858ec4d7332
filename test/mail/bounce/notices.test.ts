import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parseBounce } from '../../../mail/bounce/read';

/**
 * Mails of our own making in the words of many servers and languages. Each begins with a line
 * `### name kind recipients reason`, where `-` leaves one open and `|` parts reasons that are both right.
 */
const FILES = [
	'notices.txt',
	'notices-of-many-servers.txt',
	'notices-of-more-servers.txt',
	'reports.txt',
	'answers-and-ordinary-mail.txt',
	'other-mail.txt',
];
const NOTICES = FILES.flatMap((file) =>
	readFileSync(path.resolve(__dirname, '../../fixtures/bounces', file), 'utf8')
		.split(/^### /m)
		.slice(1),
).map((block) => {
	const [name = '', kind = '', recipients = '-', reason = '-'] = (
		block.split('\n', 1)[0] ?? ''
	).split(' ');
	return { name, kind, recipients, reason, mail: block.slice(block.indexOf('\n') + 1) };
});

/** With the header fields that say nothing here. */
function whole(mail: string): string {
	const header = mail.split('\n\n', 1)[0] ?? '';
	return [
		/^to:/im.test(header) ? [] : ['To: me@example.test'],
		/^content-type:/im.test(header) ? [] : ['Content-Type: text/plain; charset=utf-8'],
	]
		.flat()
		.concat(mail)
		.join('\n');
}

describe('a mail of any server or person', () => {
	it.each(NOTICES)('($name) is read as $kind of $recipients', async (notice) => {
		const read = await parseBounce(Buffer.from(whole(notice.mail)));
		expect(read.kind).toBe(notice.kind);
		if (notice.recipients !== '-')
			expect(read.recipients.map(({ address }) => address).join(',')).toBe(notice.recipients);
		if (notice.reason !== '-')
			for (const { reason } of read.recipients) expect(notice.reason.split('|')).toContain(reason);
	});
});
