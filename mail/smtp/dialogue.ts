import type { Socket } from 'node:net';
import { ReplyReader } from './reply-reader';
import type { Conclusion, Transfer } from './transfer';
import type { WireMessage } from './wire-message';

/** The end of a message up to which it is held back until its sender agrees, in bytes. */
const HELD_BACK = 64 * 1024;
/** So much of a message is given to the socket at once: it has to be there while it is on its way. */
const SLICE = 256 * 1024;
/** How long a server may take to answer QUIT, in ms. */
const QUIT_MS = 2_000;

const FINAL_DOT = '.\r\n';

/** How the connection ended while a message was on it. */
export interface Loss {
	code: string;
	message: string;
}

const CLOSED: Loss = { code: 'ECONNECTION', message: 'Connection closed' };

export type TransferEnd = Conclusion | { end: 'lost'; loss: Loss };

interface InHand {
	transfer: Transfer;
	conclude: (end: TransferEnd) => void;
}

/**
 * The part of an SMTP session that carries messages, on a socket that is greeted and signed in.
 *
 * One message is on its way at a time. Once its final dot has left, the envelope of a second may ride
 * behind it, so that a message costs one round trip (RFC 2920 section 3.1). Replies come in order:
 * what becomes of the first is known before the second's 354.
 */
export class Dialogue {
	/** Called when the envelope of another message may ride behind the one whose dot just left. */
	onRoom: (() => void) | undefined;
	readonly #replies = new ReplyReader();
	readonly #inHand: InHand[] = [];
	#loss: Loss | undefined;
	#quitting = false;
	#needsReset = false;
	#corked = false;
	/** Wakes whoever waits for the socket to take more. */
	#wake: () => void = () => undefined;

	constructor(
		private readonly socket: Socket,
		private readonly pipelining: boolean,
	) {
		socket.on('data', (chunk: Buffer) => {
			this.#read(chunk);
		});
		socket.on('error', (error: NodeJS.ErrnoException) => {
			this.#lose({ code: error.code ?? 'ESOCKET', message: error.message });
		});
		socket.on('timeout', () => {
			this.#lose({ code: 'ETIMEDOUT', message: 'Timeout' });
		});
		for (const ending of ['end', 'close'] as const)
			socket.on(ending, () => {
				this.#lose(CLOSED);
			});
		if (socket.destroyed) this.close();
	}

	get usable(): boolean {
		return this.#loss === undefined && !this.#quitting;
	}

	/** Whether the envelope of a message may ride behind the one that is in hand. */
	get hasRoomBehind(): boolean {
		const [first, second] = this.#inHand;
		return this.usable && this.pipelining && first?.transfer.ended === true && !second;
	}

	/** Whether the next message has to clear away an envelope that was not used. */
	get needsReset(): boolean {
		return this.#needsReset;
	}

