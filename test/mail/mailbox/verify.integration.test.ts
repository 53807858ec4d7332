import type { ImapAccount } from '../../../mail/mailbox/account';
import { newestMessages } from '../../../mail/mailbox/newest';
import { verifyImapAccount } from '../../../mail/mailbox/verify';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import { startFaultProxy } from '../../support/fault-proxy';
import { eventually, mail, subjectOf } from './watching';

const missing = canRunDovecot();
if (missing !== undefined) console.warn(`Account tests are skipped: ${missing}`);

(missing === undefined ? describe : describe.skip)('an IMAP account on Dovecot', () => {
	let dovecot: Dovecot;
	let good: ImapAccount;
	beforeAll(async () => {
		dovecot = await startDovecot({ users: ['ada@example.test'] });
		good = {
			host: '127.0.0.1',
			port: dovecot.imapPort,
			security: 'starttls',
			auth: { user: 'ada@example.test', pass: dovecot.password },
			tls: { ca: dovecot.caPem },
		};
		for (const folder of ['Bounces', 'Archive/Bounces 2025'])
			await dovecot.doveadm('mailbox', 'create', '-u', 'ada@example.test', folder);
		for (const subject of ['a', 'b', 'c']) await dovecot.deliver('ada@example.test', mail(subject));
	});
	afterAll(async () => {
		await dovecot.stop();
	});

	describe('when all is right', () => {
		it.each<[string, () => Partial<ImapAccount>]>([
			['STARTTLS', () => ({})],
			['TLS', () => ({ port: dovecot.imapsPort, security: 'tls' })],
			['no encryption', () => ({ security: 'none' })],
			['any certificate', () => ({ tls: { allowInvalid: true } })],
		])('signs in (%s)', async (_name, change) => {
			const account = { ...good, ...change() };
			expect(await verifyImapAccount(account)).toEqual({ ok: true, idle: true });
			expect(await verifyImapAccount(account, { mailbox: 'Bounces' })).toEqual({
				ok: true,
				idle: true,
			});
		});

		it('leaves no connection behind', async () => {
			const proxy = await startFaultProxy(dovecot.imapPort);
			await verifyImapAccount({ ...good, port: proxy.port }, { mailbox: 'Bounces' });
			await verifyImapAccount({ ...good, port: proxy.port }, { mailbox: 'Nowhere' });
			await verifyImapAccount({ ...good, port: proxy.port, auth: { user: 'x', pass: 'y' } });
			await newestMessages({ ...good, port: proxy.port }, { mailbox: 'INBOX', limit: 1 });
			expect(proxy.totalConnections).toBe(4);
			await eventually('all are closed', () => proxy.connections === 0, 1_000);
			await proxy.close();
		});
	});

	it.each<[string, () => Partial<ImapAccount>, string, RegExp]>([
		[
			'a wrong password',
			() => ({ auth: { user: 'ada@example.test', pass: 'hunter2' } }),
			'wrongPassword',
			/wrong user or password/,
		],
		[
			'TLS on the port for STARTTLS',
			() => ({ security: 'tls' }),
			'wrongSecurity',
			/does not speak TLS from the first byte/,
		],
		[
			'STARTTLS on the port for TLS',
			() => ({ port: dovecot.imapsPort }),
			'wrongSecurity',
			/expects TLS from the first byte/,
		],
		['a certificate that nobody vouches for', () => ({ tls: {} }), 'certificate', /certificate/],
		[
			'the same from the first byte',
			() => ({ port: dovecot.imapsPort, security: 'tls', tls: {} }),
			'certificate',
			/certificate/,
		],
		['a CA that is none', () => ({ tls: { ca: 'no PEM' } }), 'certificate', /certificate/],
		[
			'a host that does not exist',
			() => ({ host: 'imap.invalid' }),
			'hostNotFound',
			/imap\.invalid/,
		],
	])('names %s', async (_name, change, code, words) => {
		const verified = await verifyImapAccount({ ...good, ...change() }, { timeoutMs: 3_000 });
		expect(verified).toMatchObject({
			ok: false,
			problem: { code, message: expect.stringMatching(words) as string },
		});
		expect(JSON.stringify(verified)).not.toContain('hunter2');
	});

	it('names a folder that is missing, and the names near it', async () => {
		expect(await verifyImapAccount(good, { mailbox: 'Bounce' })).toMatchObject({
			ok: false,
			problem: {
				code: 'folderMissing',
				message: 'There is no folder "Bounce" in this mailbox.',
				advice: 'Did you mean "Bounces" or "Archive/Bounces 2025"?',
			},
		});
		expect(await verifyImapAccount(good, { mailbox: 'Zzz' })).toMatchObject({
			problem: { advice: expect.stringMatching(/^There are: .*"INBOX"/) as string },
		});
	});

	describe('the newest messages', () => {
		it('come newest first, and stay unread', async () => {
			const newest = await newestMessages(good, { mailbox: 'INBOX', limit: 2 });
			expect(newest.ok && newest.messages.map(subjectOf)).toEqual(['c', 'b']);
			expect(
				await dovecot.doveadm('fetch', '-u', 'ada@example.test', 'flags', 'all'),
			).not.toContain('Seen');
		});

		it('are none in an empty folder, and a problem when there is no folder', async () => {
			expect(await newestMessages(good, { mailbox: 'Bounces', limit: 5 })).toEqual({
				ok: true,
				messages: [],
			});
			expect(await newestMessages(good, { mailbox: 'None', limit: 5 })).toMatchObject({
				ok: false,
				problem: { code: 'folderMissing' },
			});
		});

		it('end at once when nobody wants them any more', async () => {
			const proxy = await startFaultProxy(dovecot.imapPort);
			proxy.freeze();
			const start = Date.now();
			const newest = await newestMessages(
				{ ...good, port: proxy.port },
				{ mailbox: 'INBOX', limit: 1, signal: AbortSignal.timeout(100) },
			);
			expect(newest.ok).toBe(false);
			expect(Date.now() - start).toBeLessThan(4_000);
			await proxy.close();
		});
	});
});
