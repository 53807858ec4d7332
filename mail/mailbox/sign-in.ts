import { rootCertificates } from 'node:tls';

import { ImapFlow } from 'imapflow';
import type { ImapFlowOptions } from 'imapflow';

import type { ImapAccount } from './account';
import { asError, ServerSilent } from './failure';

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

/**
 * A signed-in client. imapflow tells of refused commands by `false` and its log: `refusals` keeps the
 * server's words.
 */
export async function signIn(
	account: ImapAccount,
	options: { timing: ConnectionTiming; refusals?: Refusals; signal?: AbortSignal },
): Promise<ImapFlow> {
	const { timing, signal } = options;
	signal?.throwIfAborted();
	const client = new ImapFlow({
		host: account.host,
		port: account.port,
		secure: account.security === 'tls',
		// Left out, it would fall back to an unencrypted sign-in.
		...(account.security === 'tls' ? {} : { doSTARTTLS: account.security === 'starttls' }),
		auth: { user: account.auth.user, pass: account.auth.pass },
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
