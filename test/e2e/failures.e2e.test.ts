import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import type { Reaction } from '../mail/mailbox/scripted-imap';
import { startScriptedImap } from '../mail/mailbox/scripted-imap';
import { freePorts } from '../support/free-port';
import { scriptedServer } from '../support/scripted-smtp-server';
import type { Script } from '../support/scripted-smtp-server';
import { makeTestCertificate } from '../support/test-certificate';
import { chain, PRESS, startTestN8n } from './support/n8n';
import type { TestN8n } from './support/n8n';

interface Failure {
	message: string;
	description?: string;
}

const documented = readFileSync(path.resolve(__dirname, '../../docs/errors.md'), 'utf8');

/** Failures that people really have, each made by a server, each read as the user reads it. */
describe('what goes wrong is said so that a person can act', () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'smtp-suite-failures-'));
	const closing: (() => unknown)[] = [];
	let n8n: TestN8n;

	beforeAll(async () => {
		n8n = await startTestN8n();
	}, 180_000);
	afterAll(async () => {
		for (const close of closing) await close();
		await n8n.stop();
		rmSync(folder, { recursive: true, force: true });
	}, 60_000);

	const PLAIN = {
		service: 'own',
		host: '127.0.0.1',
		security: 'none',
		authentication: 'password',
		user: 'me@shop.test',
		password: 'Very-secret-1',
	};

	/** Sends one mail with SMTP Send by this account, and reads why it failed. */
	const sendBy = async (account: object, parameters: object = {}): Promise<Failure> => {
		const { api } = n8n.server;
		const id = await api.putCredential(`Account ${closing.length}`, 'smtpAccount', {
			...PLAIN,
			...account,
		});
		const made = await api.createWorkflow(
			chain('Fails', [
				PRESS,
				{
					name: 'Send',
					type: 'n8n-nodes-smtp-suite.smtpSend',
					parameters: {
						fromEmail: 'me@shop.test',
						toEmail: 'ada@example.test',
						subject: 'Hello',
						emailFormat: 'text',
						text: 'Hello Ada',
						options: { retries: 0, triesWithin: 0 },
						...parameters,
					},
					credentials: { smtpAccount: { id, name: 'Account' } },
				},
			]),
		);
		const execution = await api.finished(await api.execute(made.id, 'Press'), 90_000);
		expect(execution.status).toBe('error');
		const { message, description } = execution.error as Failure;
		return { message, description };
	};
	const sendTo = async (script: Script, account: object = {}, parameters: object = {}) => {
		const server = await scriptedServer(script);
		closing.push(() => server.close());
		return await sendBy({ port: server.port, ...account }, parameters);
	};

	/** Signs in at a mailbox by a Bounce Trigger, as a person who listens in the editor. */
	const watchWith = async (react: Reaction, parameters: object = {}): Promise<Failure> => {
		const imap = await startScriptedImap({ react });
		closing.push(() => imap.close());
		const { api } = n8n.server;
		const id = await api.putCredential(`Mailbox ${closing.length}`, 'imapAccount', {
			...PLAIN,
			port: imap.port,
		});
		const made = await api.createWorkflow(
			chain('Watches', [
				{
					name: 'Bounces',
					type: 'n8n-nodes-smtp-suite.bounceTrigger',
					parameters,
					credentials: { imapAccount: { id, name: 'Mailbox' } },
				},
			]),
		);
		const said = await api.execute(made.id, 'Bounces').then(
			async (execution) => (await api.finished(execution, 20_000)).error as Failure,
			(error: unknown): Failure => ({ message: String(error), description: '' }),
		);
		return { message: said.message, description: said.description };
	};

	/** What happened, how it is made, and what the user reads: each sentence stands in docs/errors.md. */
	const cases: [name: string, make: () => Promise<Failure>, message: string, advice: RegExp][] = [
		[
			'wrong password',
			() => sendTo({ answers: { AUTH: '535 5.7.8 Authentication credentials invalid' } }),
			'mail.example.com refused the sign-in: wrong user or password.',
			/app password/,
		],
		[
			'an app password is needed',
			() =>
				sendTo({
					answers: {
						AUTH: '534-5.7.9 Application-specific password required.\r\n534 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor',
					},
				}),
			"mail.example.com wants an app password instead of the account's own.",
			/security settings/,
		],
		[
			'passwords are switched off (Microsoft 365)',
			() =>
				sendTo({
					answers: {
						AUTH: '535 5.7.139 Authentication unsuccessful, basic authentication is disabled.',
					},
				}),
			'mail.example.com no longer lets this account sign in with a password.',
			/OAuth2/,
		],
		[
			'nobody listens on the port',
			async () => sendBy({ port: (await freePorts('nobody')).nobody }),
			'Nobody answers at mail.example.com, port 587.',
			/587/,
		],
		[
			'a typing error in the host',
			() => sendBy({ host: 'no-such-host.invalid', port: 587 }),
			'There is no server named "no-such-host.invalid".',
			/typing error/,
		],
		[
			'a self-signed certificate',
			async () => sendBy({ port: (await tlsServer(['localhost'])).port, security: 'tls' }),
			'The certificate of mail.example.com, port 587 was issued by nobody that this system trusts (self-signed, or by an own authority).',
			/My Own CA/,
		],
		[
			'a certificate for another name',
			async () => {
				const { port, caPem } = await tlsServer(['mail.other.test']);
				return await sendBy({
					host: 'localhost',
					port,
					security: 'tls',
					certificate: 'ownCa',
					caCertificate: caPem,
				});
			},
			'The certificate of mail.example.com, port 587 was issued for another name: mail.other.test.',
			/name that the certificate/,
		],
		[
			'STARTTLS is missing, or was taken away',
			() => sendTo({}, { security: 'starttls' }),
			'mail.example.com, port 587 offers no STARTTLS, so the connection would not be encrypted. Nothing was sent.',
			/TLS with port 465/,
		],
		[
			'TLS on a port that begins in the clear',
			() => sendTo({}, { security: 'tls' }),
			'mail.example.com, port 587 does not speak TLS from the first byte.',
			/STARTTLS/,
		],
		[
			'a web server',
			() => sendTo({ greeting: 'HTTP/1.1 400 Bad Request' }),
			'What answers at mail.example.com, port 587 is no SMTP server.',
			/host and port/,
		],
		[
			'the sender is not allowed',
			() =>
				sendTo({
					answers: {
						DOT: '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
					},
				}),
			'This account may not send with this From Email.',
			/send as/,
		],
		[
			'relaying is denied',
			() => sendTo({ answers: { RCPT: '554 5.7.1 <ada@example.test>: Relay access denied' } }),
			'The server does not deliver to other domains for this account.',
			/sign-in with a password/,
		],
		[
			"the day's quota is used up",
			() => sendTo({ answers: { MAIL: '550 5.4.5 Daily user sending limit exceeded.' } }),
			'The account has sent as much as it may for now.',
			/24 hours/,
		],
		[
			'an unknown recipient',
			() =>
				sendTo({
					answers: {
						RCPT: '550 5.1.1 <ada@example.test>: Recipient address rejected: User unknown',
					},
				}),
			'There is no such mailbox.',
			/typing error/,
		],
		[
			'a full mailbox',
			() => sendTo({ answers: { RCPT: '552 5.2.2 Mailbox full' } }),
			'The mailbox of the recipient is full.',
			/Nothing is wrong with the address/,
		],
		[
			'the domain is not authenticated (Gmail)',
			() =>
				sendTo({
					answers: {
						DOT: "550-5.7.26 Unauthenticated email from shop.test is not accepted due to domain's\r\n550 5.7.26 DMARC policy.",
					},
				}),
			'The server does not believe that this mail comes from the domain of From Email.',
			/SPF and DKIM/,
		],
		[
			'a blocklist',
			() =>
				sendTo({
					answers: {
						RCPT: '554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org',
					},
				}),
			'The sending server is on a blocklist.',
			/names the list/,
		],
		[
			'greylisting',
			() => sendTo({ answers: { RCPT: '451 4.7.1 Greylisted, please try again in 300 seconds' } }),
			'The server takes the first mail of a sender only at a second try (greylisting).',
			/some minutes/,
		],
		[
			'too large',
			() => sendTo({ answers: { MAIL: '552 5.3.4 Message size exceeds fixed limit' } }),
			'The mail is too large for the server.',
			/smaller attachments/,
		],
		[
			'the connection breaks at the last moment',
			() => sendTo({ answers: { DOT: 'drop' } }),
			'Nobody knows whether the mail to ada@example.test was sent.',
			/before you send it again/,
		],
		[
			'an address without @',
			() => sendTo({}, {}, { toEmail: 'ada' }),
			'To Email: "ada" is not an email address: it has no @.',
			/^$/,
		],
		[
			'IMAP: wrong password',
			() =>
				watchWith(({ name, tag }) =>
					/LOGIN|AUTHENTICATE/.test(name)
						? `${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`
						: undefined,
				),
			'mail.example.com refused the sign-in: wrong user or password.',
			/app password/,
		],
		[
			'IMAP: no such folder',
			() =>
				watchWith(
					({ name, tag, line }) =>
						/SELECT|EXAMINE/.test(name) && line.includes('Bounces')
							? `${tag} NO [NONEXISTENT] no such folder\r\n`
							: undefined,
					{ mailbox: 'Bounces' },
				),
			'There is no folder "Bounces" in this mailbox.',
			/There are: "INBOX"/,
		],
	];

	const tlsServer = async (names: string[]) => {
		const { caPem, keyPem } = makeTestCertificate(folder, names);
		const server = createTlsServer({ cert: caPem, key: keyPem }, (socket) => {
			socket.on('error', () => undefined);
			socket.write('220 tls ESMTP\r\n');
		});
		server.on('tlsClientError', () => undefined);
		await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
		closing.push(() => server.close());
		return { port: (server.address() as AddressInfo).port, caPem };
	};
	it.each(cases)(
		'%s',
		async (_name, make, message, advice) => {
			const failure = await make();
			const neutral = failure.message.replace(/(?:127\.0\.0\.1|localhost)(?:, port \d+)?/, (at) =>
				at.includes('port') ? 'mail.example.com, port 587' : 'mail.example.com',
			);
			expect(neutral.replace(/ Refused: .*$/, '')).toBe(message);
			expect(failure.description ?? '').toMatch(advice);
			expect(documented).toContain(message);
		},
		60_000,
	);

	it('shows no secret that a server echoes', async () => {
		const shown = await sendTo({
			answers: {
				AUTH: `535 5.7.8 wrong: ${PLAIN.password} ${Buffer.from(`\0${PLAIN.user}\0${PLAIN.password}`).toString('base64')}`,
			},
		});
		expect(JSON.stringify(shown)).toContain('***');
		expect(JSON.stringify(shown)).not.toContain(PLAIN.password);
	}, 60_000);
});
