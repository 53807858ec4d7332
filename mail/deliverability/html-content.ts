import { Parser } from 'htmlparser2';

export interface HtmlLink {
	href: string;
	/** The words that a person sees; of a picture its alternative text. */
	text: string;
}

/** What a filter sees in an HTML part. */
export interface HtmlContent {
	links: HtmlLink[];
	images: number;
	imagesWithoutAlt: number;
	/** `data:` pictures, which Gmail and Outlook do not show. */
	dataImages: number;
	/** Words that a person reads, in characters. */
	textLength: number;
	text: string;
	/** Elements and attributes that mail programs take away and filters mistrust. */
	active: string[];
	externalStyles: number;
	insecureImages: number;
}

const ACTIVE = new Set(['script', 'form', 'iframe', 'object', 'embed', 'applet', 'base']);
const SILENT = new Set(['style', 'script', 'head', 'title', 'template', 'noscript']);
const MAX_LINKS = 2_000;
const MAX_TEXT = 500_000;

/** Reads an HTML part once, front to back; nothing in it is loaded or run. */
export function readHtml(html: string): HtmlContent {
	const content: HtmlContent = {
		links: [],
		images: 0,
		imagesWithoutAlt: 0,
		dataImages: 0,
		textLength: 0,
		text: '',
		active: [],
		externalStyles: 0,
		insecureImages: 0,
	};
	const active = new Set<string>();
	const pieces: string[] = [];
	let silent = 0;
	let link: HtmlLink | undefined;
	const parser = new Parser({
		onopentag(name, attributes) {
			if (ACTIVE.has(name)) active.add(`<${name}>`);
			for (const attribute of Object.keys(attributes))
				if (/^on[a-z]+$/.test(attribute)) active.add(attribute);
			if (SILENT.has(name)) silent += 1;
			if (name === 'a' && attributes.href !== undefined) {
				link = { href: attributes.href.trim(), text: '' };
				if (/^javascript:/i.test(link.href)) active.add('javascript: link');
				if (content.links.length < MAX_LINKS) content.links.push(link);
			}
			if (name === 'img') {
				content.images += 1;
				const { src = '', alt } = attributes;
				if (alt === undefined) content.imagesWithoutAlt += 1;
				if (/^data:/i.test(src)) content.dataImages += 1;
				if (/^http:/i.test(src)) content.insecureImages += 1;
				if (link) link.text += ` ${alt ?? ''}`;
			}
			if (name === 'link' && /stylesheet/i.test(attributes.rel ?? '')) content.externalStyles += 1;
		},
		ontext(text) {
			if (silent > 0) return;
			const trimmed = text.trim();
			content.textLength += trimmed.length;
			if (content.textLength < MAX_TEXT) pieces.push(text);
			if (link && link.text.length < 2_000) link.text += text;
		},
		onclosetag(name) {
			if (SILENT.has(name) && silent > 0) silent -= 1;
			if (name === 'a') link = undefined;
			pieces.push(' ');
		},
	});
	parser.end(html);
	content.text = pieces.join('');
	content.active = [...active].slice(0, 20);
	return content;
}
