import { createHash } from 'node:crypto';

import { domainOf } from '../model/address';
import type { Mailbox } from '../model/address';
import type { LoadedFile } from './attachment';
import { encodeBase64 } from './base64';
import { placeImages } from './inline-images';
import { layOut } from './layout';
import type { Layout } from './layout';
import { filePart } from './part';
import type { TemplateProblem } from './template';

/** What of a campaign's template says which files its mails carry. */
export interface FileTemplate {
	from: Mailbox;
	subject: string;
	html?: string;
	text?: string;
	attachments?: readonly LoadedFile[];
	pictures?: readonly LoadedFile[];
}

/** Where the files of a campaign go. */
export interface PlacedFiles {
	/** The template, with the pictures' content IDs in it. */
	html?: string;
	files: CampaignFiles;
	/** Which pictures the HTML shows is known only of each copy. */
	byCopy: boolean;
}

/** A name in `cid:` that a field fills in. */
const FILLED_IN_CID = /cid:[^"'\s)<>]{0,200}\{\{/i;

/**
 * Finds the pictures once, in the template, if they can be known from it.
 *
 * @param ownFiles recipients bring files that the HTML may show
 */
export function placeFiles(
	template: FileTemplate,
	ownFiles: boolean,
): PlacedFiles | { problem: TemplateProblem } {
	const { html, attachments = [], pictures = [] } = template;
	if (html === undefined)
		return {
			files: new CampaignFiles(template, { images: [], files: attachments }),
			byCopy: false,
		};
	if (FILLED_IN_CID.test(html) || (ownFiles && /cid:/i.test(html))) {
		const files = new CampaignFiles(template, { images: pictures, files: attachments });
		return { html, files, byCopy: true };
	}
	const placed = placeImages(
		html,
		{ attached: attachments, beside: pictures },
		contentIds(template),
	);
	if (!placed.ok)
		return { problem: { field: 'HTML', line: 1, column: 1, message: placed.problem } };
	return { html: placed.html, files: new CampaignFiles(template, loaded(placed)), byCopy: false };
}

interface Files {
	images: readonly LoadedFile[];
	files: readonly LoadedFile[];
}

/** The files of a campaign, each encoded once, and how the parts of its mails lie around them. */
export class CampaignFiles {
	readonly #encoded = new Map<Buffer, Buffer | undefined>();
	readonly #layouts = new Map<boolean, Layout>();
	readonly #seed: string;

	constructor(
		private readonly template: FileTemplate,
		private readonly common: Files,
	) {
		const { from, subject, html, text } = template;
		this.#seed = JSON.stringify([from, subject, html, text]);
		for (const { content } of [...common.images, ...common.files])
			this.#encoded.set(content, undefined);
	}

	/** The layout of all copies, with room for files of the recipient's own or without. */
	layout(ownFiles: boolean): Layout {
		let layout = this.#layouts.get(ownFiles);
		if (!layout) {
			layout = this.#layOut(this.common, ownFiles);
			this.#layouts.set(ownFiles, layout);
		}
		return layout;
	}

	/** One copy's HTML with the pictures' content IDs in it, and the layout of that copy alone. */
	placeIn(
		html: string,
		own: readonly LoadedFile[],
	): { ok: true; html: string; layout: Layout } | { ok: false; problem: string } {
		const { attachments = [], pictures = [] } = this.template;
		const placed = placeImages(
			html,
			{ attached: [...attachments, ...own], beside: pictures },
			contentIds(this.template),
		);
		if (!placed.ok) return placed;
		return { ok: true, html: placed.html, layout: this.#layOut(loaded(placed), false) };
	}

	#layOut({ images, files }: Files, ownFiles: boolean): Layout {
		const part = (file: LoadedFile) => filePart(file, (bytes) => this.#encode(bytes));
		return layOut({
			hasHtml: this.template.html !== undefined,
			images: images.map(part),
			files: files.map(part),
			ownFiles,
			seed: this.#seed,
		});
	}

	/** Only what all copies share is kept. */
	#encode(bytes: Buffer): Buffer {
		const known = this.#encoded.get(bytes);
		if (known) return known;
		const made = encodeBase64(bytes);
		if (this.#encoded.has(bytes)) this.#encoded.set(bytes, made);
		return made;
	}
}

function contentIds({ from, subject }: FileTemplate): (index: number) => string {
	const digest = createHash('sha256').update(subject).digest('hex').slice(0, 24);
	return (index) => `${index + 1}.${digest}@${domainOf(from.address)}`;
}

/** What goes in loaded comes out loaded, and a picture out of a data: URI is there as well. */
function loaded(placed: Extract<ReturnType<typeof placeImages>, { ok: true }>): Files {
	return placed as unknown as Files;
}
