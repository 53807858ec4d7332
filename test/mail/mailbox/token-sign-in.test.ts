import type { AccessTokens } from '../../../mail/model/access-tokens';
import { verifyImapAccount } from '../../../mail/mailbox/verify';
import { startScriptedImap } from './scripted-imap';
import type { ScriptedImap } from './scripted-imap';
import { eventually, mail, startWatching, stopAllWatches } from './watching';

let imap: ScriptedImap;
/** The token that the server takes. */
let good: string;
let messages: Record<number, string>;

beforeEach(async () => {
	good = 'token-1';
	messages = {};
	imap = await startScriptedImap({
		capabilities: 'IMAP4rev1 IDLE MOVE UIDPLUS SASL-IR AUTH=XOAUTH2',
		messages,
		react: ({ name, tag, line }) => {
			if (name === 'LOGIN') return `${tag} NO no passwords\r\n`;
			if (name !== 'AUTHENTICATE') return undefined;
			const words = Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString();
			return words === `user=ada@example.test\u0001auth=Bearer ${good}\u0001\u0001`
				? `${tag} OK welcome\r\n`
				: `${tag} NO AUTHENTICATE failed for ${words.replaceAll('\u0001', ' ')}\r\n`;
		},
	});
});
afterEach(async () => {
	await stopAllWatches();
	await imap.close();
});

/** Hands out the first of these tokens until it is refused, then the next; none: cannot be renewed. */
function grant(...given: string[]): AccessTokens & { given: string[]; asked: number } {
	const tokens = {
		key: 'grant',
		given,
		asked: 0,
		get: (refused?: string) => {
			tokens.asked += 1;
			if (refused === tokens.given[0]) tokens.given.shift();
			const [token] = tokens.given;
			return Promise.resolve(
				token === undefined
					? { ok: false as const, message: 'Could not be renewed.', advice: 'Connect it again.' }
					: { ok: true as const, token },
			);
		},
	};
	return tokens;
}

const accountWith = (tokens: AccessTokens) => ({
	host: '127.0.0.1',
	port: imap.port,
	security: 'none' as const,
	auth: { user: 'ada@example.test', tokens },
	tls: {},
});

it('a token that runs out in the middle is renewed, and no mail is missed', async () => {
	const watching = startWatching(accountWith(grant('token-1', 'token-2')));
	await eventually('idling', () => watching.watch.state === 'idling');
	good = 'token-2';
	messages[1] = mail('meanwhile');
	imap.say('* BYE Session invalidated - AccessTokenExpired\r\n');
	imap.drop();
	await eventually('handed on', () => watching.messages.length === 1);
	expect(watching.changes).toEqual([{ state: 'connected' }]);
	// The one that was ended, the one that was refused, and the one that works.
	expect(imap.connections).toBe(3);
});

it('a renewed token that is refused too is told at once, once, and never shown', async () => {
	good = 'another';
	const watching = startWatching(accountWith(grant('token-1', 'token-2', 'token-3')));
	await eventually('told', () => watching.changes.length > 0);
	expect(watching.changes).toMatchObject([
		{
			state: 'lost',
			problem: {
				code: 'tokenRefused',
				message: '127.0.0.1 refused the OAuth2 sign-in.',
				reply: expect.stringContaining('AUTHENTICATE failed') as string,
			},
		},
	]);
	expect(JSON.stringify(watching.changes)).not.toMatch(/token-\d/);
	good = 'token-3';
	await eventually('recovered', () => watching.changes.at(-1)?.state === 'recovered');
	expect(watching.changes.filter(({ state }) => state === 'lost')).toHaveLength(1);
});

it('a token that cannot be renewed is told when it lasts, and asked for again', async () => {
	const tokens = grant();
	const watching = startWatching(accountWith(tokens), { timing: { patienceMs: 200 } });
	await eventually('told', () => watching.changes.length > 0);
	expect(watching.changes).toMatchObject([
		{
			state: 'lost',
			problem: { code: 'tokenUnavailable', message: 'Could not be renewed.' },
		},
	]);
	expect(imap.connections).toBe(0);
	tokens.given.push('token-1');
	await eventually('recovered', () => watching.changes.at(-1)?.state === 'recovered');
});

it('an authorization server that never answers holds nothing up', async () => {
	const hangs: AccessTokens = { key: 'grant', get: () => new Promise(() => undefined) };
	expect(await verifyImapAccount(accountWith(hangs), { timeoutMs: 100 })).toMatchObject({
		ok: false,
		problem: { code: 'tokenUnavailable', message: expect.stringContaining('in time') as string },
	});
	const watching = startWatching(accountWith(hangs), { timing: { stopGraceMs: 8_000 } });
	const start = Date.now();
	await watching.stop();
	expect(Date.now() - start).toBeLessThan(4_000);
});

it('a server that offers no OAuth2 is named', async () => {
	await imap.close();
	imap = await startScriptedImap({ capabilities: 'IMAP4rev1 AUTH=PLAIN' });
	expect(
		await verifyImapAccount({ ...accountWith(grant('token-1')), port: imap.port }),
	).toMatchObject({ ok: false, problem: { code: 'wrongSecurity' } });
});
