import { notifyParameters, reportParameters } from './delivery-parameters';
import type { Envelope, SendOptions, SmtpStage } from './send-result';
import { declaredSize } from './wire-message';
import type { WireMessage } from './wire-message';

/** What the server's EHLO offered, as far as a message is concerned. */
export interface ServerFeatures {
	/** Commands need not wait for each other's replies (RFC 2920). */
	pipelining: boolean;
	/** Addresses outside ASCII (RFC 6531). */
	smtpUtf8: boolean;
	/** Takes SIZE with MAIL FROM (RFC 1870). */
	declaresSize: boolean;
	/** Delivery status notifications as asked for (RFC 3461). */
	notifies: boolean;
	/** Promises TLS on the rest of the way, and is reached by TLS (RFC 8689). */
	requiresTls: boolean;
	/** The largest message, in bytes; 0 when it is not said. */
	largest: number;
}

/** What a transfer came to, before it is put into words for the user. */
export type Conclusion =
	| { end: 'accepted'; reply: string; accepted: string[]; rejected: Rejection[] }
	| { end: 'refused'; reply: string; stage: SmtpStage; rejected: Rejection[] }
	/** The server broke the protocol. Whether it has the message depends on whether the dot had left. */
	| { end: 'broken'; why: string }
	| { end: 'withdrawn' };

export interface Rejection {
	address: string;
	reply: string;
}

/** What is to be done after a reply. */
export type Step =
	| { next: 'wait' }
	| { next: 'say'; command: string }
	| { next: 'body' }
	/** `close`: the two sides may no longer agree on what comes next. */
	| { next: 'end'; conclusion: Conclusion; close: boolean };

interface Command {
	stage: 'reset' | 'mailFrom' | 'rcptTo' | 'data';
	text: string;
	address?: string;
}

const WAIT: Step = { next: 'wait' };

/**
 * One message's way through the dialogue (RFC 5321 section 3.3): which commands are out, which reply
 * belongs to which, and how far the message is. It neither reads nor writes.
 */
export class Transfer {
	/** The server has said 354, and the message is on its way. */
	begun = false;
	/** The final dot may have left. */
	ended = false;
	/** Every byte of it had left the process when the last reply came. */
	isOut = false;
	/** Somebody wants it no more; it is cut off as soon as nothing else would be. */
	aborted = false;
	/** The server holds a sender and perhaps recipients of this message that were never used. */
	leavesTransaction = false;
	readonly #commands: readonly Command[];
	#answered = 0;
	#refusal: { reply: string; stage: SmtpStage } | undefined;
	readonly #accepted: string[] = [];
	readonly #rejected: Rejection[] = [];

	/** @param reset the server still holds the envelope of an earlier message */
	constructor(
		envelope: Envelope,
		readonly message: WireMessage,
		private readonly features: ServerFeatures,
		readonly leave: SendOptions['beforeFinalDot'],
		reset: boolean,
	) {
		this.#commands = commandsFor(envelope, declaredSize(message), features, reset);
	}

	/** What is said first: all commands at once where the server allows it. */
	get opening(): string {
		const commands = this.features.pipelining ? this.#commands : this.#commands.slice(0, 1);
		return commands.map(({ text }) => text).join('');
	}

	/** Where it is, for whoever has to tell where it broke. */
	get stage(): SmtpStage {
		if (this.begun) return 'body';
		const stage = this.#commands[this.#answered]?.stage;
		return stage === undefined || stage === 'reset' ? 'mailFrom' : stage;
	}

	/** Takes the next reply of the server. */
	take(reply: string): Step {
		const kind = kindOf(reply);
		if (kind === undefined) return broken(`no SMTP reply: ${reply.slice(0, 100)}`);
		if (this.ended) return this.#takeVerdict(reply, kind);
		// The server is closing the connection (RFC 5321 section 3.8).
		if (reply.startsWith('421')) return this.#refused({ reply, stage: this.stage }, true);
		if (this.begun)
			return kind === '4' || kind === '5'
				? this.#refused({ reply, stage: 'body' }, true)
				: broken(`an answer before the message was complete: ${reply.slice(0, 100)}`);
		return this.#takeAnswer(reply, kind);
	}

