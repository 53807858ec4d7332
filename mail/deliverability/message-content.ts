import { isIP } from 'node:net';

import { organisation } from './dns-fix';
import type { Finding } from './finding';
import type { HtmlContent, HtmlLink } from './html-content';
import { contentFinding } from './message-finding';
import type { ReadMail } from './message-read';

/** Where Gmail cuts a message off: 102 KB of HTML, and a little less in trials. */
const CLIPPED_BYTES = 102_400;
const NEARLY_CLIPPED_BYTES = 90_000;
const FEW_WORDS = 400;
/** Of its words that the other part has too. */
const ALIKE = 0.3;
const NAMED = 5;

const SHORTENERS = new Set([
	...['bit.ly', 'tinyurl.com', 't.co', 'goo.gl', 'ow.ly', 'is.gd', 'buff.ly', 'rebrand.ly'],
	...['cutt.ly', 'rb.gy', 'shorturl.at', 'tiny.cc', 'lnkd.in', 'bl.ink', 't.ly', 'v.gd', 's.id'],
]);

export function* checkContent(mail: ReadMail): Generator<Finding> {
	const { content, text, htmlBytes } = mail;
	if (!content) {
		if ((text ?? '').trim() === '')
			yield contentFinding(
				'empty',
				'warning',
				'body',
				'The message has no text.',
				'Filters mistrust empty messages.',
				'Write something in HTML or text.',
			);
		return;
	}
	yield* checkTextPart(content, text);
	if (htmlBytes > NEARLY_CLIPPED_BYTES)
		yield contentFinding(
			'clipped',
			htmlBytes > CLIPPED_BYTES ? 'fail' : 'warning',
			'HTML',
			`The HTML has ${Math.round(htmlBytes / 1_000)} kB; Gmail shows the first 100 or so.`,
			'The rest, with the unsubscribe link and the tracking pixel, is hidden behind a link.',
			'Shorten the HTML: take out comments, spaces and repeated styles.',
			{
				requiredBy: htmlBytes > CLIPPED_BYTES ? { bulk: ['gmail'] } : {},
				source: 'Gmail, as measured',
			},
		);
	if (content.images > 0 && content.textLength < FEW_WORDS)
		yield contentFinding(
			'imageOnly',
			'warning',
			'HTML',
			`The message is mostly pictures: ${content.images} of them, and ${content.textLength} characters of text.`,
			'Filters cannot read pictures and mistrust them; people who block pictures see nothing.',
			'Say in words what the pictures say.',
			{ source: 'SpamAssassin HTML_IMAGE_ONLY' },
		);
	if (content.active.length > 0)
		yield contentFinding(
			'activeContent',
			'warning',
			'HTML',
			`The HTML holds what mail programs take away: ${content.active.join(', ')}.`,
			'It does not work, and filters mistrust it.',
			'Take it out, and link to a page instead.',
		);
	if (content.externalStyles > 0)
		yield contentFinding(
			'externalStyles',
			'warning',
			'HTML',
			'The HTML refers to a style sheet elsewhere.',
			'Mail programs do not load it.',
			'Put the styles into the mail, and switch Inline CSS on.',
		);
	if (content.dataImages > 0)
		yield contentFinding(
			'dataImages',
			'warning',
			'HTML',
			`Pictures that stand within the HTML itself (data:): ${content.dataImages}.`,
			'Gmail and Outlook do not show them.',
			'Send it with SMTP Send or SMTP Bulk Send, which make attachments of them, or link to them.',
		);
	if (content.imagesWithoutAlt > 0)
		yield contentFinding(
			'noAlternativeText',
			'info',
			'HTML',
			`${content.imagesWithoutAlt} of ${content.images} pictures have no alternative text (alt).`,
			'Who blocks pictures, or cannot see, does not learn what they show.',
			'',
		);
	yield* checkLinks(content);
}

function* checkTextPart(content: HtmlContent, text: string | undefined): Generator<Finding> {
	if ((text ?? '').trim() === '') {
		yield contentFinding(
			'noTextPart',
			'warning',
			'text/plain',
			'The message has HTML only.',
			'Some filters count that as a sign of spam, and some people read text.',
			'Send it with SMTP Send or SMTP Bulk Send, which make the text from the HTML.',
			{ source: 'SpamAssassin MIME_HTML_ONLY' },
		);
		return;
	}
	const inHtml = wordsOf(content.text);
	const inText = wordsOf(text ?? '');
	if (inHtml.size < 20) return;
	const shared = [...inHtml].filter((word) => inText.has(word)).length;
	if (shared / inHtml.size < ALIKE)
		yield contentFinding(
			'textUnlikeHtml',
			'warning',
			'text/plain',
			'The text part says something else than the HTML.',
			'Filters compare them, since spammers hide words in one.',
			'Leave Text empty to have it made from the HTML.',
			{ source: 'SpamAssassin MPART_ALT_DIFF' },
		);
}

