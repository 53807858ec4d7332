import { makeInvitation } from '../../../mail/message/invitation';
import type { Draft } from '../../../mail/message/draft';
import { digestOf } from '../../../mail/transactional/digest';
import { draftTo } from './draft';

const mail = draftTo('ada@example.com');
const file = (content: Draft['attachments'][number]['content']) => ({
	...mail,
	attachments: [{ fileName: 'a.txt', contentType: 'text/plain', content }],
});

function invited(uid: string, now: number, title = 'Tea'): Draft {
	const event = {
		method: 'REQUEST' as const,
		title,
		start: new Date('2027-01-01T10:00:00Z'),
		organizer: { name: '', address: 'shop@example.com' },
		attendees: mail.to,
		uid,
	};
	const made = makeInvitation(event, new Date(now));
	if (!made.ok) throw new Error(made.problem);
	return { ...mail, invitation: made.invitation };
}

describe('the digest of a mail', () => {
	it('is the same when the mail is made again', async () => {
		expect(await digestOf(structuredClone(mail))).toBe(await digestOf(mail));
	});

	it.each([
		['recipient', draftTo('bob@example.com')],
		['subject', { ...mail, subject: 'Your orders' }],
		['text', { ...mail, text: 'It is here.' }],
		['hidden recipient', { ...mail, bcc: mail.to }],
		['header', { ...mail, headers: { priority: 'high' as const } }],
	])('is another with another %s', async (_, other) => {
		expect(await digestOf(other)).not.toBe(await digestOf(mail));
	});

	it('is of the bytes of its files, wherever they are', async () => {
		const stored = (text: string) =>
			file({
				size: text.length,
				open: () => Promise.resolve([Buffer.from(text)].values() as never),
			});
		expect(await digestOf(file(Buffer.from('one')))).toBe(await digestOf(stored('one')));
		expect(await digestOf(stored('one'))).not.toBe(await digestOf(stored('two')));
	});

	it('fails with the name of a file that cannot be read', async () => {
		const broken = { size: 3, open: () => Promise.reject(new Error('gone')) };
		await expect(digestOf(file(broken))).rejects.toThrow('"a.txt" cannot be read (gone)');
	});

	it('is the same for an invitation that gets a new ID and time each time', async () => {
		const long = `${'x'.repeat(80)}@example.com`;
		expect(await digestOf(invited(long, 1e12))).toBe(await digestOf(invited(`y${long}`, 2e12)));
		expect(await digestOf(invited('a', 1e12))).not.toBe(await digestOf(invited('a', 1e12, 'Cake')));
	});
});
