import { encodeWords } from './encoded-words';

/** Longer names are cut: no file system keeps more, and some readers drop the whole file. */
const MAX_CHARACTERS = 200;
/** Turn the direction of text round, and so show `exe.pdf` for `fdp.exe`. */
const BIDI_CONTROLS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file name as a mail can carry it: one line, no folder, nothing that hides its ending. */
export function cleanFileName(name: string): string {
	const oneLine = name
		.toWellFormed()
		.replace(BIDI_CONTROLS, '')
		.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
		.replace(/[/\\]+/g, '_')
		// Some readers decode what looks like an encoded word, whatever it stands in.
		.replaceAll('=?', '=_')
		.trim();
	return shortened(oneLine) || 'attachment';
}

/**
 * `filename` for Content-Disposition: quoted as it is in ASCII, else by RFC 2231, in pieces where it is
 * long (section 3), each on a line of its own.
 */
export function fileNameParameter(name: string): string {
	if (isSimple(name)) return `;\r\n filename="${quoted(name)}"`;
	const pieces = percentEncoded(name);
	if (pieces.length === 1) return `;\r\n filename*=UTF-8''${pieces[0] ?? ''}`;
	return pieces
		.map((piece, index) => `;\r\n filename*${index}*=${index === 0 ? "UTF-8''" : ''}${piece}`)
		.join('');
}

/** `name` for Content-Type: for readers that know no RFC 2231, by encoded words, as they all do it. */
export function nameParameter(name: string): string {
	return isSimple(name)
		? `;\r\n name="${quoted(name)}"`
		: `;\r\n name="${encodeWords(name).replaceAll(' ', '\r\n ')}"`;
}

function isSimple(name: string): boolean {
	return /^[\x20-\x7e]*$/.test(name);
}

function quoted(name: string): string {
	return name.replace(/["\\]/g, '\\$&');
}

/** Pieces of at most 60 characters; a character's bytes stay together. */
function percentEncoded(name: string): string[] {
	const pieces: string[] = [];
	let piece = '';
	for (const character of name) {
		const encoded = /^[A-Za-z0-9._-]$/.test(character)
			? character
			: [...Buffer.from(character)].map(percent).join('');
		if (piece.length + encoded.length > 60) {
			pieces.push(piece);
			piece = '';
		}
		piece += encoded;
	}
	return [...pieces, piece];
}

function percent(byte: number): string {
	return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Cut in the middle, so that the ending stays. */
function shortened(name: string): string {
	const characters = Array.from(name);
	if (characters.length <= MAX_CHARACTERS) return name;
	return `${characters.slice(0, MAX_CHARACTERS - 21).join('')}…${characters.slice(-20).join('')}`;
}