function wordsOf(text: string): Set<string> {
	return new Set(
		text
			.slice(0, 200_000)
			.toLowerCase()
			.match(/[\p{L}\p{N}]{3,40}/gu)
			?.slice(0, 5_000),
	);
}

function* checkLinks({ links, insecureImages }: HtmlContent): Generator<Finding> {
	const read = links.flatMap(readLink);
	const name = (some: readonly ReadLink[]) =>
		some
			.slice(0, NAMED)
			.map(({ link }) => `${link.text.trim().slice(0, 100)} -> ${link.href.slice(0, 200)}`);
	const elsewhere = read.filter(
		({ shown, host }) => shown !== undefined && organisation(shown) !== organisation(host),
	);
	if (elsewhere.length > 0)
		yield contentFinding(
			'linkElsewhere',
			'fail',
			'links',
			`Links that show one address and lead to another: ${elsewhere.length}.`,
			'Forgers do that; filters and mail programs warn of it. Click tracking does it too wherever the words of a link are an address.',
			'Use words for the link, such as "See the offer".',
			{
				requiredBy: { bulk: ['gmail', 'yahoo', 'microsoft'] },
				evidence: name(elsewhere),
				source: 'rspamd PHISHING',
			},
		);
	const insecure = read.filter(({ url }) => url.protocol === 'http:');
	if (insecure.length > 0 || insecureImages > 0)
		yield contentFinding(
			'insecureLinks',
			'warning',
			'links',
			`Links and pictures that use http, not https: ${insecure.length + insecureImages}.`,
			'Browsers warn of such pages, and mail programs do not load such pictures.',
			'Use https.',
			{ evidence: name(insecure), source: 'rspamd HTTP_TO_HTTPS' },
		);
	const shortened = read.filter(({ host }) => SHORTENERS.has(host));
	if (shortened.length > 0)
		yield contentFinding(
			'shortener',
			'warning',
			'links',
			`Links that go through a link shortener: ${shortened.length}.`,
			'Spammers hide behind shorteners, so filters mistrust all of them.',
			'Link to the page itself.',
			{ evidence: name(shortened), source: 'SpamAssassin SHORT_SHORTNER' },
		);
	const odd = read.filter(
		({ url, host }) =>
			isIP(host.replace(/^\[|\]$/g, '')) !== 0 || url.username !== '' || url.port !== '',
	);
	if (odd.length > 0)
		yield contentFinding(
			'oddLinks',
			'warning',
			'links',
			`Links that name a bare IP address, a user or a port: ${odd.length}.`,
			'Filters count that as a sign of spam.',
			'Link to a domain.',
			{ evidence: name(odd) },
		);
}

interface ReadLink {
	link: HtmlLink;
	url: URL;
	host: string;
	/** The host in the words of the link, where they are an address. */
	shown?: string;
}

function readLink(link: HtmlLink): ReadLink[] {
	if (!/^https?:/i.test(link.href)) return [];
	const url = URL.parse(link.href.slice(0, 4_000));
	if (!url) return [];
	const shown = shownHost(link.text.trim().slice(0, 300));
	return [{ link, url, host: url.hostname, ...(shown !== undefined && { shown }) }];
}

/** `www.example.com/offer` as words: its host. Words with a blank are no address. */
function shownHost(text: string): string | undefined {
	if (/\s/.test(text) || text.includes('@')) return undefined;
	const found = /^(?:https?:\/\/)?((?:[a-z0-9-]{1,63}\.)+[a-z]{2,24})(?:[/?#:].*)?$/i.exec(text);
	if (!found?.[1]) return undefined;
	// "Node.js" and "v2.io"-like words are names; with a scheme, a path or www. it is meant as an address.
	const isMeant = /^https?:/i.test(text) || /^www\./i.test(text) || text.includes('/');
	return isMeant || found[1].split('.').length > 2 ? found[1].toLowerCase() : undefined;
}