	#takeVerdict(reply: string, kind: string): Step {
		if (kind === '4' || kind === '5')
			return this.#refused({ reply, stage: 'body' }, reply.startsWith('421'));
		if (kind !== '2') return broken(`no answer to the message: ${reply.slice(0, 100)}`);
		const conclusion = {
			end: 'accepted',
			reply,
			accepted: this.#accepted,
			rejected: this.#rejected,
		} as const;
		return { next: 'end', conclusion, close: false };
	}

	#takeAnswer(reply: string, kind: string): Step {
		const command = this.#commands[this.#answered++];
		switch (command?.stage) {
			case 'reset':
				if (kind !== '2') return broken(`RSET was refused: ${reply.slice(0, 100)}`);
				break;
			case 'mailFrom':
				if (kind === '2') this.leavesTransaction = true;
				else this.#refusal = { reply, stage: 'mailFrom' };
				break;
			case 'rcptTo':
				if (kind === '2') this.#accepted.push(command.address ?? '');
				else this.#rejected.push({ address: command.address ?? '', reply });
				break;
			default:
				return this.#takeLeave(reply);
		}
		if (this.features.pipelining) return WAIT;
		const next = this.#commands[this.#answered];
		const refusal = next?.stage === 'data' ? this.#envelopeRefusal : this.#refusal;
		if (refusal) return this.#refused(refusal, false);
		return { next: 'say', command: next?.text ?? '' };
	}

	/** The reply to DATA. */
	#takeLeave(reply: string): Step {
		const isReady = reply.startsWith('354');
		const refusal = this.#envelopeRefusal;
		// A server that waits for a message to nobody is left waiting: an empty one might be delivered.
		if (refusal) return this.#refused(refusal, isReady);
		if (!isReady) return this.#refused({ reply, stage: 'data' }, kindOf(reply) === '3');
		this.begun = true;
		this.leavesTransaction = false;
		return { next: 'body' };
	}

	get #envelopeRefusal(): { reply: string; stage: SmtpStage } | undefined {
		if (this.#refusal) return this.#refusal;
		const last = this.#rejected.at(-1);
		return last && this.#accepted.length === 0 ? { reply: last.reply, stage: 'rcptTo' } : undefined;
	}

	#refused({ reply, stage }: { reply: string; stage: SmtpStage }, close: boolean): Step {
		const kind = kindOf(reply);
		// A yes where only 354 or a no has a meaning.
		if (kind !== '4' && kind !== '5')
			return broken(`an answer out of turn: ${reply.slice(0, 100)}`);
		const conclusion = { end: 'refused', reply, stage, rejected: this.#rejected } as const;
		return { next: 'end', conclusion, close };
	}
}

function broken(why: string): Step {
	return { next: 'end', conclusion: { end: 'broken', why }, close: true };
}

/** The first digit of a reply; undefined for what is none (RFC 5321 section 4.2.1). */
function kindOf(reply: string): string | undefined {
	return /^[2-5]\d\d(?:[ \n-]|$)/.test(reply) ? reply[0] : undefined;
}

/** A message that cannot be brought to this server, found out before a word is said. */
export function unfit(
	{ from, to, requireTls }: Envelope,
	message: WireMessage,
	{ largest, smtpUtf8, requiresTls }: ServerFeatures,
): Conclusion | undefined {
	const size = declaredSize(message);
	const refuse = (reply: string, stage: SmtpStage): Conclusion => ({
		end: 'refused',
		reply,
		stage,
		rejected: [],
	});
	if (largest > 0 && size > largest)
		return refuse(
			`552 5.3.4 The message has ${size} bytes; this server takes ${largest}.`,
			'mailFrom',
		);
	if (requireTls && !requiresTls)
		return refuse(
			'550 5.7.30 This server does not promise TLS to the end (REQUIRETLS), which was asked for.',
			'mailFrom',
		);
	if (isNoPath(from)) return refuse('553 5.1.7 The sender is no address.', 'mailFrom');
	if (to.length === 0 || to.some((address) => address === '' || isNoPath(address)))
		return refuse('553 5.1.3 The recipient is no address.', 'rcptTo');
	if (!smtpUtf8 && isInternational(from))
		return refuse('553 5.6.7 This server takes no sender with letters outside ASCII.', 'mailFrom');
	if (!smtpUtf8 && to.some(isInternational))
		return refuse('553 5.6.7 This server takes no addresses with letters outside ASCII.', 'rcptTo');
	return undefined;
}

/** What would end the command, or the path in it. */
function isNoPath(address: string): boolean {
	return /[\p{Cc}<>]/u.test(address);
}

function isInternational(address: string): boolean {
	return /[^\0-\x7f]/.test(address);
}

function commandsFor(
	{ from, to, notification, requireTls }: Envelope,
	size: number,
	{ declaresSize, notifies }: ServerFeatures,
	reset: boolean,
): Command[] {
	const utf8 = isInternational(from) || to.some(isInternational) ? ' SMTPUTF8' : '';
	const declared = declaresSize ? ` SIZE=${size}` : '';
	const toTheEnd = requireTls ? ' REQUIRETLS' : '';
	const asked = notifies ? notification : undefined;
	const report = asked ? reportParameters(asked) : '';
	const notify = (address: string) => (asked ? notifyParameters(asked, address) : '');
	return [
		...(reset ? [{ stage: 'reset', text: 'RSET\r\n' } as const] : []),
		{ stage: 'mailFrom', text: `MAIL FROM:<${from}>${utf8}${declared}${toTheEnd}${report}\r\n` },
		...to.map(
			(address) =>
				({ stage: 'rcptTo', text: `RCPT TO:<${address}>${notify(address)}\r\n`, address }) as const,
		),
		{ stage: 'data', text: 'DATA\r\n' },
	];
}
