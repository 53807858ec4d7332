import { setTimeout as sleep } from 'node:timers/promises';

import { createTransport } from 'nodemailer';

import type { Dovecot } from './dovecot';
import { canRunDovecot, startDovecot } from './dovecot';
import type { Postfix } from './postfix';
import { canRunPostfix, startPostfix } from './postfix';

const missing = canRunDovecot() ?? canRunPostfix();
if (missing !== undefined) console.warn(`Postfix tests are skipped: ${missing}`);

(missing === undefined ? describe : describe.skip)('the Postfix of the tests', () => {
	let dovecot: Dovecot;
	let postfix: Postfix;
	beforeAll(async () => {
		dovecot = await startDovecot({ users: ['ada@example.test', 'bounces@example.test'] });
		postfix = await startPostfix({
			dovecot,
			strictDomains: { 'strict.test': ['ada@strict.test'] },
			transports: { 'full.test': 'error:5.2.2 Mailbox full' },
		});
	});
	afterAll(async () => {
		await postfix.stop();
		await dovecot.stop();
	});

	const send = (to: string, port = postfix.smtpPort) =>
		createTransport({
			host: '127.0.0.1',
			port,
			secure: port === postfix.smtpsPort,
			tls: { ca: dovecot.caPem },
			auth: { user: 'ada@example.test', pass: dovecot.password },
		}).sendMail({
			envelope: { from: `bounces+${to.replace('@', '=')}@example.test`, to },
			from: 'ada@example.test',
			to,
			subject: `to ${to}`,
			text: 'Hello',
		});

	const waitForMail = async (user: string, words: string): Promise<string> => {
		for (let left = 60; left > 0; left -= 1) {
			const mail = await dovecot.doveadm('fetch', '-u', user, 'text', 'all');
			if (mail.includes(words)) return mail;
			await sleep(50);
		}
		throw new Error(`no mail for ${user}\n${postfix.log()}`);
	};

	it('delivers to users that exist', async () => {
		await send('ada@example.test');
		await send('ada+tag@example.test', postfix.smtpsPort);
		await waitForMail('ada@example.test', 'to ada@example.test');
		await waitForMail('ada@example.test', 'Delivered-To: ada+tag@example.test');
	});

	it('takes mail for users that do not exist and bounces it to the return path', async () => {
		await send('ghost@example.test');
		const bounce = await waitForMail(
			'bounces@example.test',
			'Final-Recipient: rfc822; ghost@example.test',
		);
		expect(bounce).toContain('Delivered-To: bounces+ghost=example.test@example.test');
		expect(bounce).toContain('Status: 5.1.1');
		expect(bounce).toContain('Action: failed');
	});

	it('bounces by a transport with the words asked for', async () => {
		await send('ada@full.test');
		expect(await waitForMail('bounces@example.test', 'ada@full.test')).toContain('Status: 5.2.2');
	});

	it('never sends to another machine', async () => {
		await send('ada@example.com');
		expect(await waitForMail('bounces@example.test', 'ada@example.com')).toContain('Status: 5.1.2');
		expect(await postfix.queueLength()).toBe(0);
	});

	it('refuses unknown users of a strict domain at once', async () => {
		await expect(send('ghost@strict.test')).rejects.toMatchObject({ responseCode: 550 });
	});
});
