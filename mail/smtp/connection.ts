import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { Readable } from 'node:stream';
import { rootCertificates } from 'node:tls';

import type { SmtpAccount } from './account';
import { describeConnectionError, scrub } from './diagnose';
import type { ServerAddress } from './diagnose';
import type {
	Envelope,
	RejectedRecipient,
	SendOptions,
	SendResult,
	SmtpProblem,
	SmtpStage,
} from './send-result';
import { secretsIn, signIn, signInProblem, TOKEN_SIGN_IN, wordsFor } from './sign-in';
import type { SignInWords } from './sign-in';

export interface ConnectionTimeouts {
	/** Name lookup, connect, greeting and TLS together, in ms. */
	connectMs: number;
	/** Silence after which a connection is given up, in ms (RFC 5321 section 4.5.3.2: ten minutes). */
	silenceMs: number;
}

export const DEFAULT_TIMEOUTS: ConnectionTimeouts = { connectMs: 30_000, silenceMs: 600_000 };

export type Opened =
	{ ok: true; connection: SmtpConnection } | { ok: false; problem: SmtpProblem; stage: SmtpStage };

/** What nodemailer's errors carry. */
interface LibraryError extends Error {
	code?: string;
	command?: string;
	response?: string;
	recipient?: string;
	rejectedErrors?: LibraryError[];
}

/** What travels before the final dot is held back in pieces of this size at most. */
const CHUNK = 64 * 1024;

/**
 * One signed-in connection, that knows in which phase a message is when something breaks.
 *
 * nodemailer speaks the protocol; the message is handed to it as a stream. Its first read means that
 * the server has answered DATA with 354, and its end is what makes nodemailer write the final dot. So
 * the last chunk is held until the caller agrees: before that no server can have the message, after
 * that it may.
 */
export class SmtpConnection {
	/** Messages given to the connection so far. */
	sent = 0;
	#usable = true;

	private constructor(
		private readonly wire: SMTPConnection,
		private readonly server: ServerAddress,
	) {
		const end = () => {
			this.#usable = false;
		};
		wire.on('error', end);
		wire.on('end', end);
	}

	/** Connects, secures and signs in; a refused access token is renewed once. Never rejects. */
	static async open(account: SmtpAccount, timeouts = DEFAULT_TIMEOUTS): Promise<Opened> {
		if (!account.auth) return await SmtpConnection.#openWith(account, timeouts);
		const first = await wordsFor(account.auth);
		if (!first.ok) return { ok: false, stage: 'signIn', problem: first.problem };
		const opened = await SmtpConnection.#openWith(account, timeouts, first.words);
		if (opened.ok || opened.problem.code !== 'tokenRefused') return opened;
		const renewed = await wordsFor(account.auth, first.words);
		if (!renewed.ok) return { ok: false, stage: 'signIn', problem: renewed.problem };
		return await SmtpConnection.#openWith(account, timeouts, renewed.words);
	}

	static async #openWith(
		account: SmtpAccount,
		timeouts: ConnectionTimeouts,
		words?: SignInWords,
	): Promise<Opened> {
		const server = serverOf(account, words);
		let wire: SMTPConnection;
		try {
			wire = new SMTPConnection(wireOptions(account, timeouts));
		} catch (error) {
			return {
				ok: false,
				stage: 'connect',
				problem: describeConnectionError(error as Error, server),
			};
		}
		const failed = await connect(wire);
		if (failed) {
			wire.close();
			const { error, stage } = failed;
			const failure = { code: error.code, message: wordsOf(error), reply: error.response };
			return { ok: false, stage, problem: describeConnectionError(failure, server) };
		}
		if (words) {
			const refused = await signIn(wire, words);
			if (refused) {
				wire.close();
				return { ok: false, stage: 'signIn', problem: signInProblem(refused, server, words) };
			}
		}
		return { ok: true, connection: new SmtpConnection(wire, server) };
	}

	/** false once the connection broke or the server closed it. */
	get usable(): boolean {
		return this.#usable;
	}

	/** Whether the process stays alive for this connection's sake. */
	holdProcess(hold: boolean): void {
		// nodemailer keeps its socket to itself, and an upgrade to TLS replaces it.
		const socket = (this.wire as unknown as { _socket?: { ref(): void; unref(): void } })._socket;
		if (hold) socket?.ref();
		else socket?.unref();
	}

	/** Sends one message. Never rejects; after anything but a clean reply the connection is unusable. */
	async send(envelope: Envelope, raw: Buffer, options: SendOptions = {}): Promise<SendResult> {
		const warm = this.sent > 0;
		this.sent += 1;
		const body = new HeldBody(raw, options.beforeFinalDot);
		const abort = () => {
			this.close();
		};
		options.signal?.addEventListener('abort', abort, { once: true });
		if (options.signal?.aborted) abort();
		try {
			return await this.#transfer(envelope, raw, body, warm);
		} finally {
			options.signal?.removeEventListener('abort', abort);
		}
	}

	quit(): void {
		if (this.#usable) this.wire.quit();
		this.#usable = false;
	}

	close(): void {
		this.#usable = false;
		this.wire.close();
	}

	#transfer(envelope: Envelope, raw: Buffer, body: HeldBody, warm: boolean): Promise<SendResult> {
		return new Promise((resolve) => {
			const finish = (result: SendResult) => {
				this.wire.off('end', lost);
				this.wire.off('error', lost);
				resolve(result);
			};
			// nodemailer does not call back for every way in which a connection can end.
			const lost = (error?: LibraryError) => {
				setImmediate(() => {
					finish(this.#failed(error ?? new Error('Connection closed'), body));
				});
			};
			this.wire.once('end', lost);
			this.wire.once('error', lost);
			body.onWithdrawn = () => {
				this.close();
				finish({ result: 'withdrawn' });
			};
			this.wire.send({ ...envelope, size: raw.length }, body, (error, info) => {
				if (error) finish(this.#failed(error, body));
				else
					finish({
						result: 'accepted',
						reply: this.#clean(info.response),
						accepted: info.accepted.map(String),
						rejected: this.#rejected(info.rejectedErrors),
						warm,
					});
			});
		});
	}

	#failed(error: LibraryError, body: HeldBody): SendResult {
		const stage = stageOf(error, body);
		if (error.response && /^[45]\d\d/.test(error.response)) {
			// A 421 says that the server is closing the connection (RFC 5321 section 3.8).
			if (error.response.startsWith('421')) this.close();
			const reply = this.#clean(error.response);
			return { result: 'refused', reply, stage, rejected: this.#rejected(error.rejectedErrors) };
		}
		if (error.code === 'EMESSAGE' && !body.begun)
			return {
				result: 'refused',
				reply: `552 5.3.4 ${error.message}`,
				stage: 'mailFrom',
				rejected: [],
			};
		this.close();
		const problem = describeConnectionError(
			{ code: error.code, message: wordsOf(error), reply: error.response, greeted: true },
			this.server,
		);
		return body.ended ? { result: 'unknown', problem } : { result: 'notSent', problem, stage };
	}

	#rejected(errors: readonly LibraryError[] = []): RejectedRecipient[] {
		return errors.map(({ recipient, response, message }) => ({
			address: recipient ?? '',
			reply: this.#clean(response ?? message),
		}));
	}

	#clean(text: string | undefined): string {
		return scrub(text, this.server.secrets);
	}
}

