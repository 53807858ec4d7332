import { rootCertificates } from 'node:tls';

import { ImapFlow } from 'imapflow';
import type { ImapFlowOptions } from 'imapflow';

import { wordsFor } from '../smtp/sign-in';
import type { SignInWords } from '../smtp/sign-in';
import type { ImapAccount } from './account';
import { asError, ServerSilent, TokenUnavailable } from './failure';
import { describeImapError } from './problem';
import { rememberWords } from './secrets';

export interface ConnectionTiming {
	/** For connecting, TLS, greeting and sign-in together. */
	connectMs: number;
	/** A command during which nothing comes from the server for so long has a dead connection. */
	silenceMs: number;
}

/**
 * Bounds on what a broken or hostile server can make us hold: the one long line is the answer to a
 * search of a huge folder (about 8 octets a message), the one long literal a piece of a message.
 */
const BOUNDS = {
	maxLineLength: 32 * 2 ** 20,
	maxLiteralSize: 8 * 2 ** 20,
	maxResponseSize: 48 * 2 ** 20,
	maxResponseTokens: 200_000,
} satisfies Partial<ImapFlowOptions>;

interface SignInOptions {
	timing: ConnectionTiming;
	refusals?: Refusals;
	signal?: AbortSignal;
}

/**
 * A signed-in client; a refused access token is renewed once. imapflow tells of refused commands by
 * `false` and its log: `refusals` keeps the server's words.
 */
export async function signIn(account: ImapAccount, options: SignInOptions): Promise<ImapFlow> {
	const words = await readWords(account, options);
	try {
		return await signInWith(words, account, options);
	} catch (error) {
		if (describeImapError(error, account).code !== 'tokenRefused') throw error;
		return await signInWith(await readWords(account, options, words), account, options);
	}
}

/**
 * What to sign in with. Renewing a token asks another server, which must not hold us up for ever.
 *
 * @throws TokenUnavailable
 */
async function readWords(
	account: ImapAccount,
	{ timing, signal }: SignInOptions,
	refused?: SignInWords,
): Promise<SignInWords> {
	signal?.throwIfAborted();
	let giveUp: () => void = () => undefined;
	let timer: NodeJS.Timeout | undefined;
	const tooLong = new Promise<never>((_, reject) => {
		giveUp = () => {
			reject(asError(signal?.reason));
		};
		signal?.addEventListener('abort', giveUp);
		timer = setTimeout(() => {
			reject(
				new TokenUnavailable(
					'The access token of the OAuth2 credential could not be renewed in time.',
					'Check that n8n can reach the authorization server.',
				),
			);
		}, timing.connectMs);
	});
	try {
		const answer = await Promise.race([wordsFor(account.auth, refused), tooLong]);
		if (!answer.ok) throw new TokenUnavailable(answer.problem.message, answer.problem.advice);
		rememberWords(account, answer.words);
		return answer.words;
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', giveUp);
	}
}

async function signInWith(
	words: SignInWords,
	account: ImapAccount,
	options: SignInOptions,
): Promise<ImapFlow> {
	const { timing, signal } = options;
	signal?.throwIfAborted();
	const client = new ImapFlow({
		host: account.host,
		port: account.port,
		secure: account.security === 'tls',
		// Left out, it would fall back to an unencrypted sign-in.
		...(account.security === 'tls' ? {} : { doSTARTTLS: account.security === 'starttls' }),
		auth:
			'token' in words
				? { user: words.user, accessToken: words.token }
				: { user: words.user, pass: words.pass },
		tls: {
			minVersion: 'TLSv1.2',
			rejectUnauthorized: account.tls.allowInvalid !== true,
			...(account.tls.ca ? { ca: [...rootCertificates, account.tls.ca] } : {}),
		},
		clientInfo: { name: 'n8n-nodes-smtp-suite' },
		connectionTimeout: timing.connectMs,
		greetingTimeout: Math.min(timing.connectMs, 16_000),
		socketTimeout: timing.silenceMs,
		disableAutoIdle: true,
		// Deflate needs memory on both sides, and bounds of its own.
		disableCompression: true,
		maxLockHoldTime: false,
		logger: options.refusals ?? new Refusals(),
		...BOUNDS,
	});
	let failure: unknown;
	const cause = (): unknown => failure;
	// Without a listener, a lost connection would end the process.
	client.on('error', (error) => {
		failure ??= error;
	});
	const giveUp = (): void => {
		failure ??= signal?.aborted ? signal.reason : new ServerSilent('connecting');
		client.close();
	};
	const timer = setTimeout(giveUp, timing.connectMs);
	signal?.addEventListener('abort', giveUp);
	try {
		await client.connect();
		return client;
	} catch (error) {
		client.close();
		throw asError(cause() ?? error);
	} finally {
		clearTimeout(timer);
		signal?.removeEventListener('abort', giveUp);
	}
}

/** Keeps the server's words of the last refused command; logs nothing. */
export class Refusals {
	last = '';
	debug(): void {
		// not kept
	}
	info(): void {
		// not kept
	}
	error(): void {
		// not kept: what matters is thrown
	}
	warn(entry: { err?: { responseText?: string; serverResponseCode?: string } }): void {
		const { responseText, serverResponseCode } = entry.err ?? {};
		if (responseText !== undefined)
			this.last = [serverResponseCode && `[${serverResponseCode}]`, responseText]
				.filter(Boolean)
				.join(' ')
				.slice(0, 300);
	}
}
