import { makeReference } from '../message/identity';
import type { Unsubscribe } from '../message/unsubscribe';
import { recipientKey } from '../model/address';
import type { MailStore, SigningKey } from '../store/store';
import { UNSUBSCRIBE_FIELD } from './find-links';
import { makeLinks } from './links';
import type { TrackedParts, TrackingWishes } from './links';
import { reachOf } from './site';

/** As a template's source names the link. */
const NAMED = `{{${UNSUBSCRIBE_FIELD}}}`;
/**
 * Stands in a single mail's parts where its unsubscribe link belongs. It is a web address itself, so that
 * `{{link unsubscribeUrl}}` takes it for one; `.invalid` belongs to nobody (RFC 2606).
 */
export const UNSUBSCRIBE_PLACE = `https://unsubscribe.invalid/${NAMED}`;

/** Puts the link where a rendered text holds its place, in the spelling in which it stands there. */
export function fillUnsubscribe(rendered: string, url: string): string {
	return rendered
		.replaceAll(encodeURIComponent(UNSUBSCRIBE_PLACE), () => encodeURIComponent(url))
		.replaceAll(encodeURI(UNSUBSCRIBE_PLACE), () => url)
		.replaceAll(UNSUBSCRIBE_PLACE, () => url)
		.replaceAll(NAMED, () => url);
}

export interface LinkedMail {
	html?: string;
	text?: string;
	/** For List-Unsubscribe, where it was asked for. */
	unsubscribe?: Unsubscribe;
}

/**
 * The links of one mail that belongs to no run of a campaign. Its events are counted under a campaign all
 * the same, each mail for itself.
 *
 * @param mail.key the same for every try to send this mail
 * @param mail.recipient left out for a mail that is only looked at: nothing is counted for anybody, and
 *   its unsubscribe link takes nobody off
 */
export async function linkSingleMail(
	store: Pick<MailStore, 'tracking'>,
	mail: {
		campaignId: string;
		key: string;
		recipient?: string;
		site: string;
		signingKey: SigningKey;
		wishes: TrackingWishes;
		parts: TrackedParts;
	},
): Promise<LinkedMail> {
	const { campaignId, site, signingKey, parts, recipient } = mail;
	const wishes = recipient === undefined ? { ...mail.wishes, anonymous: true } : mail.wishes;
	const links = await makeLinks(store, { campaignId, site, key: signingKey, wishes, parts });
	const reference = makeReference({ campaignId, key: mail.key }, signingKey);
	if (recipient !== undefined)
		await store.tracking.addMails([
			{
				reference,
				campaignId,
				recipient: { key: recipientKey(recipient), address: recipient },
			},
		]);
	const own = links.of(reference);
	const url = own.fields[UNSUBSCRIBE_FIELD];
	const fill = (source: string, part: 'html' | 'text') => {
		const filled = own.fill(links.prepare(source, part), part);
		return url === undefined ? filled : fillUnsubscribe(filled, url);
	};
	const { mailto } = wishes.unsubscribe ?? {};
	return {
		...(parts.html === undefined ? {} : { html: fill(parts.html, 'html') }),
		...(parts.text === undefined ? {} : { text: fill(parts.text, 'text') }),
		...(url === undefined
			? {}
			: {
					unsubscribe: {
						url,
						oneClick: reachOf(site) === 'public',
						...(mailto === undefined ? {} : { mailto }),
					},
				}),
	};
}