/** The message as a stream whose end waits for leave. */
class HeldBody extends Readable {
	/** The server has said 354, and the message is on its way. */
	begun = false;
	/** The final dot may have left. */
	ended = false;
	onWithdrawn: () => void = () => undefined;
	#offset = 0;
	#asked = false;

	constructor(
		private readonly raw: Buffer,
		private readonly leave: SendOptions['beforeFinalDot'],
	) {
		super({ highWaterMark: CHUNK });
	}

	override _read(): void {
		this.begun = true;
		if (this.raw.length - this.#offset > CHUNK) {
			const from = this.#offset;
			this.#offset += CHUNK;
			this.push(this.raw.subarray(from, this.#offset));
			return;
		}
		if (this.#asked) return;
		this.#asked = true;
		if (!this.leave) {
			this.#end();
			return;
		}
		this.leave().then(
			(granted) => {
				if (granted && !this.destroyed) this.#end();
				else this.onWithdrawn();
			},
			() => {
				this.onWithdrawn();
			},
		);
	}

	#end(): void {
		this.ended = true;
		this.push(this.raw.subarray(this.#offset));
		this.push(null);
	}
}

function serverOf({ host, port, security }: SmtpAccount, words?: SignInWords): ServerAddress {
	return { host, port, security, protocol: 'SMTP', secrets: secretsIn(words) };
}

function wireOptions(
	{ host, port, security, auth, ehloName, tls }: SmtpAccount,
	timeouts: ConnectionTimeouts,
) {
	return {
		host,
		port,
		secure: security === 'tls',
		requireTLS: security === 'starttls',
		ignoreTLS: security === 'none',
		...(ehloName ? { name: ehloName } : {}),
		...(auth && 'tokens' in auth ? { customAuth: TOKEN_SIGN_IN } : {}),
		connectionTimeout: timeouts.connectMs,
		greetingTimeout: timeouts.connectMs,
		dnsTimeout: timeouts.connectMs,
		socketTimeout: timeouts.silenceMs,
		// A reply of more than this is an attack.
		maxResponseSize: 256 * 1024,
		tls: {
			minVersion: 'TLSv1.2' as const,
			rejectUnauthorized: tls.allowInvalid !== true,
			...(tls.ca ? { ca: [...rootCertificates, tls.ca] } : {}),
		},
	};
}

function connect(
	wire: SMTPConnection,
): Promise<{ error: LibraryError; stage: SmtpStage } | undefined> {
	return new Promise((resolve) => {
		wire.once('error', (error: LibraryError) => {
			resolve({ error, stage: error.command === 'STARTTLS' ? 'tls' : 'greeting' });
		});
		wire.once('end', () => {
			resolve({ error: new Error('Connection closed'), stage: 'greeting' });
		});
		wire.connect((error) => {
			resolve(error ? { error: error, stage: 'greeting' } : undefined);
		});
	});
}

function stageOf(error: LibraryError, body: HeldBody): SmtpStage {
	if (body.begun) return 'body';
	if (error.command?.startsWith('RCPT')) return 'rcptTo';
	if (error.command === 'DATA') return 'data';
	return 'mailFrom';
}

/** The words of the error and of what caused it: TLS tells its reason only there. */
function wordsOf(error: LibraryError): string {
	const cause = error.cause instanceof Error ? error.cause.message : '';
	return `${error.message} ${cause}`;
}
