import { createSmtpPool } from '../../../mail/smtp/pool';
import type { SmtpAccount } from '../../../mail/smtp/account';
import type { Envelope, SendOptions, SendResult } from '../../../mail/smtp/send-result';
import { verifySmtpAccount } from '../../../mail/smtp/verify';
import { scriptedServer } from '../../support/scripted-smtp-server';
import type { Script, ScriptedServer } from '../../support/scripted-smtp-server';

const RAW = Buffer.from('Subject: x\r\n\r\nHello\r\n.dot at the start\r\n');
const ENVELOPE = { from: 'a@example.test', to: ['b@example.test'] };

function accountAt(port: number, more: Partial<SmtpAccount> = {}): SmtpAccount {
	return {
		host: '127.0.0.1',
		port,
		security: 'none',
		tls: {},
		limits: { connections: 2, messagesPerConnection: 100 },
		...more,
	};
}

async function sendThrough(
	script: Script,
	options: SendOptions = {},
): Promise<{ result: SendResult; server: ScriptedServer }> {
	const server = await scriptedServer(script);
	const pool = createSmtpPool(accountAt(server.port));
	const result = await pool.send(ENVELOPE, RAW, options);
	await pool.close();
	await server.close();
	return { result, server };
}

describe('one message', () => {
	it('is accepted with the reply, and arrives as it was', async () => {
		const { result, server } = await sendThrough({});
		expect(result).toMatchObject({ result: 'accepted', reply: '250 2.0.0 Ok: queued as 1' });
		expect(server.accepted).toEqual([RAW.toString().replace('\r\n.dot', '\r\n..dot')]);
	});

	it('that one recipient of two is refused for is accepted, and says who', async () => {
		const server = await scriptedServer({
			answers: { RCPT: (line) => (line.includes('bad') ? '550 5.1.1 No' : '250 Ok') },
		});
		const pool = createSmtpPool(accountAt(server.port));
		const result = await pool.send({ from: 'a@x.test', to: ['bad@x.test', 'good@x.test'] }, RAW);
		expect(result).toMatchObject({
			result: 'accepted',
			accepted: ['good@x.test'],
			rejected: [{ address: 'bad@x.test', reply: '550 5.1.1 No' }],
		});
		await pool.close();
		await server.close();
	});

	it.each([
		['MAIL', '451 4.3.0 Later', 'mailFrom'],
		['RCPT', '550 5.1.1 Unknown', 'rcptTo'],
		['DATA', '554 5.7.1 No', 'data'],
		['DOT', '552 5.3.4 Too big', 'body'],
	] as const)('refused at %s comes back with the server’s words', async (step, reply, stage) => {
		const { result, server } = await sendThrough({ answers: { [step]: reply } });
		expect(result).toMatchObject({ result: 'refused', reply, stage });
		expect(server.accepted).toEqual([]);
	});
});

describe('what is asked of the servers on the way', () => {
	const asked = {
		...ENVELOPE,
		notification: {
			notify: ['failure', 'delay'],
			return: 'headers',
			envelopeId: 'order+1=ü',
		},
	} as const;

	async function commandsTo(offer: string, envelope: Envelope): Promise<[SendResult, string[]]> {
		const server = await scriptedServer({ answers: { EHLO: `250-here\r\n250 ${offer}` } });
		const pool = createSmtpPool(accountAt(server.port));
		const result = await pool.send(envelope, RAW);
		await pool.close();
		await server.close();
		return [result, server.commands];
	}

	it('is told to a server that sends notifications (RFC 3461), in its encoding', async () => {
		const [, commands] = await commandsTo('DSN', { ...asked, to: ['b+c@example.test'] });
		expect(commands).toContain('MAIL FROM:<a@example.test> RET=HDRS ENVID=order+2B1+3D+C3+BC');
		expect(commands).toContain(
			'RCPT TO:<b+c@example.test> NOTIFY=FAILURE,DELAY ORCPT=rfc822;b+2Bc@example.test',
		);
	});

	it('is "never" where nothing was chosen', async () => {
		const never = { ...asked, notification: { ...asked.notification, notify: [] } };
		const [, commands] = await commandsTo('DSN', never);
		expect(commands.find((line) => line.startsWith('RCPT'))).toContain('NOTIFY=NEVER');
	});

	it('is not said to one that does not, which takes the mail all the same', async () => {
		const [result, commands] = await commandsTo('HELP', asked);
		expect(result.result).toBe('accepted');
		expect(commands).toContain('MAIL FROM:<a@example.test>');
	});

	it('keeps a mail that wants TLS to the end from a server that does not promise it', async () => {
		for (const offer of ['HELP', 'REQUIRETLS']) {
			const [result, commands] = await commandsTo(offer, { ...ENVELOPE, requireTls: true });
			expect(result).toMatchObject({ result: 'refused', stage: 'mailFrom' });
			expect(commands.filter((line) => /^(MAIL|RCPT|DATA)/.test(line))).toEqual([]);
		}
	});
});

