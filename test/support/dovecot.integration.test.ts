import { ImapFlow } from 'imapflow';

import type { Dovecot } from './dovecot';
import { canRunDovecot, startDovecot } from './dovecot';

const missing = canRunDovecot();
if (missing !== undefined) console.warn(`Dovecot tests are skipped: ${missing}`);

(missing === undefined ? describe : describe.skip)('the Dovecot of the tests', () => {
	let dovecot: Dovecot;
	beforeAll(async () => {
		dovecot = await startDovecot({ users: ['ada@example.test', 'bounces@example.test'] });
	});
	afterAll(async () => {
		await dovecot.stop();
	});

	it.each([
		['TLS', () => ({ port: dovecot.imapsPort, secure: true })],
		['STARTTLS', () => ({ port: dovecot.imapPort, secure: false, doSTARTTLS: true })],
	])('takes mail by LMTP and shows it by IMAP (%s)', async (_name, how) => {
		expect(await dovecot.deliver('bounces+x1@example.test', 'Subject: hi\n\n.dot\nbye')).toMatch(
			/^250/,
		);
		const client = new ImapFlow({
			host: '127.0.0.1',
			...how(),
			auth: { user: 'bounces@example.test', pass: dovecot.password },
			tls: { ca: dovecot.caPem },
			logger: false,
		});
		try {
			await client.connect();
			await client.mailboxOpen('INBOX');
			const message = await client.fetchOne('*', { source: true });
			expect(message && message.source?.toString()).toMatch(
				/Delivered-To: bounces\+x1@example\.test[^]*Subject: hi\r\n\r\n\.dot\r\nbye/,
			);
			expect([...client.capabilities.keys()]).toEqual(
				expect.arrayContaining(['IDLE', 'MOVE', 'UIDPLUS']),
			);
			expect(await dovecot.connectionsOf('bounces@example.test')).toBe(1);
		} finally {
			client.close();
		}
	});

	it('refuses unknown users with 550 5.1.1', async () => {
		expect(await dovecot.deliver('nobody@example.test', 'Subject: x\n\ny')).toMatch(/^550 5\.1\.1/);
	});

	it('comes back with its mail after it was down', async () => {
		await dovecot.deliver('ada@example.test', 'Subject: kept\n\n');
		await dovecot.down();
		await dovecot.up();
		expect(
			await dovecot.doveadm('fetch', '-u', 'ada@example.test', 'hdr.subject', 'all'),
		).toContain('kept');
	});
});
