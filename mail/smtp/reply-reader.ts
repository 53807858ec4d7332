/** A reply of more than this is an attack, in bytes. */
const LONGEST_REPLY = 256 * 1024;

/**
 * Makes replies of what a server writes (RFC 5321 section 4.2): lines that go together (`250-...`)
 * are one reply, joined by line feeds. What it costs is linear in what the server writes, however
 * the bytes come in.
 */
export class ReplyReader {
	#line = '';
	#reply = '';

	/** @returns the replies that these bytes complete; `tooLong` where the server does not come to an end */
	read(chunk: Buffer): string[] | 'tooLong' {
		const text = chunk.toString('latin1');
		const replies: string[] = [];
		let start = 0;
		for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
			const line = this.#line + text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
			this.#line = '';
			start = end + 1;
			this.#reply = this.#reply === '' ? line : `${this.#reply}\n${line}`;
			if (this.#reply.length > LONGEST_REPLY) return 'tooLong';
			if (isContinued(line)) continue;
			replies.push(decode(this.#reply));
			this.#reply = '';
		}
		this.#line += text.slice(start);
		return this.#line.length > LONGEST_REPLY ? 'tooLong' : replies;
	}

	/** A refusal whose line end never came, because the connection ended before. */
	get unfinishedRefusal(): string | undefined {
		const text = (this.#reply === '' ? this.#line : `${this.#reply}\n${this.#line}`).trim();
		return /^[45]\d\d[ -]/.test(text) ? decode(text) : undefined;
	}
}

function isContinued(line: string): boolean {
	return line[3] === '-' && /^\d\d\d-/.test(line);
}

/** Read as latin1, which keeps every byte; most replies hold nothing else than ASCII. */
function decode(text: string): string {
	return /[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text;
}