describe('a message that is larger than the server takes (RFC 1870)', () => {
	it('is refused before any recipient is named, and the next one goes on', async () => {
		const server = await scriptedServer({ answers: { EHLO: '250-here\r\n250 SIZE 100' } });
		const pool = createSmtpPool(accountAt(server.port));
		const large = Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(85)}\r\n`);
		expect(await pool.send(ENVELOPE, large)).toMatchObject({
			result: 'refused',
			stage: 'mailFrom',
			reply: '552 5.3.4 The message has 101 bytes; this server takes 100.',
			rejected: [],
		});
		expect(server.commands.filter((line) => /^(MAIL|RCPT|DATA)/.test(line))).toEqual([]);
		expect(await pool.send(ENVELOPE, RAW)).toMatchObject({ result: 'accepted' });
		expect(server.connections).toBe(1);
		await pool.close();
		await server.close();
	});

	it('is measured without the dots that are doubled on the wire', async () => {
		const server = await scriptedServer({ answers: { EHLO: '250-here\r\n250 SIZE 100' } });
		const pool = createSmtpPool(accountAt(server.port));
		const full = Buffer.from(`Subject: x\r\n\r\n${'.\r\n'.repeat(28)}ab\r\n`.slice(0, 98) + '\r\n');
		expect(full).toHaveLength(100);
		expect(await pool.send(ENVELOPE, full)).toMatchObject({ result: 'accepted' });
		expect(server.commands.filter((line) => line.startsWith('MAIL'))).toEqual([
			expect.stringMatching(/ SIZE=100$/),
		]);
		await pool.close();
		await server.close();
	});

	it('is left to the server where that names no size', async () => {
		for (const offer of ['SIZE', 'SIZE 0', 'HELP']) {
			const { result } = await sendThrough({ answers: { EHLO: `250-here\r\n250 ${offer}` } });
			expect(result.result).toBe('accepted');
		}
	});
});

describe('a server that offers no STARTTLS, or from whose words somebody took it', () => {
	it('gets neither the password nor the mail', async () => {
		const server = await scriptedServer();
		const auth = { user: 'ada', pass: 'top-secret' };
		const pool = createSmtpPool(accountAt(server.port, { security: 'starttls', auth }));
		expect(await pool.send(ENVELOPE, RAW)).toMatchObject({
			result: 'notSent',
			problem: { code: 'starttlsMissing' },
		});
		expect(server.commands.filter((line) => /^(AUTH|MAIL|RCPT|DATA)/.test(line))).toEqual([]);
		await pool.close();
		await server.close();
	});
});

describe('a connection that dies', () => {
	it.each(['EHLO', 'MAIL', 'RCPT', 'DATA'] as const)('at %s has not sent', async (step) => {
		const { result, server } = await sendThrough({ answers: { [step]: 'drop' } });
		expect(result).toMatchObject({ result: 'notSent' });
		expect(server.received).toEqual([]);
	});

	it('after the final dot leaves it unknown', async () => {
		const { result, server } = await sendThrough({ answers: { DOT: 'drop' } });
		expect(result).toMatchObject({ result: 'unknown' });
		expect(server.received).toHaveLength(1);
	});

	it('at any byte is never called sent when it was not, nor unsent when it was', async () => {
		const whole = 300;
		for (let dropAfterBytes = 1; dropAfterBytes < whole; dropAfterBytes += 7) {
			const { result, server } = await sendThrough({ dropAfterBytes });
			if (server.accepted.length > 0) expect(['accepted', 'unknown']).toContain(result.result);
			else expect(['notSent', 'unknown']).toContain(result.result);
			if (result.result === 'accepted') expect(server.accepted).toHaveLength(1);
		}
	}, 30_000);
});

describe('the gate before the final dot', () => {
	it('is asked when the server has said 354, and no dot leaves before it answers', async () => {
		const server = await scriptedServer();
		const pool = createSmtpPool(accountAt(server.port));
		let open: (granted: boolean) => void = () => undefined;
		let asked: () => void = () => undefined;
		const wasAsked = new Promise<void>((resolve) => (asked = resolve));
		const sending = pool.send(ENVELOPE, RAW, {
			beforeFinalDot: () => {
				asked();
				return new Promise((resolve) => (open = resolve));
			},
		});
		await wasAsked;
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(server.commands).toContain('DATA');
		expect(server.received).toEqual([]);
		open(true);
		expect(await sending).toMatchObject({ result: 'accepted' });
		await pool.close();
		await server.close();
	});

	it.each([
		['answers no', () => Promise.resolve(false)],
		['fails', () => Promise.reject(new Error('store'))],
	])('that %s cuts the message off: no server has it', async (_, beforeFinalDot) => {
		const { result, server } = await sendThrough({}, { beforeFinalDot });
		expect(result).toEqual({ result: 'withdrawn' });
		expect(server.received).toEqual([]);
	});
});

describe('the pool', () => {
	it('keeps to its connections, and keeps them warm', async () => {
		const server = await scriptedServer();
		const pool = createSmtpPool(accountAt(server.port));
		const results = await Promise.all(Array.from({ length: 20 }, () => pool.send(ENVELOPE, RAW)));
		expect(results.every(({ result }) => result === 'accepted')).toBe(true);
		expect(server.connections).toBeLessThanOrEqual(2);
		await pool.close();
		await server.close();
	});

	it('opens a new connection after so many messages', async () => {
		const server = await scriptedServer();
		const limits = { connections: 1, messagesPerConnection: 3 };
		const pool = createSmtpPool(accountAt(server.port, { limits }));
		for (let sent = 0; sent < 7; sent++) await pool.send(ENVELOPE, RAW);
		expect(server.connections).toBe(3);
		await pool.close();
		await server.close();
	});

	it('tries once more where a kept connection died before the message began', async () => {
		let mails = 0;
		const server = await scriptedServer({
			answers: { MAIL: () => (++mails === 2 ? 'drop' : '250 Ok') },
		});
		const pool = createSmtpPool(accountAt(server.port));
		await pool.send(ENVELOPE, RAW);
		expect(await pool.send(ENVELOPE, RAW)).toMatchObject({ result: 'accepted' });
		expect(server.accepted).toHaveLength(2);
		await pool.close();
		await server.close();
	});

	it('tells all who wait when the account does not let us in, without knocking for each', async () => {
		const server = await scriptedServer({ answers: { AUTH: '535 5.7.8 No' } });
		const pool = createSmtpPool(accountAt(server.port, { auth: { user: 'u', pass: 'p' } }));
		const results = await Promise.all(Array.from({ length: 20 }, () => pool.send(ENVELOPE, RAW)));
		expect(results.every(({ result }) => result === 'notSent')).toBe(true);
		expect(server.connections).toBeLessThanOrEqual(4);
		await pool.close();
		await server.close();
	});
});

describe('the test of an account', () => {
	const problemOf = async (script: Script, more: Partial<SmtpAccount> = {}) => {
		const server = await scriptedServer(script);
		const verified = await verifySmtpAccount(accountAt(server.port, more), { timeoutMs: 500 });
		await server.close();
		return verified.ok ? undefined : verified.problem;
	};
	const auth = { user: 'ada', pass: 'top-secret' };

	it('says that the password is wrong', async () => {
		const problem = await problemOf({ answers: { AUTH: '535 5.7.8 Bad credentials' } }, { auth });
		expect(problem).toMatchObject({ code: 'wrongPassword', reply: '535 5.7.8 Bad credentials' });
	});

	it('never shows a secret that a server echoes', async () => {
		const plain = Buffer.from('\0ada\0top-secret').toString('base64');
		const echo = `535 5.7.8 top-secret ${plain} ${Buffer.from('top-secret').toString('base64')}`;
		const problem = await problemOf({ answers: { AUTH: echo } }, { auth });
		expect(JSON.stringify(problem)).not.toMatch(/top-secret|dG9wLXNlY3JldA/);
		expect(JSON.stringify(problem)).not.toContain(plain);
	});

	it('refuses to go on in clear where STARTTLS was asked for', async () => {
		const problem = await problemOf(
			{ answers: { AUTH: '235 Ok' } },
			{ security: 'starttls', auth },
		);
		expect(problem?.code).toBe('starttlsMissing');
	});

	it.each([
		[{ greeting: 'SSH-2.0-OpenSSH_9' }, 'notAMailServer'],
		[{ greeting: '* OK IMAP4rev1 ready' }, 'notAMailServer'],
		[{ greeting: '554 5.7.1 go away' }, 'refusedByServer'],
		[{ greeting: '' }, 'timeout'],
	] as const)('knows what answers with %j', async (script, code) => {
		expect((await problemOf(script))?.code).toBe(code);
	});

	it('says that a plain port does not speak TLS', async () => {
		expect((await problemOf({}, { security: 'tls' }))?.code).toBe('wrongSecurity');
	});

	it('tells what the server offers, and how we signed in', async () => {
		const server = await scriptedServer();
		const verified = await verifySmtpAccount(accountAt(server.port, { auth }));
		await server.close();
		expect(verified).toEqual({
			ok: true,
			offer: {
				extensions: ['PIPELINING', 'AUTH PLAIN', 'SIZE 1000000'],
				maxMessageSize: 1_000_000,
				signInMethod: 'PLAIN',
			},
		});
		expect(server.commands.some((command) => command.startsWith('MAIL'))).toBe(false);
	});

	it('bounds what a server says of itself', async () => {
		const noise = `250-${'x'.repeat(900)}\r\n`.repeat(150);
		const server = await scriptedServer({ answers: { EHLO: `250-me\r\n${noise}250 SIZE` } });
		const verified = await verifySmtpAccount(accountAt(server.port));
		await server.close();
		const offer = verified.ok ? verified.offer : undefined;
		expect(offer?.extensions).toHaveLength(100);
		expect(offer?.extensions[0]).toHaveLength(512);
		expect(offer).not.toHaveProperty('maxMessageSize');
		expect(offer).not.toHaveProperty('signInMethod');
	});

	it('says that nobody listens', async () => {
		const server = await scriptedServer();
		await server.close();
		const verified = await verifySmtpAccount(accountAt(server.port), { timeoutMs: 500 });
		expect(verified).toMatchObject({ ok: false, problem: { code: 'nobodyListening' } });
	});
});
