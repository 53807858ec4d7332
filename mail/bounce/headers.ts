import { decodeWords } from './charset';

/** Header fields by lower-case name, each with all its values, unfolded and decoded. */
export type Headers = ReadonlyMap<string, readonly string[]>;

const MAX_FIELDS = 2_000;
/** A field with ten thousand addresses has 300 KB. */
const MAX_VALUE = 1_000_000;

export function first(headers: Headers | undefined, name: string): string {
	return headers?.get(name)?.[0] ?? '';
}

const FIELD = /^([!-9;-~]{1,80})[ \t]*:(.*)$/s;

/**
 * Reads header fields from an offset on, until a line that is none: the blank line, or the body where
 * a server forgot it.
 *
 * @param text octets, with LF as newline
 * @returns the fields, and the offset of the body
 */
export function readHeaders(text: string, start = 0): { headers: Headers; end: number } {
	const headers = new Map<string, string[]>();
	let name = '';
	let value: string[] = [];
	let count = 0;
	const keep = () => {
		if (name === '' || count++ >= MAX_FIELDS) return;
		const known = headers.get(name);
		const decoded = decodeWords(value.join(' ').slice(0, MAX_VALUE)).trim();
		if (known) known.push(decoded);
		else headers.set(name, [decoded]);
	};
	let at = start;
	while (at < text.length) {
		const newline = text.indexOf('\n', at);
		const end = newline < 0 ? text.length : newline;
		const line = text.slice(at, end);
		const next = newline < 0 ? end : end + 1;
		// Some servers break a field after a semicolon and forget the blank that folds it.
		const isFolded =
			line.startsWith(' ') ||
			line.startsWith('\t') ||
			(value.at(-1)?.endsWith(';') === true && /^[\w*-]{1,40}="/.test(line));
		if (line === '' || (isFolded && line.trim() === '')) {
			keep();
			return { headers, end: next };
		}
		if (isFolded) {
			if (name !== '') value.push(line.trim());
		} else {
			const field = FIELD.exec(line);
			if (field) {
				keep();
				name = (field[1] ?? '').toLowerCase();
				value = [(field[2] ?? '').trim()];
			} else if (at !== start || !/^>?From /.test(line)) {
				// An mbox "From " line may stand first; anything else is the body, its blank line lost.
				keep();
				return { headers, end: at };
			}
		}
		at = next;
	}
	keep();
	return { headers, end: at };
}

/** `text/plain; charset=utf-8` -> its value and parameters, names in lower case (RFC 2045 section 5.1). */
export function readContentType(text: string): {
	value: string;
	parameters: Record<string, string>;
} {
	const semicolon = text.indexOf(';');
	// A server that forgot the semicolon still names the type first.
	const value =
		(semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase().split(/\s/)[0] ?? '';
	const parameters: Record<string, string> = {};
	if (semicolon < 0) return { value, parameters };
	for (const [, name = '', quoted, bare = ''] of text
		.slice(semicolon, semicolon + 4_000)
		.matchAll(
			/;[ \t]{0,20}([\w*-]{1,40})[ \t]{0,20}=[ \t]{0,20}(?:"([^"]{0,500})"|([^;"]{0,500}))/g,
		))
		parameters[name.toLowerCase()] = quoted ?? bare.trim();
	return { value, parameters };
}
