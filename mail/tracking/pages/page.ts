import { escapeMarkup as escape } from '../../model/markup';
import { renderShell } from './shell';
import { LANGUAGES } from './words';
import type { PageName } from './words';

/** How the user wants the pages to look and to speak. */
export interface PageLook {
	/** A language's code; left out, each reader's own. */
	language?: string;
	senderName?: string;
	/** An https address. */
	logoUrl?: string;
	/** `#rrggbb` */
	color?: string;
	/** Own words in place of ours, in whatever language the user writes. */
	words?: Partial<Record<'confirm' | 'done' | 'resubscribed', { title?: string; text?: string }>>;
}

export interface PageContent {
	page: PageName;
	language: string;
	/** Shown in part only: whoever has the link need not learn it. */
	address?: string;
	list?: string;
}

/** What a page's button asks for, in the form's field `action`. */
export const ACTIONS: Readonly<Partial<Record<PageName, 'unsubscribe' | 'resubscribe'>>> = {
	confirm: 'unsubscribe',
	done: 'resubscribe',
};

/**
 * A page for people: one heading, one sentence, at most one button, on any screen, without scripts. What
 * comes from mails, lists and settings is text in it and never HTML.
 */
export function renderPage(content: PageContent, look: PageLook): string {
	const { page, address = '', list = '' } = content;
	const code = look.language ?? content.language;
	const language = LANGUAGES[code] ?? LANGUAGES.en;
	if (!language) throw new Error('English is missing.');
	const own = page in (look.words ?? {}) ? look.words?.[page as 'confirm'] : undefined;
	const what = list === '' ? language.everything : language.list.replace('{list}', () => list);
	const fill = (text: string) =>
		escape(text)
			.replaceAll('{address}', () => `<strong>${escape(shorten(address))}</strong>`)
			.replaceAll('{what}', () => escape(what));
	const words = language.pages[page];
	const title = own?.title ?? words.title;
	const action = ACTIONS[page];
	const { senderName = '', logoUrl } = look;
	const sender = logoUrl
		? `<img class="logo" src="${escape(logoUrl)}" alt="${escape(senderName)}">`
		: senderName && `<p class="sender">${escape(senderName)}</p>`;
	const form =
		action && words.button
			? `<form method="post"><input type="hidden" name="action" value="${action}"><button type="submit"${page === 'done' ? ' class="quiet"' : ''}>${escape(words.button)}</button></form>`
			: '';
	return renderShell({
		language: code,
		title: [title, senderName].filter(Boolean).join(' – '),
		...(look.color ? { color: look.color } : {}),
		body: `${sender}
<h1>${escape(title)}</h1>
<p>${fill(own?.text ?? words.text)}</p>
${form}`,
	});
}

/** `ada.lovelace@example.com` as `a…@example.com`. */
function shorten(address: string): string {
	const at = address.lastIndexOf('@');
	return at < 1 ? '…' : `${Array.from(address)[0] ?? ''}…${address.slice(at)}`;
}
