import type { ImapAccount } from '../../../mail/mailbox/account';
import { SentFolder } from '../../../mail/mailbox/sent-folder';
import type { Dovecot } from '../../support/dovecot';
import { canRunDovecot, startDovecot } from '../../support/dovecot';
import { startFaultProxy } from '../../support/fault-proxy';

const missing = canRunDovecot();
if (missing !== undefined) console.warn(`Tests of the Sent folder are skipped: ${missing}`);

/** Special use by what the server says; the folder's name is one that nobody would guess. */
const SPECIAL = 'namespace inbox {\n mailbox Out {\n special_use = \\Sent\n }\n}\n';
const RAW = Buffer.from('From: ada@example.test\r\nSubject: =?utf-8?q?=C3=BC?=\r\n\r\n.Hi\r\n');

(missing === undefined ? describe : describe.skip)('the Sent folder on Dovecot', () => {
	let dovecot: Dovecot;
	const users = ['special', 'named', 'none', 'many'];
	const accountOf = (user: string, more: Partial<ImapAccount> = {}): ImapAccount => ({
		host: '127.0.0.1',
		port: dovecot.imapPort,
		security: 'starttls',
		auth: { user, pass: dovecot.password },
		tls: { ca: dovecot.caPem },
		...more,
	});
	const textOf = async (user: string, folder: string) =>
		await dovecot.doveadm('fetch', '-u', user, 'flags text', 'mailbox', folder);
	const make = async (user: string, folder: string) => {
		await dovecot.doveadm('mailbox', 'create', '-u', user, folder);
	};

	beforeAll(async () => {
		dovecot = await startDovecot({ users, config: SPECIAL });
		await make('special', 'Out');
		await make('special', 'Sent');
		await make('named', 'Gesendete Objekte');
		await make('none', 'Projects');
		await make('many', 'Sent');
	});
	afterAll(async () => {
		await dovecot.stop();
	});

	it('is found by its special use before its name, and gets the very bytes, as read', async () => {
		const sent = new SentFolder(accountOf('special'));
		expect(await sent.add(RAW)).toEqual({ kept: true, folder: 'Out' });
		await sent.close();
		const stored = await textOf('special', 'Out');
		expect(stored).toContain('\\Seen');
		expect(stored.replaceAll('\r\n', '\n')).toContain(RAW.toString().replaceAll('\r\n', '\n'));
		expect(await textOf('special', 'Sent')).toBe('');
	});

	it('is found by a usual name where no special use is told', async () => {
		const sent = new SentFolder(accountOf('named'));
		expect(await sent.add(RAW)).toEqual({ kept: true, folder: 'Gesendete Objekte' });
		await sent.close();
	});

	it('that is not there is told with the folders that are', async () => {
		const sent = new SentFolder(accountOf('none'));
		const copy = await sent.add(RAW);
		await sent.close();
		expect(copy).toMatchObject({ kept: false, problem: { code: 'folderMissing' } });
		expect(JSON.stringify(copy)).toContain('Projects');
	});

	it('is the one that is named, and a wrong name is told', async () => {
		const named = new SentFolder(accountOf('none'), { folder: 'Projects' });
		expect(await named.add(RAW)).toEqual({ kept: true, folder: 'Projects' });
		await named.close();
		const wrong = new SentFolder(accountOf('none'), { folder: 'Project' });
		const copy = await wrong.add(RAW);
		await wrong.close();
		expect(copy).toMatchObject({ problem: { advice: 'Did you mean "Projects"?' } });
	});

	it('takes many at once over one connection, and comes back after a lost one', async () => {
		const proxy = await startFaultProxy(dovecot.imapPort);
		const sent = new SentFolder(accountOf('many', { port: proxy.port }));
		const copies = await Promise.all(Array.from({ length: 8 }, () => sent.add(RAW)));
		expect(copies.every(({ kept }) => kept)).toBe(true);
		expect(proxy.totalConnections).toBe(1);
		proxy.reset();
		// The loss may only be seen by this one; what became of its copy nobody knows then.
		await sent.add(RAW);
		expect(await sent.add(RAW)).toMatchObject({ kept: true });
		expect(proxy.totalConnections).toBe(2);
		await sent.close();
		await proxy.close();
	});

	it('of an account with a wrong password is tried once, and the password is not told', async () => {
		const proxy = await startFaultProxy(dovecot.imapPort);
		const auth = { user: 'none', pass: 'not-my-password' };
		const sent = new SentFolder(accountOf('none', { port: proxy.port, auth }));
		const copies = [await sent.add(RAW), await sent.add(RAW)];
		await sent.close();
		expect(copies).toMatchObject([
			{ kept: false, problem: { code: 'wrongPassword' } },
			{ kept: false, problem: { code: 'wrongPassword' } },
		]);
		expect(proxy.totalConnections).toBe(1);
		expect(JSON.stringify(copies)).not.toContain('not-my-password');
		await proxy.close();
	});
});
