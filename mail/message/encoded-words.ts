/** RFC 2047 section 2: an encoded word has at most 75 characters, `=?UTF-8?B?` and `?=` among them. */
const ROOM = 75 - '=?UTF-8?B?'.length - '?='.length;

/**
 * A text as encoded words with one space between them, which readers take away again. No character is
 * split between two of them (section 5). In Q where most of it is plain letters, so that people who look
 * at the source can read it; in B otherwise.
 */
export function encodeWords(text: string): string {
	const readable = text.replace(/[^A-Za-z0-9 ]+/g, '').length;
	return readable * 2 > text.length ? inQ(text) : inB(text);
}

function inB(text: string): string {
	// Three bytes become four characters.
	return packed(text, (character) => Buffer.byteLength(character), Math.floor(ROOM / 4) * 3)
		.map((piece) => `=?UTF-8?B?${Buffer.from(piece).toString('base64')}?=`)
		.join(' ');
}

function inQ(text: string): string {
	return packed(text, (character) => encodedQ(character).length, ROOM)
		.map((piece) => `=?UTF-8?Q?${Array.from(piece, encodedQ).join('')}?=`)
		.join(' ');
}

/** RFC 2047 section 5 (3): only these may stand for themselves wherever an encoded word may stand. */
function encodedQ(character: string): string {
	if (/^[A-Za-z0-9!*+/-]$/.test(character)) return character;
	if (character === ' ') return '_';
	return Array.from(Buffer.from(character), (byte) => `=${hex(byte)}`).join('');
}

function hex(byte: number): string {
	return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** The text in pieces, each as large as its characters' costs allow. */
function packed(text: string, cost: (character: string) => number, room: number): string[] {
	const pieces: string[] = [];
	let piece = '';
	let used = 0;
	for (const character of text) {
		const more = cost(character);
		if (used + more > room) {
			pieces.push(piece);
			piece = '';
			used = 0;
		}
		piece += character;
		used += more;
	}
	return [...pieces, piece];
}
