import type { DeliveryNotification } from '../model/delivery-notification';
import type { WireMessage } from './wire-message';

/**
 * What became of one message on the wire.
 *
 * The three ways to fail differ in what may be done next: after `refused` the server has spoken,
 * after `notSent` no server can have the message, after `unknown` it may.
 */
export type SendResult =
	| {
			result: 'accepted';
			reply: string;
			accepted: string[];
			rejected: RejectedRecipient[];
			warm: boolean;
			/** Every byte had left the process when the reply came: the message's buffers are free. */
			isOut?: boolean;
	  }
	| { result: 'refused'; reply: string; stage: SmtpStage; rejected: RejectedRecipient[] }
	| { result: 'notSent'; problem: SmtpProblem; stage: SmtpStage }
	| { result: 'unknown'; problem: SmtpProblem }
	/** The gate before the final dot answered no: the message was cut off, no server has it. */
	| { result: 'withdrawn' };

export interface RejectedRecipient {
	address: string;
	reply: string;
}

export type SmtpStage =
	'connect' | 'greeting' | 'tls' | 'signIn' | 'mailFrom' | 'rcptTo' | 'data' | 'body';

/** A failure of the connection or the sign-in, in words for the user; never holds a secret. */
export interface SmtpProblem {
	code:
		| 'hostNotFound'
		| 'nobodyListening'
		| 'timeout'
		| 'notAMailServer'
		| 'wrongSecurity'
		| 'starttlsMissing'
		| 'certificate'
		| 'wrongPassword'
		| 'tokenRefused'
		| 'signInRefused'
		| 'signInUnsupported'
		| 'connectionLost'
		| 'refusedByServer'
		| 'protocol'
		| 'limitReached'
		| 'cancelled';
	/** One plain sentence: what happened, to which server. */
	message: string;
	/** What to do about it, one or two sentences. */
	advice: string;
	/** The server's own words, secrets taken out. */
	reply?: string;
}

export interface Envelope {
	/** Envelope sender (return path); empty for none. */
	from: string;
	to: string[];
	/** Left out of the dialogue with a server that does not offer DSN. */
	notification?: DeliveryNotification;
	/** The message is not given to a server that does not offer REQUIRETLS (RFC 8689). */
	requireTls?: true;
}

export interface SendOptions {
	/**
	 * Asked when the whole message but its end is on its way, before the final dot leaves. Only `true`
	 * lets the dot go; on `false` the connection is cut, so that no server accepts the message.
	 */
	beforeFinalDot?: () => Promise<boolean>;
	signal?: AbortSignal;
	/**
	 * Where all connections are busy, its envelope may go out behind a message whose reply is still
	 * awaited (RFC 2920), which saves a round trip. It then stays with that connection.
	 */
	mayFollow?: boolean;
}

/** Signed-in connections to one account, kept warm between messages. */
export interface SmtpPool {
	/**
	 * Waits for a free connection; never rejects.
	 *
	 * @param message any bytes, or a message that was made for the wire
	 */
	send(
		envelope: Envelope,
		message: Buffer | WireMessage,
		options?: SendOptions,
	): Promise<SendResult>;
	/** Connections open now, busy and idle. */
	readonly size: number;
	/** Lets what is on the wire finish, then closes all. */
	close(): Promise<void>;
}
