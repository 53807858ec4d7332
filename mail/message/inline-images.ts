import { Tokenizer } from 'htmlparser2';

import type { Attachment } from './attachment';

export type PlacedImages =
	| { ok: true; html: string; files: Attachment[]; images: Attachment[] }
	| { ok: false; problem: string };

/** Attributes that show a file: pictures, table and body backgrounds, the still of a video. */
const SHOWING = new Set(['src', 'background', 'poster']);
/** `url(cid:logo)` in styles; anything that cannot stand in a name ends it. */
const CID_IN_TEXT = /cid:([^\s"'()<>;,\\]{1,200})/gi;
/** A mail with more is a mistake, and every one costs a part. */
const MAX_IMAGES = 500;

/**
 * Finds the pictures that the HTML shows, and makes them parts of the mail: those it names by `cid:` or
 * by their bare file name (`<img src="logo.png">`), and those that it holds as `data:` URIs, which mail
 * readers do not show.
 *
 * @param attached what the user attaches; what the HTML shows leaves the files
 * @param beside what could be shown but is not attached unless the HTML names it
 * @param contentId makes the ID of the picture at this place
 */
export function placeImages(
	html: string,
	{ attached, beside }: { attached: readonly Attachment[]; beside: readonly Attachment[] },
	contentId: (index: number) => string,
): PlacedImages {
	const shown = new Map<Attachment, string>();
	const made: Attachment[] = [];
	const known = namesOf([...attached, ...beside]);
	if (known.size === 0 && !/cid:|data:/i.test(html))
		return { ok: true, html, files: [...attached], images: [] };
	let problem: string | undefined;

	const idOf = (image: Attachment): string => {
		let id = shown.get(image);
		if (id === undefined) {
			id = contentId(shown.size + made.length);
			shown.set(image, id);
		}
		return id;
	};
	const byCid = (name: string): string | undefined => {
		const image = known.get(decoded(name).toLowerCase());
		if (image) return `cid:${idOf(image)}`;
		problem ??= `The HTML shows "cid:${name.slice(0, 80)}", but the item has no file of that name, so the mail was not sent.`;
		return undefined;
	};
	const replace = (value: string): string | undefined => {
		const reference = value.trim();
		if (/^cid:/i.test(reference)) return byCid(reference.slice(4));
		if (/^data:/i.test(reference)) {
			const image = fromDataUri(reference, made.length);
			if (!image) return undefined;
			image.contentId = contentId(shown.size + made.length);
			made.push(image);
			return `cid:${image.contentId}`;
		}
		const image = known.get(decoded(reference).toLowerCase());
		return image && `cid:${idOf(image)}`;
	};

	const changes: Change[] = [];
	for (const place of placesIn(html)) {
		if (shown.size + made.length > MAX_IMAGES)
			return { ok: false, problem: `The HTML shows more than ${MAX_IMAGES} pictures.` };
		if (place.kind === 'attribute') {
			const value = replace(place.value);
			if (value !== undefined) changes.push({ ...place, value });
			continue;
		}
		for (const match of place.value.matchAll(CID_IN_TEXT)) {
			const value = byCid(match[1] ?? '');
			const start = place.start + match.index;
			if (value !== undefined) changes.push({ start, end: start + match[0].length, value });
		}
	}
	if (problem !== undefined) return { ok: false, problem };
	return {
		ok: true,
		html: applied(html, changes),
		files: attached.filter((file) => !shown.has(file)),
		images: [...[...shown].map(([image, id]) => ({ ...image, contentId: id })), ...made],
	};
}

interface Change {
	start: number;
	end: number;
	value: string;
}

interface Place extends Change {
	/** The value of an attribute that shows a file, or a text that may hold `cid:` in its middle. */
	kind: 'attribute' | 'style';
}

/**
 * Where the HTML may name a file. The tokenizer is linear in the length of its input, and keeps places
 * as they stand, so that all else of the HTML stays as it was written.
 */
function placesIn(html: string): Place[] {
	const places: Place[] = [];
	let tag = '';
	let attribute = '';
	let start = -1;
	let end = -1;
	let inStyle = false;
	const nothing = () => undefined;
	const tokenizer = new Tokenizer(
		{ decodeEntities: false },
		{
			onopentagname(from, to) {
				tag = html.slice(from, to).toLowerCase();
			},
			onopentagend() {
				inStyle = tag === 'style';
			},
			onclosetag() {
				inStyle = false;
			},
			onattribname(from, to) {
				attribute = html.slice(from, to).toLowerCase();
				start = -1;
			},
			onattribdata(from, to) {
				if (start < 0) start = from;
				end = to;
			},
			// Where the attribute ends its quotes are part of it.
			onattribend() {
				if (start < 0) return;
				const place = { start, end, value: html.slice(start, end) };
				if (SHOWING.has(attribute) && tag !== 'script' && tag !== 'iframe')
					places.push({ ...place, kind: 'attribute' });
				else if (attribute === 'style') places.push({ ...place, kind: 'style' });
			},
			ontext(from, to) {
				if (inStyle)
					places.push({ kind: 'style', start: from, end: to, value: html.slice(from, to) });
			},
			onattribentity: nothing,
			oncdata: nothing,
			oncomment: nothing,
			ondeclaration: nothing,
			onend: nothing,
			onprocessinginstruction: nothing,
			onselfclosingtag: nothing,
			ontextentity: nothing,
		},
	);
	tokenizer.write(html);
	tokenizer.end();
	return places;
}

/** Each file by its name, by the name of its field, and by both without the ending of a file. */
function namesOf(attachments: readonly Attachment[]): Map<string, Attachment> {
	const known = new Map<string, Attachment>();
	for (const attachment of attachments)
		for (const name of [attachment.fileName, attachment.name]) {
			const key = name?.trim().toLowerCase();
			if (key && !known.has(key)) known.set(key, attachment);
		}
	return known;
}

const DATA_URI = /^data:(image\/[a-z0-9.+-]{1,40})(;[a-z0-9=;._-]{0,80})?,/i;

function fromDataUri(uri: string, index: number): Attachment | undefined {
	const found = DATA_URI.exec(uri);
	if (!found) return undefined;
	const [start, type = ''] = found;
	const data = uri.slice(start.length);
	const content = /;base64,$/i.test(start)
		? Buffer.from(data, 'base64')
		: Buffer.from(decoded(data), 'utf8');
	if (content.length === 0) return undefined;
	const ending = type.slice(6).toLowerCase().replace('jpeg', 'jpg').replace('svg+xml', 'svg');
	return { fileName: `image-${index + 1}.${ending}`, contentType: type, content };
}

/** As a browser reads it; what is no valid escape stands for itself. */
function decoded(text: string): string {
	const unescaped = text.replace(/&amp;/gi, '&');
	try {
		return decodeURIComponent(unescaped);
	} catch {
		return unescaped;
	}
}

function applied(html: string, changes: readonly Change[]): string {
	const pieces: string[] = [];
	let at = 0;
	for (const { start, end, value } of changes) {
		pieces.push(html.slice(at, start), value);
		at = end;
	}
	return [...pieces, html.slice(at)].join('');
}
