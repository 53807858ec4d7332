import { checkCustomHeaders } from './header-policy';
import type { CustomHeader } from './header-policy';
import { formatPhrase, messageIdHeader, oneLine, plainHeader, textHeader } from './headers';
import { unsubscribeHeaders } from './unsubscribe';
import type { Unsubscribe } from './unsubscribe';

/** What a user may say about a mail in its header, besides who, to whom, about what and when. */
export interface HeaderChoices {
	priority?: Priority;
	/** The message that this one answers, in its brackets. */
	inReplyTo?: string;
	/** Those before it in the thread, oldest first, in their brackets. */
	references?: readonly string[];
	unsubscribe?: Unsubscribe;
	/** `News <news.example.com>` or the bare identifier (RFC 2919). */
	listId?: string;
	/** RFC 3834: keeps out-of-office replies and other machines from answering. */
	autoSubmitted?: 'auto-generated' | 'auto-replied';
	/** Google's feedback loop: up to four parts with colons between them. */
	feedbackId?: string;
	custom?: readonly CustomHeader[];
}

export type Priority = 'high' | 'normal' | 'low';

export type HeaderLines = { ok: true; lines: string } | { ok: false; problem: string };

/** Outlook reads X-Priority or Importance, Apple Mail X-Priority, others Priority (RFC 2156). */
const PRIORITY: Readonly<Record<Priority, string>> = {
	high: 'X-Priority: 1 (Highest)\r\nImportance: high\r\nPriority: urgent\r\n',
	normal: '',
	low: 'X-Priority: 5 (Lowest)\r\nImportance: low\r\nPriority: non-urgent\r\n',
};

/**
 * These choices as header lines, each with its CRLF. The same for every copy of a campaign, so made once.
 *
 * @returns the first problem in words: a custom header that would break the mail, an unusable link
 */
export function headerLines(choices: HeaderChoices): HeaderLines {
	const unsubscribe = unsubscribeHeaders(choices.unsubscribe ?? {});
	if (!unsubscribe.ok) return unsubscribe;
	const listId = listIdLine(choices.listId);
	if (!listId.ok) return listId;
	const ours = [
		choices.inReplyTo ? messageIdHeader('In-Reply-To', [choices.inReplyTo]) : '',
		choices.references?.length ? messageIdHeader('References', choices.references) : '',
		PRIORITY[choices.priority ?? 'normal'],
		listId.lines,
		unsubscribe.lines,
		choices.autoSubmitted ? plainHeader('Auto-Submitted', choices.autoSubmitted) : '',
		choices.feedbackId?.trim() ? textHeader('Feedback-ID', choices.feedbackId) : '',
	].join('');
	const custom = choices.custom ?? [];
	const taken = [...ours.matchAll(/^([!-9;-~]+):/gm)].map(([, name]) => name ?? '');
	const checked = checkCustomHeaders(custom, taken);
	if (!checked.ok) return checked;
	const lines = custom
		.filter(({ value }) => oneLine(value) !== '')
		.map(({ name, value }) => textHeader(name, value));
	return { ok: true, lines: ours + lines.join('') };
}

const LIST_ID = /^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+$/;

function listIdLine(text = ''): HeaderLines {
	const clean = oneLine(text);
	if (clean === '') return { ok: true, lines: '' };
	const [, phrase = '', id = ''] = /^([^<>]*)<([^<>]*)>$/.exec(clean) ?? ['', '', clean];
	if (!LIST_ID.test(id.trim()) || id.length > 250)
		return {
			ok: false,
			problem: `List-ID: "${clean.slice(0, 80)}" is none. It looks like a domain, as in News <news.example.com>.`,
		};
	const name = formatPhrase(phrase.replace(/["\\]/g, ''));
	return { ok: true, lines: `List-Id: ${name ? `${name} ` : ''}<${id.trim()}>\r\n` };
}
