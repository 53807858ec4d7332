import { giveBackBuffer, takeBuffer } from './buffers';
import type { DkimBodyHash } from './dkim-body';
import type { Segment } from './layout';
import { roomFor, writeQuotedPrintable } from './quoted-printable';
import type { EncodedLiterals } from './quoted-printable';

/** What is larger than this is not copied into each mail, but goes along as a piece of its own. */
const LARGE = 32 * 1024;
/** A buffer of more than this is not kept for the next mail. */
const SCRATCH_KEPT = 1024 * 1024;

/** Kept from mail to mail: large buffers cost more to make than to fill. Writing is synchronous. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** Writes one copy of a campaign's mail, in few pieces; what copies share stays shared. */
export class MessageWriter {
	readonly pieces: Buffer[] = [];
	/** Of all pieces, in bytes. */
	size = 0;
	/** Those of its pieces that are of no other copy. */
	readonly #own: Buffer[] = [];
	#buffer = scratch;
	#at = 0;

	/** @param hash of what is written from now on, where the mail is signed */
	constructor(private readonly hash?: DkimBodyHash) {}

	segment({ bytes, base64 }: Exclude<Segment, string>): void {
		if (base64) this.hash?.updateRelaxed(bytes);
		else this.hash?.update(bytes);
		if (bytes.length >= LARGE) {
			this.#cut();
			this.#take(bytes);
			return;
		}
		this.#ensure(bytes.length);
		this.#at += bytes.copy(this.#buffer, this.#at);
	}

	quotedPrintable(text: string, literals: EncodedLiterals): void {
		this.#ensure(roomFor(text, literals));
		const start = this.#at;
		this.#at = writeQuotedPrintable(text, this.#buffer, start, literals);
		if (!this.hash) return;
		const lines = this.#buffer.subarray(start, this.#at);
		if (literals.areRelaxedIn(text)) this.hash.updateRelaxed(lines);
		else this.hash.update(lines);
	}

	/** Puts the header before what was written, and lets go of the buffer. To be called once. */
	end(head: string): void {
		if (this.pieces.length > 0) {
			this.letGo();
			this.#takeFirst(Buffer.from(head));
			return;
		}
		// A small mail is one piece.
		const length = Buffer.byteLength(head);
		const whole = this.#room(length + this.#at);
		whole.write(head);
		this.#buffer.copy(whole, length, 0, this.#at);
		this.#at = 0;
		this.#take(whole);
		this.letGo();
	}

	/** The copy is not needed any more: its buffers may hold another. */
	giveBack(): void {
		for (const buffer of this.#own.splice(0)) giveBackBuffer(buffer);
	}

	#room(size: number): Buffer {
		const buffer = takeBuffer(size);
		this.#own.push(buffer);
		return buffer.subarray(0, size);
	}

	/** Takes what was written out of the buffer, which the next mail may then use. */
	letGo(): void {
		this.#cut();
		if (this.#buffer.length <= SCRATCH_KEPT) scratch = this.#buffer;
	}

	#takeFirst(piece: Buffer): void {
		this.pieces.unshift(piece);
		this.size += piece.length;
	}

	#take(piece: Buffer): void {
		this.pieces.push(piece);
		this.size += piece.length;
	}

	#cut(): void {
		if (this.#at === 0) return;
		const piece = this.#room(this.#at);
		this.#buffer.copy(piece, 0, 0, this.#at);
		this.#take(piece);
		this.#at = 0;
	}

	#ensure(room: number): void {
		if (this.#at + room <= this.#buffer.length) return;
		const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + room));
		this.#buffer.copy(larger, 0, 0, this.#at);
		this.#buffer = larger;
	}
}