	/** Brings a message to the server, when nothing is in hand or `hasRoomBehind`. Never rejects. */
	send(transfer: Transfer): Promise<TransferEnd> {
		return new Promise((conclude) => {
			if (!this.usable) {
				conclude({ end: 'lost', loss: this.#loss ?? CLOSED });
				return;
			}
			this.#needsReset = false;
			this.#inHand.push({ transfer, conclude });
			this.socket.write(transfer.opening);
		});
	}

	/** Cuts a message off; the one before it is given the time to get its reply. */
	abort(transfer: Transfer): void {
		transfer.aborted = true;
		if (this.#inHand[0]?.transfer === transfer) this.close();
	}

	holdProcess(hold: boolean): void {
		if (hold) this.socket.ref();
		else this.socket.unref();
	}

	quit(): void {
		if (!this.usable) return;
		this.#quitting = true;
		this.socket.write('QUIT\r\n');
		const timer = setTimeout(() => {
			this.close();
		}, QUIT_MS);
		timer.unref();
		this.socket.once('close', () => {
			clearTimeout(timer);
		});
	}

	close(): void {
		this.#lose(CLOSED);
	}

	#read(chunk: Buffer): void {
		const replies = this.#replies.read(chunk);
		if (replies === 'tooLong') {
			this.#lose({ code: 'EPROTOCOL', message: 'The reply of the server has no end' });
			return;
		}
		for (const reply of replies) {
			if (this.#loss) return;
			this.#take(reply);
		}
	}

	#take(reply: string): void {
		const [first] = this.#inHand;
		// A reply that nobody waits for: a 421 before the server closes, the one to QUIT, or one that
		// would be taken for the answer to the next message.
		if (!first) {
			this.close();
			return;
		}
		const { transfer } = first;
		const step = transfer.take(reply);
		switch (step.next) {
			case 'wait':
				return;
			case 'say':
				this.socket.write(step.command);
				return;
			case 'body':
				void this.#sendBody(first);
				return;
			case 'end':
				this.#needsReset = transfer.leavesTransaction;
				transfer.isOut = this.socket.writableLength === 0;
				this.#conclude(first, step.conclusion);
				if (step.close || this.#inHand[0]?.transfer.aborted) this.close();
		}
	}

	/** Everything but the end of it, then, with the leave of its sender, the end and the final dot. */
	async #sendBody(inHand: InHand): Promise<void> {
		const { transfer } = inHand;
		const { early, held } = splitEnd(transfer.message);
		for (const slice of early) {
			await this.#flushed(slice);
			if (this.#loss) return;
		}
		if (transfer.leave && !(await mayLeave(transfer.leave))) {
			if (this.#inHand.includes(inHand)) this.#conclude(inHand, { end: 'withdrawn' });
			this.close();
			return;
		}
		// Refused in the middle, or the connection is gone.
		if (this.#loss || this.#inHand[0] !== inHand) return;
		transfer.ended = true;
		this.#cork();
		for (const piece of held) this.socket.write(piece);
		this.socket.write(FINAL_DOT, 'latin1');
		if (this.hasRoomBehind) this.onRoom?.();
	}

	/** What is written until the end of this turn leaves together: the dot, and an envelope behind it. */
	#cork(): void {
		if (this.#corked) return;
		this.#corked = true;
		this.socket.cork();
		process.nextTick(() => {
			this.#corked = false;
			this.socket.uncork();
		});
	}

	/** Waits until the socket has let go of these bytes, or is gone. */
	#flushed(slice: Buffer): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
			this.socket.write(slice, () => {
				resolve();
			});
		});
	}

	#conclude(inHand: InHand, end: TransferEnd): void {
		this.#inHand.splice(this.#inHand.indexOf(inHand), 1);
		inHand.conclude(end);
	}

	#lose(loss: Loss): void {
		if (this.#loss) return;
		// A refusal counts even if the connection ended within its line.
		const refusal = this.#replies.unfinishedRefusal;
		if (refusal !== undefined && this.#inHand.length > 0 && loss.code === 'ECONNECTION')
			this.#takeLast(refusal);
		this.#loss = loss;
		this.socket.destroy();
		for (const { conclude } of this.#inHand.splice(0)) conclude({ end: 'lost', loss });
		this.#wake();
	}

	#takeLast(refusal: string): void {
		const [first] = this.#inHand;
		const step = first?.transfer.take(refusal);
		if (first && step?.next === 'end') this.#conclude(first, step.conclusion);
	}
}

async function mayLeave(leave: () => Promise<boolean>): Promise<boolean> {
	try {
		return await leave();
	} catch {
		return false;
	}
}

/** A small message is held back whole: it then leaves in one write, with its dot. */
function splitEnd({ pieces, size }: WireMessage): { early: Buffer[]; held: Buffer[] } {
	if (size <= HELD_BACK) return { early: [], held: [...pieces] };
	const early: Buffer[] = [];
	const held: Buffer[] = [];
	let left = size - HELD_BACK;
	for (const piece of pieces) {
		const cut = Math.min(left, piece.length);
		left -= cut;
		for (let from = 0; from < cut; from += SLICE)
			early.push(piece.subarray(from, Math.min(from + SLICE, cut)));
		if (cut < piece.length) held.push(piece.subarray(cut));
	}
	return { early, held };
}
