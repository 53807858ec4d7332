import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';

import type { ImapAccount } from '../../../mail/mailbox/account';
import { describeImapError } from '../../../mail/mailbox/problem';
import { verifyImapAccount } from '../../../mail/mailbox/verify';
import type { Script } from './scripted-imap';
import { startScriptedImap } from './scripted-imap';

const account = (port: number, change: Partial<ImapAccount> = {}): ImapAccount => ({
	host: '127.0.0.1',
	port,
	security: 'none',
	auth: { user: 'ada', pass: 'hunter2' },
	tls: {},
	...change,
});

async function problemWith(script: Script, change: Partial<ImapAccount> = {}, mailbox?: string) {
	const imap = await startScriptedImap(script);
	try {
		const verified = await verifyImapAccount(account(imap.port, change), {
			timeoutMs: 500,
			...(mailbox === undefined ? {} : { mailbox }),
		});
		expect(JSON.stringify(verified)).not.toContain('hunter2');
		return { verified, commands: imap.commands };
	} finally {
		await imap.close();
	}
}

const refuse =
	(text: string): NonNullable<Script['react']> =>
	({ name, tag }) =>
		/^(?:LOGIN|AUTHENTICATE)$/.test(name) ? `${tag} NO ${text}\r\n` : undefined;

describe('what is wrong with an account, in the words of its user', () => {
	it('nothing: signs in', async () => {
		const { verified } = await problemWith({ capabilities: 'IMAP4rev1' });
		expect(verified).toEqual({ ok: true, idle: false });
	});

	it('STARTTLS is wanted and not offered: nothing is sent in clear', async () => {
		const { verified, commands } = await problemWith({}, { security: 'starttls' });
		expect(verified).toMatchObject({ ok: false, problem: { code: 'starttlsMissing' } });
		expect(commands.join()).not.toMatch(/LOGIN|AUTHENTICATE/);
	});

	it.each([
		[
			'[AUTHENTICATIONFAILED] Invalid credentials (Failure)',
			'wrongPassword',
			/refused the sign-in/,
		],
		[
			'[ALERT] Application-specific password required: https://x (Failure)',
			'wrongPassword',
			/app password/,
		],
		['[UNAVAILABLE] Temporary authentication failure.', 'signInRefused', /at the moment/],
		['[LIMIT] Slow down', 'signInRefused', /at the moment/],
		['[PRIVACYREQUIRED] Plaintext authentication disallowed', 'wrongSecurity', /encrypted/],
		[
			'Maximum number of connections from user+IP exceeded',
			'refusedByServer',
			/no further connection/,
		],
		['LOGIN failed for ada hunter2', 'wrongPassword', /wrong user or password/],
	])('the sign-in is refused by %j', async (reply, code, words) => {
		const { verified } = await problemWith({ react: refuse(reply) });
		expect(verified).toMatchObject({
			ok: false,
			problem: { code, message: expect.stringMatching(words) as string },
		});
	});

	it('the server takes no password in clear', async () => {
		const { verified, commands } = await problemWith({ capabilities: 'IMAP4rev1 LOGINDISABLED' });
		expect(verified).toMatchObject({ ok: false, problem: { code: 'wrongSecurity' } });
		expect(commands.join()).not.toMatch(/LOGIN|AUTHENTICATE/);
	});

	it.each<[string, string, string]>([
		['SMTP answers', '220 mx.example.test ESMTP\r\n', 'notAMailServer'],
		['POP3 answers', '+OK POP3 ready\r\n', 'notAMailServer'],
		['SSH answers', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'notAMailServer'],
		['the server is closing', '* BYE Too many connections\r\n', 'refusedByServer'],
	])('%s', async (_name, greeting, code) => {
		const { verified } = await problemWith({ greeting, react: () => false });
		expect(verified).toMatchObject({ ok: false, problem: { code } });
	});

	it('nobody listens', async () => {
		const imap = await startScriptedImap();
		await imap.close();
		expect(await verifyImapAccount(account(imap.port))).toMatchObject({
			ok: false,
			problem: { code: 'nobodyListening' },
		});
	});

	it.each<[string, (server: Server) => void, string]>([
		['accepts and says nothing', () => undefined, 'timeout'],
		[
			'hangs up at once',
			(server) => server.on('connection', (socket) => socket.destroy()),
			'connectionLost',
		],
	])('the server %s', async (_name, prepare, code) => {
		const server = createServer((socket) => socket.on('error', () => undefined));
		prepare(server);
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
		const verified = await verifyImapAccount(account((server.address() as AddressInfo).port), {
			timeoutMs: 300,
		});
		server.close();
		expect(verified).toMatchObject({ ok: false, problem: { code } });
	});

	it.each([undefined, null, 'text', 7, new Error(''), { code: 1 }])(
		'anything thrown has words: %p',
		(thrown) => {
			expect(describeImapError(thrown, account(143))).toMatchObject({
				message: expect.any(String) as string,
				advice: expect.any(String) as string,
			});
		},
	);
});
