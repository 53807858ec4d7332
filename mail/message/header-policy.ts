/** Who writes a header that is not for users to write by name. */
type Rule =
	/** A field of the node holds it. */
	| { writtenBy: 'field'; field: string }
	/** It follows from what the mail holds; another value would make the mail unreadable. */
	| { writtenBy: 'us' }
	/** The servers on the way write it; one that the sender wrote is a forgery or makes a loop. */
	| { writtenBy: 'servers' };

/** RFC 5322 section 3.6, RFC 2045, RFC 6376, RFC 8617, RFC 8601; in lower case, `*` ends a prefix. */
const RULES: Readonly<Record<string, Rule>> = {
	from: { writtenBy: 'field', field: 'From Email' },
	to: { writtenBy: 'field', field: 'To Email' },
	cc: { writtenBy: 'field', field: 'CC Email' },
	bcc: { writtenBy: 'field', field: 'BCC Email' },
	'reply-to': { writtenBy: 'field', field: 'Reply-To Email' },
	sender: { writtenBy: 'field', field: 'Sender Email' },
	subject: { writtenBy: 'field', field: 'Subject' },
	date: { writtenBy: 'field', field: 'Date' },
	'message-id': { writtenBy: 'field', field: 'Message-ID' },
	'in-reply-to': { writtenBy: 'field', field: 'Reply to This Message' },
	references: { writtenBy: 'field', field: 'Reply to This Message' },
	'list-unsubscribe': { writtenBy: 'field', field: 'List-Unsubscribe' },
	'list-unsubscribe-post': { writtenBy: 'field', field: 'List-Unsubscribe' },
	'mime-version': { writtenBy: 'us' },
	'content-*': { writtenBy: 'us' },
	'dkim-signature': { writtenBy: 'us' },
	'domainkey-signature': { writtenBy: 'us' },
	'x-smtp-suite-*': { writtenBy: 'us' },
	'return-path': { writtenBy: 'servers' },
	received: { writtenBy: 'servers' },
	'received-spf': { writtenBy: 'servers' },
	'delivered-to': { writtenBy: 'servers' },
	'envelope-to': { writtenBy: 'servers' },
	'x-original-to': { writtenBy: 'servers' },
	'authentication-results': { writtenBy: 'servers' },
	'arc-*': { writtenBy: 'servers' },
	'resent-*': { writtenBy: 'servers' },
	'apparently-to': { writtenBy: 'servers' },
	'errors-to': { writtenBy: 'servers' },
	'disposition-notification-options': { writtenBy: 'servers' },
	'original-recipient': { writtenBy: 'servers' },
};

/** Headers of which a mail may hold only one, whoever writes it. */
const ONCE = new Set([
	'auto-submitted',
	'feedback-id',
	'importance',
	'list-archive',
	'list-help',
	'list-id',
	'list-owner',
	'list-post',
	'list-subscribe',
	'precedence',
	'priority',
	'require-recipient-valid-since',
	'tls-required',
	'x-msmail-priority',
	'x-priority',
]);

/** A header that a user wrote: its name as it goes into the mail, its value still to be encoded. */
export interface CustomHeader {
	name: string;
	value: string;
}

/** RFC 5322 section 3.6.8 and 2.1.1: printable ASCII without a colon, and short enough for a line. */
const NAME = /^[!-9;-~]{1,76}$/;
const MAX_VALUE = 20_000;
const MAX_HEADERS = 100;

/**
 * Checks the headers that a user adds to a mail by name.
 *
 * @param taken names of headers that the mail has already
 * @returns the problem of the first that would break the mail, with its name and why
 */
export function checkCustomHeaders(
	headers: readonly CustomHeader[],
	taken: readonly string[] = [],
): { ok: true } | { ok: false; problem: string } {
	const seen = new Set(taken.map((name) => name.toLowerCase()));
	if (headers.length > MAX_HEADERS)
		return { ok: false, problem: `A mail takes at most ${MAX_HEADERS} headers of yours.` };
	for (const header of headers) {
		const problem = problemOf(header, seen);
		if (problem) return { ok: false, problem };
		seen.add(header.name.toLowerCase());
	}
	return { ok: true };
}

function problemOf({ name, value }: CustomHeader, seen: ReadonlySet<string>): string | undefined {
	if (!NAME.test(name))
		return `"${printable(name)}" is no name of a header: letters, digits and hyphens, as in X-Customer-ID.`;
	const rule = ruleFor(name.toLowerCase());
	if (rule) return `The header ${name} cannot be set here: ${whyNot(rule)}`;
	if (ONCE.has(name.toLowerCase()) && seen.has(name.toLowerCase()))
		return `The header ${name} would be in the mail twice. Set it in one place.`;
	if (value.length > MAX_VALUE)
		return `The header ${name} is longer than ${MAX_VALUE} characters. Shorten it.`;
	return undefined;
}

function ruleFor(name: string): Rule | undefined {
	if (Object.hasOwn(RULES, name)) return RULES[name];
	const prefix = Object.keys(RULES).find(
		(pattern) => pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1)),
	);
	return prefix === undefined ? undefined : RULES[prefix];
}

function whyNot(rule: Rule): string {
	switch (rule.writtenBy) {
		case 'field':
			return `use the field ${rule.field}.`;
		case 'us':
			return 'it follows from what is in the mail, and another value would make the mail unreadable.';
		case 'servers':
			return 'only the mail servers on the way write it.';
	}
}

function printable(name: string): string {
	return name.replace(/[^\x20-\x7e]+/g, '?').slice(0, 60);
}
