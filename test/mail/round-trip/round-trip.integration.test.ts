import type { ImapAccount } from '../../../mail/mailbox/account';
import { makeRoundTrip, MailboxUnavailable } from '../../../mail/round-trip/round-trip';
import type { RoundTrip, RoundTripQuestion } from '../../../mail/round-trip/round-trip';
import { markProbe, writeProbe } from '../../../mail/round-trip/probe';
import type { SmtpAccount } from '../../../mail/smtp/account';
import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpPool } from '../../../mail/smtp/send-result';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import { startFaultProxy } from '../../support/fault-proxy';
import type { Postfix } from '../../support/postfix';
import { canRunPostfix, startPostfix } from '../../support/postfix';

const missing = canRunDovecot() ?? canRunPostfix();
if (missing !== undefined) console.warn(`Round trips are skipped: ${missing}`);

const ADA = 'ada@example.test';
const JUNK = 'namespace inbox {\n mailbox Unwanted {\n special_use = \\Junk\n }\n}\n';
const FROM = { name: 'News', address: 'news@sender.test' };

(missing === undefined ? describe : describe.skip)('a round trip over Postfix and Dovecot', () => {
	let dovecot: Dovecot;
	let postfix: Postfix;
	let pool: SmtpPool;
	let account: SmtpAccount;

	beforeAll(async () => {
		dovecot = await startDovecot({
			users: [ADA, 'news@sender.test'],
			// What is sent to ada+Unwanted lies in the folder Unwanted; another name makes a folder.
			config: `${JUNK}protocol lmtp {\n lmtp_save_to_detail_mailbox = yes\n lda_mailbox_autocreate = yes\n}\nlmtp_save_to_detail_mailbox = yes\nlda_mailbox_autocreate = yes\n`,
		});
		await dovecot.doveadm('mailbox', 'create', '-u', ADA, 'Unwanted');
		postfix = await startPostfix({
			dovecot,
			domains: ['example.test', 'sender.test'],
			strictDomains: { 'strict.test': [] },
			transports: {
				'slow@example.test': 'retry:4.3.0 Come back later',
				'full@example.test': 'error:5.2.2 Mailbox full',
			},
		});
		account = {
			host: '127.0.0.1',
			port: postfix.smtpPort,
			security: 'starttls',
			auth: { user: ADA, pass: dovecot.password },
			tls: { ca: dovecot.caPem },
			limits: { connections: 2, messagesPerConnection: 100 },
		};
		pool = createSmtpPool(account);
	}, 60_000);
	afterAll(async () => {
		await pool.close();
		await postfix.stop();
		await dovecot.stop();
	});

	const mailboxOf = (user = ADA, more: Partial<ImapAccount> = {}): ImapAccount => ({
		host: '127.0.0.1',
		port: dovecot.imapPort,
		security: 'starttls',
		auth: { user, pass: dovecot.password },
		tls: { ca: dovecot.caPem },
		...more,
	});
	const trip = async (to: string, more: Partial<RoundTripQuestion> = {}): Promise<RoundTrip> =>
		await makeRoundTrip({
			pool,
			account,
			mailbox: mailboxOf(),
			probe: await writeProbe({ from: FROM, to }, new Date()),
			patienceMs: 20_000,
			pollMs: 100,
			...more,
		});
	const statuses = ({ findings }: RoundTrip) =>
		findings
			.map(({ id, status }) => `${id} ${status}`)
			.filter((each) => !each.startsWith('received'));

	it('arrives in the inbox, as it was sent, and is left there unread', async () => {
		const told = await trip(ADA);
		expect(told).toMatchObject({ outcome: 'arrived', folder: 'INBOX' });
		expect(statuses(told)).toEqual(['roundTrip.inbox pass', 'roundTrip.unchanged pass']);
		if (told.outcome !== 'arrived') throw new Error('not arrived');
		expect(told.cameIn).toMatchObject({ address: '127.0.0.1', isEncrypted: true });
		const [, token = 'none'] = /^X-Round-Trip: (\S+)/m.exec(told.raw.toString()) ?? [];
		const lying = await dovecot.doveadm(
			'fetch',
			'-u',
			ADA,
			'flags text',
			'header',
			'X-Round-Trip',
			token,
		);
		expect(lying).toContain(token);
		expect(lying).not.toContain('\\Seen');
	});

	it('is found in junk, which its receiver holds against it', async () => {
		const told = await trip('ada+Unwanted@example.test');
		expect(told).toMatchObject({ outcome: 'arrived', folder: 'Unwanted' });
		expect(statuses(told)[0]).toBe('roundTrip.junk fail');
	});

	it('is found in a folder that is made for it', async () => {
		expect(statuses(await trip('ada+Made@example.test'))[0]).toBe('roundTrip.otherFolder info');
	});

	it('is taken out of the mailbox when asked, and nothing else is, not even what others marked', async () => {
		await dovecot.deliver(ADA, 'Subject: marked by another program\r\n\r\nx\r\n');
		await dovecot.doveadm(
			'flags',
			'add',
			'-u',
			ADA,
			'\\Deleted',
			'mailbox',
			'INBOX',
			'subject',
			'marked by',
		);
		const told = await trip(ADA, { remove: true });
		expect(told.outcome).toBe('arrived');
		if (told.outcome !== 'arrived') return;
		const [, token = 'none'] = /^X-Round-Trip: (\S+)/m.exec(told.raw.toString()) ?? [];
		expect(await dovecot.doveadm('fetch', '-u', ADA, 'text', 'header', 'X-Round-Trip', token)).toBe(
			'',
		);
		const marked = await dovecot.doveadm(
			'fetch',
			'-u',
			ADA,
			'flags',
			'mailbox',
			'INBOX',
			'subject',
			'marked by',
		);
		expect(marked).toContain('\\Deleted');
	});

	it('is not mixed up with mail that was there, nor with one that comes meanwhile', async () => {
		const probe = await writeProbe({ from: FROM, to: 'slow@example.test' }, new Date());
		await dovecot.deliver(
			ADA,
			`Subject: an older one\r\nMessage-ID: <${probe.token}@other.test>\r\n\r\nx\r\n`,
		);
		const running = trip('slow@example.test', { probe, patienceMs: 1_500 });
		await dovecot.deliver(ADA, 'Subject: another one\r\nMessage-ID: <1@other.test>\r\n\r\nx\r\n');
		expect(statuses(await running)).toEqual(['roundTrip.notArrived unknown']);
	});

	it('that bounces into the same mailbox is told with the words of the server', async () => {
		const probe = await writeProbe(
			{ from: FROM, to: 'full@example.test', envelopeFrom: ADA },
			new Date(),
		);
		const told = await trip('full@example.test', { probe });
		expect(statuses(told)).toEqual(['roundTrip.bounced fail']);
		expect(told.findings[0]?.evidence.join()).toContain('Mailbox full');
	});

	it('a bounce that somebody made up is not believed', async () => {
		const probe = await writeProbe({ from: FROM, to: 'slow@example.test' }, new Date());
		const running = trip('slow@example.test', { probe, patienceMs: 1_500 });
		await dovecot.deliver(ADA, FORGED_BOUNCE);
		expect(statuses(await running)).toEqual(['roundTrip.notArrived unknown']);
	});

	it('that the account does not take is told at once', async () => {
		const told = await trip('nobody@strict.test');
		expect(statuses(told)).toEqual(['roundTrip.refused fail']);
		expect(told.outcome).toBe('notSent');
	});

	it('sends nothing when the mailbox cannot be opened', async () => {
		const before = postfix.log().length;
		await expect(
			trip(ADA, { mailbox: mailboxOf(ADA, { auth: { user: ADA, pass: 'wrong' } }) }),
		).rejects.toThrow(MailboxUnavailable);
		expect(postfix.log().slice(before)).not.toContain('client=');
	});

	it('goes on looking after the connection was lost', async () => {
		const proxy = await startFaultProxy(dovecot.imapPort);
		const probe = await writeProbe({ from: FROM, to: ADA }, new Date());
		const running = trip(ADA, {
			probe: { ...probe, envelope: { ...probe.envelope, to: ['slow@example.test'] } },
			mailbox: mailboxOf(ADA, { port: proxy.port }),
		});
		await new Promise((resolve) => setTimeout(resolve, 500));
		proxy.reset();
		await dovecot.deliver(ADA, probe.raw);
		expect(await running).toMatchObject({ outcome: 'arrived', folder: 'INBOX' });
		await proxy.close();
	});

	it('a given mail goes as it is, with a field above all others', async () => {
		const raw = Buffer.from(
			`From: ${FROM.address}\r\nTo: ${ADA}\r\nSubject: Mine\r\nMessage-ID: <mine@sender.test>\r\n\r\nHello\r\n`,
		);
		const probe = markProbe(raw, { from: FROM.address, to: [ADA] });
		const told = await trip(ADA, { probe });
		expect(statuses(told)).toEqual(['roundTrip.inbox pass', 'roundTrip.unchanged pass']);
	});

	it('a second try looks for what the first one sent, and sends nothing', async () => {
		const probe = await writeProbe({ from: FROM, to: 'slow@example.test' }, new Date());
		const first = await trip('slow@example.test', { probe, patienceMs: 500 });
		expect(first.outcome).toBe('notArrived');
		// It comes between the two, when nobody looks.
		await dovecot.deliver(ADA, probe.raw);
		const before = postfix.log().length;
		const second = await trip('slow@example.test', { earlier: first.sent! });
		expect(second).toMatchObject({ outcome: 'arrived', folder: 'INBOX', sent: first.sent });
		expect(postfix.log().slice(before)).not.toContain('client=');
	});

	it('ends when the execution is stopped', async () => {
		const end = new AbortController();
		const running = trip('slow@example.test', { signal: end.signal, patienceMs: 600_000 });
		setTimeout(() => {
			end.abort();
		}, 500);
		expect((await running).outcome).toBe('notArrived');
	});
});

const FORGED_BOUNCE = `From: MAILER-DAEMON@evil.test
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; evil.test

Final-Recipient: rfc822; slow@example.test
Action: failed
Status: 5.1.1

--b--
`;
