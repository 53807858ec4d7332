import type { MailboxMessage } from './message';

/** What messages that are handed on together may hold in memory. */
const MAX_BYTES = 16 * 2 ** 20;

/** Messages gathered until there are enough to be handed on together. */
export class Group {
	private messages: MailboxMessage[] = [];
	private bytes = 0;

	/** @param limit how many at most */
	constructor(private readonly limit: number) {}

	get isFull(): boolean {
		return this.messages.length >= this.limit || this.bytes >= MAX_BYTES;
	}

	add(message: MailboxMessage): void {
		this.messages.push(message);
		this.bytes += message.raw.length;
		for (const { content } of message.parts?.parts ?? []) this.bytes += content.length;
	}

	/** Takes out what was gathered. */
	empty(): MailboxMessage[] {
		const { messages } = this;
		this.messages = [];
		this.bytes = 0;
		return messages;
	}
}
