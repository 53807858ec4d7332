import { makeReference } from '../message/identity';
import type { ReferenceKey } from '../message/identity';
import type { PersonalLinks, RecipientLinks } from '../message/personal-links';
import type { MailStore } from '../store/store';
import {
	decodeAttribute,
	findHtmlLinks,
	findTextLinks,
	UNSUBSCRIBE_FIELD,
	webTarget,
} from './find-links';
import type { FoundLink, FoundLinks } from './find-links';
import { reachOf } from './site';
import { Slots } from './slots';
import type { Filling } from './slots';
import { makeToken } from './token';

/** What a sender asks for, for one campaign. */
export interface TrackingWishes {
	opens: boolean;
	clicks: boolean;
	/** Opens and clicks are counted without knowing whose they are. */
	anonymous: boolean;
	unsubscribe?: {
		/** The list that is left; `''` for everything. */
		list: string;
		/** A mailbox that takes unsubscribes by mail too; a person reads it. */
		mailto?: string;
	};
}

export interface TrackedParts {
	html?: string;
	text?: string;
}

/**
 * Makes a campaign's links ready: their targets are numbered in the store, and what its mails promise
 * is noted there, before the first mail leaves.
 *
 * @param site the public address that answers (`tracking.currentSite`)
 */
export async function makeLinks(
	store: Pick<MailStore, 'tracking'>,
	options: {
		campaignId: string;
		site: string;
		key: ReferenceKey;
		wishes: TrackingWishes;
		parts: TrackedParts;
	},
): Promise<PersonalLinks> {
	const { campaignId, site, key, wishes, parts } = options;
	const { tracking } = store;
	const { html, text } = findAll(parts, wishes.clicks);
	const targets = [...new Set([...html.links, ...text].map(({ target }) => target))];
	const numbers = await tracking.numberLinks(campaignId, targets);
	await tracking.setCampaign(campaignId, { list: wishes.unsubscribe?.list ?? '' });
	let nobody: string | undefined;
	if (wishes.anonymous) {
		nobody = makeReference({ campaignId, key: '' }, key);
		await tracking.addMails([{ reference: nobody, campaignId }]);
	}
	const numberOf = new Map(targets.map((target, index) => [target, numbers[index] ?? 0]));
	return new CampaignLinks({ site, key, wishes, nobody, numberOf });
}

function findAll(parts: TrackedParts, clicks: boolean): { html: FoundLinks; text: FoundLink[] } {
	const html = findHtmlLinks(parts.html ?? '');
	if (!clicks) return { html: { ...html, links: [] }, text: [] };
	const text = findTextLinks(parts.text ?? '').filter(({ target }) => !html.marked.has(target));
	return { html, text };
}

interface LinkSetting {
	site: string;
	key: ReferenceKey;
	wishes: TrackingWishes;
	/** The reference that stands for everybody, where nobody shall be known. */
	nobody: string | undefined;
	numberOf: ReadonlyMap<string, number>;
}

const PIXEL_STYLE = 'border:0;height:1px;width:1px';

class CampaignLinks implements PersonalLinks {
	readonly #setting: LinkSetting;
	readonly #slots = new Slots();
	/** Slots by their names. */
	readonly #links: FoundLink[] = [];
	readonly #marked = new Set<string>();

	constructor(setting: LinkSetting) {
		this.#setting = setting;
	}

	prepare(source: string, part: 'html' | 'text'): string {
		const { wishes } = this.#setting;
		const { links, end, marked } =
			part === 'html'
				? findHtmlLinks(source)
				: { links: findTextLinks(source), end: 0, marked: new Set<string>() };
		for (const target of marked) this.#marked.add(target);
		let prepared = '';
		let at = 0;
		for (const link of wishes.clicks ? links : []) {
			if (this.#marked.has(link.target)) continue;
			const name = String(this.#links.push(link) - 1);
			prepared += source.slice(at, link.start);
			prepared += this.#slots.make(name, source.slice(link.start, link.end));
			at = link.end;
		}
		if (part === 'text' || !wishes.opens) return prepared + source.slice(at);
		const pixel = `<img src="${this.#slots.make(PIXEL, '')}" alt="" width="1" height="1" style="${PIXEL_STYLE}">`;
		return prepared + source.slice(at, end) + pixel + source.slice(end);
	}

	of(reference: string): RecipientLinks {
		const { wishes, key, site, nobody } = this.#setting;
		const counted = nobody ?? reference;
		const urls = new Map<string, string>();
		const url = (token: Parameters<typeof makeToken>[0]) => `${site}?t=${makeToken(token, key)}`;

		/** One signature for a link, however often it stands in the mail. */
		const clickUrl = (link: FoundLink, own: string | undefined): string => {
			const name = own ?? link.target;
			const known = urls.get(name);
			if (known !== undefined) return known;
			const number = this.#setting.numberOf.get(link.target) ?? 0;
			const made = url({ kind: 'click', reference: counted, link: number, target: own });
			urls.set(name, made);
			return made;
		};

		const fillLink = (link: FoundLink, original: string, part: 'html' | 'text'): string => {
			if (!link.isOwn) return clickUrl(link, undefined);
			const target = webTarget(part === 'html' ? decodeAttribute(original) : original);
			// What turned out to be no web page, or is too long for a link, is left as it is.
			if (target === undefined || target.length > LONGEST_OWN) return original;
			return clickUrl(link, target);
		};

		const left = wishes.unsubscribe && url({ kind: 'unsubscribe', reference, link: 0 });
		return {
			fields: left === undefined ? {} : { [UNSUBSCRIBE_FIELD]: left },
			headers: left === undefined ? '' : unsubscribeHeaders(left, wishes.unsubscribe?.mailto, site),
			fill: (rendered, part) =>
				this.#slots.fill(rendered, ({ name, original, before, after }): Filling => {
					if (name === PIXEL) return { text: url({ kind: 'open', reference: counted, link: 0 }) };
					const link = this.#links[Number(name)];
					if (!link) return { text: original };
					const text = fillLink(link, original, part);
					// Made from HTML: "https://x [https://x]" names the link twice.
					const twice = `${original} [`;
					return part === 'text' && after === ']' && before.endsWith(twice)
						? { text, without: twice.length, skip: 1 }
						: { text };
				}),
		};
	}
}

const PIXEL = 'pixel';
/** A link of a recipient's own travels within ours; longer ones are cut by some programs. */
const LONGEST_OWN = 1_500;

/**
 * RFC 2369 and RFC 8058: the program that shows the mail can unsubscribe by one POST, without a page
 * and without a question; over TLS only. Unfolded, for a folded line breaks signatures at some verifiers.
 */
function unsubscribeHeaders(url: string, mailto: string | undefined, site: string): string {
	const byMail = mailto === undefined ? '' : `, <mailto:${encodeURI(mailto)}?subject=unsubscribe>`;
	const oneClick =
		reachOf(site) === 'open' ? '' : 'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n';
	return `List-Unsubscribe: <${url}>${byMail}\r\n${oneClick}`;
}
