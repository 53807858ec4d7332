import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { parseBounce } from '../../../mail/bounce/read';

const KINDS = ['bounce', 'complaint', 'delay', 'delivered', 'autoReply', 'other'];

/** Our own mails; or every file of a folder (SMTP_SUITE_MAILS=folder), which takes minutes. */
function mails(): [name: string, mail: Buffer][] {
	const folder = process.env.SMTP_SUITE_MAILS;
	if (folder)
		return globSync('**/*.eml', { cwd: folder }).map((file) => [
			file,
			readFileSync(path.join(folder, file)),
		]);
	const blocks = [
		'notices.txt',
		'notices-of-many-servers.txt',
		'notices-of-more-servers.txt',
		'reports.txt',
	].flatMap((file) =>
		readFileSync(path.resolve(__dirname, '../../fixtures/bounces', file), 'utf8')
			.split(/^### /m)
			.slice(1),
	);
	return [
		['a report of two', Buffer.from(reportOf(['ada@example.org', 'bob@example.net']))],
		...blocks
			.filter((_, index) => index % 4 === 0)
			// Cut between its two names of one person, it has only the one inside the server.
			.filter((block) => !block.startsWith('dsn-local-final'))
			.map((block): [string, Buffer] => [
				block.split(' ', 1)[0] ?? '',
				Buffer.from(`To: me@example.test\n${block.slice(block.indexOf('\n') + 1)}`),
			]),
	];
}

function reportOf(addresses: readonly string[]): string {
	return [
		'Return-Path: <>',
		'From: MAILER-DAEMON@mx.example.test',
		'To: me@example.test',
		'Subject: Undelivered Mail Returned to Sender',
		'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
		'',
		'--b1',
		'Content-Type: text/plain',
		'',
		'Your message could not be delivered.',
		'--b1',
		'Content-Type: message/delivery-status',
		'',
		'Reporting-MTA: dns; mx.example.test',
		...addresses.flatMap((address) => [
			'',
			`Final-Recipient: rfc822; ${address}`,
			'Action: failed',
			'Status: 5.1.1',
			`Diagnostic-Code: smtp; 550 5.1.1 <${address}>: User unknown`,
		]),
		'',
		'--b1--',
		'',
	].join('\r\n');
}

const millisecondsOf = async (mail: Buffer): Promise<number> => {
	const start = performance.now();
	await parseBounce(mail);
	return performance.now() - start;
};

describe('a mail cut at any byte', () => {
	it('throws nothing, and names nobody whom the whole mail does not report', async () => {
		const isCorpus = process.env.SMTP_SUITE_MAILS !== undefined;
		const strangers: string[] = [];
		let cuts = 0;
		for (const [name, mail] of mails()) {
			const whole = await parseBounce(mail);
			const known = new Set(
				[
					'',
					...whole.recipients.flatMap(({ address, originalAddress }) => [address, originalAddress]),
				].map((address) => address?.toLowerCase()),
			);
			for (let end = 0; end < Math.min(mail.length, 200_000); end += isCorpus ? 100 : 37) {
				const { kind, recipients } = await parseBounce(mail.subarray(0, end));
				cuts += 1;
				expect(KINDS).toContain(kind);
				for (const { address, action } of recipients)
					if (action !== 'delivered' && !known.has(address.toLowerCase()))
						strangers.push(`${name} at ${end}: ${address}`);
			}
		}
		if (!isCorpus) expect(strangers).toEqual([]);
		// What is left in real mails is another name of the same person, which the fields would have mended,
		// and a To that is all that was left of the returned mail.
		else {
			console.info(`${cuts} cuts, ${strangers.length} name somebody else\n${strangers.join('\n')}`);
			expect(strangers.length / cuts).toBeLessThan(0.0025);
		}
	}, 900_000);

	it('does not take half an address for another', async () => {
		const mail = Buffer.from(reportOf(['ada@example.org.invalid']));
		const at = mail.indexOf('ada@example.org') + 'ada@example.org'.length;
		const { recipients } = await parseBounce(mail.subarray(0, at));
		expect(recipients.map(({ address }) => address)).not.toContain('ada@example.org');
	});
});

describe('a report cut off behind the fields that it quotes', () => {
	const words = [
		'From: MAILER-DAEMON@mx.example.test',
		'To: me@example.test',
		'Subject: Delivery Notification: Delivery has failed',
		'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
		'',
		'--b1',
		'',
		'This report relates to a message you sent with the following header fields:',
		'',
		'  Subject: News',
		'  To: everybody@list.example.org',
		'',
		'Your message cannot be delivered to the following recipients:',
		'',
	];
	const named = async (lines: readonly string[]) =>
		(await parseBounce(Buffer.from(lines.join('\r\n')))).recipients.map(({ address }) => address);

	it('names nobody of its To, who would have been named behind them', async () => {
		expect(await named(words)).toEqual(['']);
		expect(await named([...words, '  ada@example.org', '', '--b1--', ''])).toEqual([
			'ada@example.org',
		]);
	});

	it('nor whom a returned mail was for that is cut off itself', async () => {
		const returned = [
			'',
			'--b1',
			'',
			'Your message could not be delivered.',
			'',
			'--b1',
			'Content-Type: message/rfc822',
			'',
			'From: me@example.test',
			'To: ada@example.org',
			'Content-Type: multipart/mixed; boundary="b2"',
			'',
			'--b2',
			'',
			'Hello',
		];
		const report = [...words.slice(0, 4), ...returned];
		expect(await named([...report, ''])).toEqual(['']);
		// Whole but for the boundary around it, as a gateway that changes boundaries leaves it.
		expect(await named([...report, '--b2--', ''])).toEqual(['ada@example.org']);
	});
});

describe('a mail with bytes flipped or charsets swapped', () => {
	it('throws nothing', async () => {
		let seed = 7;
		const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
		for (const [, mail] of mails())
			for (let round = 0; round < 12; round++) {
				const flipped = Buffer.from(mail);
				for (let count = 0; count <= round && flipped.length > 0; count++)
					flipped[random(flipped.length)] = random(256);
				expect(KINDS).toContain((await parseBounce(flipped)).kind);
			}
		for (const charset of ['utf-16', 'utf-7', 'iso-2022-jp', 'koi8-r', 'x-none', '"', 'gb18030'])
			for (const [, mail] of mails().slice(0, 40)) {
				const text = `Content-Type: text/plain; charset=${charset}\n${mail.toString('latin1')}`;
				expect(KINDS).toContain((await parseBounce(Buffer.from(text, 'latin1'))).kind);
			}
	}, 300_000);
});

describe('the cost of a hostile mail', () => {
	const header = 'From: mailer-daemon@x.test\nSubject: Undelivered Mail\n';
	// The unit floor has a fifth of each; SMTP_SUITE_MAILS asks for the whole.
	// What grows with the square of its length would take hours; a busy machine takes seconds.
	const MB = process.env.SMTP_SUITE_MAILS ? 1_000_000 : 200_000;

	it.each([
		['a line of 10 MB', `${header}\n${'a'.repeat(10 * MB)}`],
		['a header of 10 MB', `${header}X: ${'a '.repeat(5 * MB)}\n\nx`],
		['10 MB of address beginnings', `${header}\n${'a@'.repeat(5 * MB)}`],
		['10 MB of opened tags', `${header}Content-Type: text/html\n\n${'<a '.repeat(3 * MB)}`],
		[
			'links to mailboxes without end',
			`${header}Content-Type: text/html\n\n${'<a href="mailto:a@b.cc">x</a>'.repeat(MB / 5)}`,
		],
		['10 MB of encoded words', `${header}X: ${'=?utf-8?q?a?= '.repeat(MB / 2)}\n\nx`],
		[
			'10 MB of quoted soft breaks',
			`${header}Content-Transfer-Encoding: quoted-printable\n\n${'= '.repeat(5 * MB)}`,
		],
		['10 MB of blank lines', `${header}\n${'\n'.repeat(10 * MB)}`],
		['10 MB of carriage returns', `${header}\n${'\r'.repeat(10 * MB)}`],
		[
			'a million boundaries',
			`${header}Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\n'.repeat(MB)}`,
		],
		[
			'multiparts in multiparts',
			header +
				Array.from(
					{ length: 20_000 },
					(_, index) => `Content-Type: multipart/mixed; boundary=b${index}\n\n--b${index}\n`,
				).join(''),
		],
	])('is bounded: %s', async (_, mail) => {
		expect(await millisecondsOf(Buffer.from(mail))).toBeLessThan(30_000);
	});

	it('grows with the recipients and no faster: all of ten thousand are read', async () => {
		const addresses = Array.from({ length: 10_000 }, (_, index) => `person${index}@example.org`);
		const mail = Buffer.from(reportOf(addresses));
		const start = performance.now();
		const { recipients } = await parseBounce(mail);
		expect(performance.now() - start).toBeLessThan(30_000);
		expect(recipients.map(({ address }) => address)).toEqual(addresses);
	});

	it('grows no faster with those whom a text names, each beside what all of it says', async () => {
		const addresses = Array.from({ length: 7_000 }, (_, index) => `p${index}@example.org`);
		const mail = Buffer.from(
			[
				'From: MAILER-DAEMON@mx.example',
				'Subject: Undelivered Mail Returned to Sender',
				'',
				'Your mail could not be delivered:',
				...addresses.map((address) => `<${address}>: user unknown`),
				'',
			].join('\r\n'),
		);
		// Of the processor, which others at work do not change: it takes a third of a second, and more than ten
		// times as much where the text is read for each of them.
		const before = process.cpuUsage();
		const { recipients } = await parseBounce(mail);
		const { user } = process.cpuUsage(before);
		expect(recipients.map(({ address }) => address)).toEqual(addresses);
		expect(user).toBeLessThan(2_500_000);
	});
});
