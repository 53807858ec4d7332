import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Socket } from 'node:net';
import { rootCertificates, TLSSocket } from 'node:tls';

import type { SmtpAccount } from './account';
import { describeConnectionError, scrub } from './diagnose';
import type { ServerAddress } from './diagnose';
import { Dialogue } from './dialogue';
import type { TransferEnd } from './dialogue';
import { readOffer } from './offer';
import type { ServerOffer } from './offer';
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
import { Transfer, unfit } from './transfer';
import type { Rejection, ServerFeatures } from './transfer';
import { asWireMessage } from './wire-message';
import type { WireMessage } from './wire-message';

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
}

/**
 * One signed-in connection, that knows in which phase a message is when something breaks.
 *
 * nodemailer connects, secures and signs in. The messages are ours (`Dialogue`), for it is there that
 * every byte counts: before the final dot no server can have a message, after it a server may.
 */
export class SmtpConnection {
	/** Messages given to the connection so far. */
	sent = 0;
	readonly #inHand = new Set<{ transfer: Transfer; signal: AbortSignal | undefined }>();
	readonly #listensTo = new WeakSet<AbortSignal>();

	private constructor(
		private readonly dialogue: Dialogue,
		private readonly features: ServerFeatures,
		private readonly server: ServerAddress,
		/** What the server said that it can do. */
		readonly offer: ServerOffer,
	) {}

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
		const { socket, features, offer } = takeOver(wire);
		const dialogue = new Dialogue(socket, features.pipelining);
		return { ok: true, connection: new SmtpConnection(dialogue, features, server, offer) };
	}

	/** false once the connection broke or the server closed it. */
	get usable(): boolean {
		return this.dialogue.usable;
	}

	/** Whether a message may ride behind the one whose reply is awaited. */
	get hasRoomBehind(): boolean {
		return this.dialogue.hasRoomBehind;
	}

	/** To be told when a message may ride behind the one whose final dot just left. */
	onRoom(tell: () => void): void {
		this.dialogue.onRoom = tell;
	}

	/** Whether the process stays alive for this connection's sake. */
	holdProcess(hold: boolean): void {
		this.dialogue.holdProcess(hold);
	}

	/** Sends one message, when nothing is in hand or `hasRoomBehind`. Never rejects. */
	async send(
		envelope: Envelope,
		message: Buffer | WireMessage,
		options: SendOptions = {},
	): Promise<SendResult> {
		const warm = this.sent > 0;
		this.sent += 1;
		const { signal, beforeFinalDot } = options;
		const wire = Buffer.isBuffer(message) ? asWireMessage(message) : message;
		const { dialogue, features } = this;
		const transfer = new Transfer(envelope, wire, features, beforeFinalDot, dialogue.needsReset);
		const misfit = unfit(envelope, wire, features);
		if (misfit) return this.#resultOf(misfit, transfer, warm);
		if (signal) this.#listenTo(signal);
		const inHand = { transfer, signal };
		this.#inHand.add(inHand);
		try {
			const sending = dialogue.send(transfer);
			if (signal?.aborted) dialogue.abort(transfer);
			return this.#resultOf(await sending, transfer, warm);
		} finally {
			this.#inHand.delete(inHand);
		}
	}

	/** Once for all messages that the signal is for: a campaign gives the same with each. */
	#listenTo(signal: AbortSignal): void {
		if (this.#listensTo.has(signal)) return;
		this.#listensTo.add(signal);
		signal.addEventListener(
			'abort',
			() => {
				for (const inHand of this.#inHand)
					if (inHand.signal === signal) this.dialogue.abort(inHand.transfer);
			},
			{ once: true },
		);
	}

	quit(): void {
		this.dialogue.quit();
	}

	close(): void {
		this.dialogue.close();
	}

	#resultOf(end: TransferEnd, transfer: Transfer, warm: boolean): SendResult {
		switch (end.end) {
			case 'accepted':
				return {
					result: 'accepted',
					reply: this.#clean(end.reply),
					accepted: end.accepted,
					rejected: this.#rejected(end.rejected),
					warm,
					isOut: transfer.isOut,
				};
			case 'refused': {
				const reply = this.#clean(end.reply);
				return {
					result: 'refused',
					reply,
					stage: end.stage,
					rejected: this.#rejected(end.rejected),
				};
			}
			case 'withdrawn':
				return { result: 'withdrawn' };
			case 'broken':
				return this.#lost({ code: 'EPROTOCOL', message: end.why }, transfer);
			case 'lost':
				return this.#lost(end.loss, transfer);
		}
	}

	#lost(failure: { code: string; message: string }, { ended, stage }: Transfer): SendResult {
		const problem = describeConnectionError({ ...failure, greeted: true }, this.server);
		return ended ? { result: 'unknown', problem } : { result: 'notSent', problem, stage };
	}

	#rejected(rejected: readonly Rejection[]): RejectedRecipient[] {
		return rejected.map(({ address, reply }) => ({ address, reply: this.#clean(reply) }));
	}

	#clean(text: string): string {
		return scrub(text, this.server.secrets);
	}
}

/** What nodemailer keeps to itself. */
interface WireInternals {
	_socket: Socket;
	_supportedExtensions: readonly string[];
	_maxAllowedSize: number;
	/** Missing where the server knows HELO only. */
	_ehloLines?: readonly string[];
	/** Missing without sign-in. */
	_authMethod?: string;
	_remainder: string;
	_responseQueue: readonly string[];
	_onSocketData: () => void;
	_onSocketTimeout: () => void;
	_onSocketClose: () => void;
	_onSocketEnd: () => void;
	_onSocketError: () => void;
}

/** Takes the socket out of nodemailer's hands, once it is connected, secured and signed in. */
function takeOver(wire: SMTPConnection): {
	socket: Socket;
	features: ServerFeatures;
	offer: ServerOffer;
} {
	const inside = wire as unknown as WireInternals;
	const socket = inside._socket;
	socket.off('data', inside._onSocketData);
	socket.off('timeout', inside._onSocketTimeout);
	socket.off('close', inside._onSocketClose);
	socket.off('end', inside._onSocketEnd);
	socket.off('error', inside._onSocketError);
	// Words that nobody asked for would be taken for the answer to the first message.
	if (inside._remainder !== '' || inside._responseQueue.length > 0) socket.destroy();
	const offers = new Set(inside._supportedExtensions);
	const features = {
		pipelining: offers.has('PIPELINING'),
		smtpUtf8: offers.has('SMTPUTF8'),
		declaresSize: offers.has('SIZE'),
		notifies: offers.has('DSN'),
		requiresTls: offers.has('REQUIRETLS') && socket instanceof TLSSocket,
		largest: inside._maxAllowedSize,
	};
	const offer = readOffer(socket, {
		ehloLines: inside._ehloLines ?? [],
		largest: features.largest,
		signInMethod: inside._authMethod,
	});
	return { socket, features, offer };
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

/** The words of the error and of what caused it: TLS tells its reason only there. */
function wordsOf(error: LibraryError): string {
	const cause = error.cause instanceof Error ? error.cause.message : '';
	return `${error.message} ${cause}`;
}
