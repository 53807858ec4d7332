import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

import type { AccessTokens } from '../../../mail/model/access-tokens';
import { accountKey } from '../../../mail/smtp/account';
import type { SmtpAccount } from '../../../mail/smtp/account';
import { createSmtpPool } from '../../../mail/smtp/pool';
import { scriptedServer } from '../../support/scripted-smtp-server';

const RAW = Buffer.from('Subject: x\r\n\r\nHello\r\n');
const ENVELOPE = { from: 'ada@example.test', to: ['b@example.test'] };

/** Hands out `first`, then `second` for whoever was refused with it. */
function grant(first: string, second?: string): AccessTokens & { asked: (string | undefined)[] } {
	const asked: (string | undefined)[] = [];
	return {
		key: 'grant',
		asked,
		get(refused) {
			asked.push(refused);
			if (refused === undefined) return Promise.resolve({ ok: true, token: first });
			return Promise.resolve(
				second === undefined
					? { ok: false, message: 'The access token could not be renewed.', advice: 'Connect.' }
					: { ok: true, token: second },
			);
		},
	};
}

function accountAt(port: number, tokens: AccessTokens): SmtpAccount {
	return {
		host: '127.0.0.1',
		port,
		security: 'none',
		auth: { user: 'ada@example.test', tokens },
		tls: {},
		limits: { connections: 2, messagesPerConnection: 100 },
	};
}

/** Takes mail from whoever brings the good token. */
async function tokenServer(good: string) {
	const signedIn: string[] = [];
	const server = new SMTPServer({
		authMethods: ['XOAUTH2'],
		disabledCommands: ['STARTTLS'],
		allowInsecureAuth: true,
		onAuth(auth, _, done) {
			if (auth.accessToken !== good || auth.username !== 'ada@example.test') {
				done(null, { data: { status: '401', schemes: 'bearer', scope: 'mail' } });
				return;
			}
			signedIn.push(auth.accessToken);
			done(null, { user: auth.username });
		},
	});
	await new Promise<void>((resolve) => {
		server.listen(0, '127.0.0.1', resolve);
	});
	return {
		port: (server.server.address() as AddressInfo).port,
		signedIn,
		close: () =>
			new Promise<void>((resolve) => {
				server.close(resolve);
			}),
	};
}

async function sendWith(tokens: AccessTokens, port: number) {
	const pool = createSmtpPool(accountAt(port, tokens));
	const result = await pool.send(ENVELOPE, RAW);
	await pool.close();
	return result;
}

describe('a sign-in with an access token', () => {
	it('is taken by a server that checks it', async () => {
		const server = await tokenServer('good');
		expect(await sendWith(grant('good'), server.port)).toMatchObject({ result: 'accepted' });
		expect(server.signedIn).toEqual(['good']);
		await server.close();
	});

	it('renews a token that the server refuses, and the mail goes out', async () => {
		const server = await tokenServer('new');
		const tokens = grant('ran-out', 'new');
		expect(await sendWith(tokens, server.port)).toMatchObject({ result: 'accepted' });
		expect(tokens.asked).toEqual([undefined, 'ran-out']);
		await server.close();
	});

	it('is given up when the renewed token is refused too', async () => {
		const server = await tokenServer('never');
		expect(await sendWith(grant('one', 'two'), server.port)).toMatchObject({
			result: 'notSent',
			stage: 'signIn',
			problem: { code: 'tokenRefused' },
		});
		await server.close();
	});

	it('tells why the token could not be renewed', async () => {
		const server = await tokenServer('never');
		expect(await sendWith(grant('one'), server.port)).toMatchObject({
			result: 'notSent',
			problem: { code: 'tokenRefused', message: 'The access token could not be renewed.' },
		});
		await server.close();
	});

	it('says so where the server takes no tokens', async () => {
		const server = await scriptedServer();
		expect(await sendWith(grant('good'), server.port)).toMatchObject({
			result: 'notSent',
			problem: { code: 'signInUnsupported', message: expect.stringContaining('OAuth2') as string },
		});
		expect(server.commands.join('\n')).not.toContain('XOAUTH2');
		await server.close();
	});

	it.each([
		['as it is', (token: string) => token],
		['in base64', (token: string) => Buffer.from(token).toString('base64')],
		[
			'in the words of the sign-in',
			(token: string) =>
				Buffer.from(`user=ada@example.test\u0001auth=Bearer ${token}\u0001\u0001`).toString(
					'base64',
				),
		],
	])('never shows a token that a server echoes %s', async (_, form) => {
		const echo = form('secret-token');
		const server = await scriptedServer({
			answers: {
				EHLO: '250-scripted\r\n250 AUTH XOAUTH2',
				AUTH: `535 5.7.8 No, ${echo}`,
			},
		});
		const result = await sendWith(grant('secret-token', 'secret-token'), server.port);
		expect(result).toMatchObject({ problem: { reply: '535 5.7.8 No, ***' } });
		expect(JSON.stringify(result)).not.toContain('secret-token');
		await server.close();
	});

	it('never meets the connections of another grant', () => {
		const one = accountAt(25, grant('a'));
		const other = accountAt(25, { ...grant('a'), key: 'another' });
		expect(accountKey(one)).not.toBe(accountKey(other));
		expect(accountKey(one)).toBe(accountKey(accountAt(25, grant('b'))));
	});
});
