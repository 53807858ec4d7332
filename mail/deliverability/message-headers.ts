import { organisation } from './dns-fix';
import { ALWAYS, FOR_BULK } from './finding';
import type { Finding } from './finding';
import { contentFinding } from './message-finding';
import { domainOf } from './message-read';
import type { ReadMail } from './message-read';

/** Domains whose owners forbid that other servers send for them (DMARC quarantine or reject). */
const MAILBOX_PROVIDERS = new Set([
	...['gmail.com', 'googlemail.com', 'yahoo.com', 'ymail.com', 'aol.com', 'outlook.com'],
	...['hotmail.com', 'live.com', 'msn.com', 'icloud.com', 'me.com', 'mac.com', 'gmx.de', 'gmx.net'],
	...['web.de', 'mail.ru', 'yandex.ru', 'proton.me', 'protonmail.com', 'zoho.com'],
]);
const ONCE = ['from', 'to', 'subject', 'date', 'message-id', 'reply-to', 'cc', 'sender'];
const MAX_LINE = 998;
const DAY_MS = 86_400_000;

export function* checkHeaders(mail: ReadMail, now = Date.now()): Generator<Finding> {
	const { headers, subject, from, replyTo } = mail;
	const repeated = ONCE.filter((name) => (headers.get(name)?.length ?? 0) > 1);
	if (repeated.length > 0)
		yield contentFinding(
			'repeatedHeaders',
			'fail',
			repeated.join(', '),
			`The message has more than one of: ${repeated.join(', ')}.`,
			'Gmail refuses such messages.',
			'Leave these out of the custom headers; the node sets them.',
			{ requiredBy: ALWAYS, source: 'RFC 5322 section 3.6' },
		);
	for (const name of ['From', 'Date', 'Message-ID'])
		if (!headers.has(name.toLowerCase()))
			yield contentFinding(
				`no${name.replace('-ID', 'Id')}`,
				name === 'Message-ID' ? 'warning' : 'fail',
				name,
				`The message has no ${name}.`,
				'Receivers refuse such messages or file them as junk.',
				`Set ${name}, or send with SMTP Send or SMTP Bulk Send, which set it.`,
				{
					requiredBy: name === 'Message-ID' ? {} : ALWAYS,
					source: 'RFC 5322 section 3.6',
				},
			);
	const date = Date.parse(headers.get('date')?.[0] ?? '');
	if (Math.abs(now - date) > 7 * DAY_MS)
		yield contentFinding(
			'oldDate',
			'info',
			'Date',
			`The message is dated ${new Date(date).toISOString().slice(0, 10)}.`,
			'A date far from today counts as a sign of spam when it is sent.',
			'',
		);
	if (mail.longestLine > MAX_LINE)
		yield contentFinding(
			'longLine',
			'fail',
			'message',
			`A line of the message has ${mail.longestLine} octets; ${MAX_LINE} are allowed.`,
			'Servers break such lines, which breaks signatures, or refuse the message.',
			'Encode the part as quoted-printable or base64.',
			{ requiredBy: ALWAYS, source: 'RFC 5322 section 2.1.1' },
		);
	const [sender] = from;
	const domain = sender ? domainOf(sender.address) : '';
	if (MAILBOX_PROVIDERS.has(domain))
		yield contentFinding(
			'mailboxProviderFrom',
			'warning',
			sender?.address ?? '',
			`From is an address at ${domain}.`,
			`${domain} lets only its own servers send for it. Sent by any other, the mail is refused or filed as junk.`,
			`Send through ${domain} itself, or use a domain of your own.`,
			{ source: 'Gmail and Yahoo sender guidelines' },
		);
	const named = /[^\s"<>@]+@[^\s"<>@]+\.[^\s"<>@]+/.exec((sender?.name ?? '').slice(0, 500))?.[0];
	if (named !== undefined && organisation(domainOf(named)) !== organisation(domain))
		yield contentFinding(
			'addressInName',
			'warning',
			sender?.name ?? '',
			`The name of the sender shows another address (${named}) than that of From.`,
			'Forgers do that, so filters mistrust it.',
			'Put a name there without an address.',
		);
	const answers = replyTo[0] ? domainOf(replyTo[0].address) : domain;
	if (answers !== domain && MAILBOX_PROVIDERS.has(answers) && !MAILBOX_PROVIDERS.has(domain))
		yield contentFinding(
			'replyToElsewhere',
			'warning',
			replyTo[0]?.address ?? '',
			`Answers go to ${replyTo[0]?.address ?? ''}, at another organisation than From.`,
			'Forgers do that, so filters mistrust it.',
			'Let answers go to an address of your own domain.',
		);
	yield* checkSubject(subject, headers);
	yield* checkSignatures(mail, domain);
}

function* checkSubject(
	subject: string,
	headers: ReadonlyMap<string, readonly string[]>,
): Generator<Finding> {
	const finding = (id: string, title: string, why: string, advice: string) =>
		contentFinding(id, 'warning', subject, title, why, advice);
	if (subject.trim() === '') {
		yield finding(
			'noSubject',
			'The message has no subject.',
			'People do not open it, and filters mind.',
			'Say in the subject what the mail is about.',
		);
		return;
	}
	const letters = subject.replace(/\P{L}/gu, '');
	if (
		letters.length >= 10 &&
		letters === letters.toUpperCase() &&
		letters !== letters.toLowerCase()
	)
		yield finding(
			'shouting',
			'The subject is written in capitals.',
			'Filters count that as a sign of spam.',
			'Write it in ordinary letters.',
		);
	if (
		/^(?:re|fwd?|aw|wg|sv|tr)\s*:/i.test(subject) &&
		!headers.has('in-reply-to') &&
		!headers.has('references')
	)
		yield finding(
			'falseReply',
			`The subject begins with "${subject.slice(0, subject.indexOf(':') + 1)}", but the message answers nothing.`,
			'That deceives people; Yahoo, Apple and laws forbid it.',
			'Leave it out, or answer a message with Reply to This Message.',
		);
}

function* checkSignatures({ signatures }: ReadMail, domain: string): Generator<Finding> {
	if (signatures.length === 0) {
		yield contentFinding(
			'unsigned',
			'info',
			'DKIM-Signature',
			'The message is not signed yet (DKIM).',
			'That is all right where your mail server or service signs it. Otherwise sign with Sign With DKIM.',
			'',
			{ source: 'RFC 6376' },
		);
		return;
	}
	const aligned = signatures.filter(
		(signature) => organisation(signature.domain) === organisation(domain),
	);
	if (aligned.length === 0)
		yield contentFinding(
			'unalignedSignature',
			'warning',
			signatures.map((signature) => signature.domain).join(', '),
			`The message is signed by ${signatures.map((signature) => signature.domain).join(', ')}, not by ${domain}.`,
			'The signature does not count for DMARC then.',
			`Sign with a key of ${domain}.`,
			{ source: 'RFC 9989 section 4.4' },
		);
	if (signatures.some(({ hasLength }) => hasLength))
		yield contentFinding(
			'signedLength',
			'warning',
			'DKIM-Signature',
			'A signature covers only the beginning of the body (l=).',
			'Anyone can add text to the signed message; Gmail minds.',
			'Sign the whole body.',
			{ source: 'RFC 6376 section 8.2' },
		);
	if (aligned.length > 0 && aligned.every(({ fields }) => !fields.includes('from')))
		yield contentFinding(
			'fromNotSigned',
			'fail',
			'DKIM-Signature',
			'No signature covers From.',
			'Such signatures are not valid.',
			'Sign From as well (h=).',
			{ requiredBy: FOR_BULK, source: 'RFC 6376 section 5.4' },
		);
	if (signatures.every(({ algorithm }) => algorithm === 'rsa-sha1'))
		yield contentFinding(
			'sha1Signature',
			'fail',
			'DKIM-Signature',
			'The message is signed with SHA-1.',
			'Receivers no longer believe such signatures.',
			'Sign with rsa-sha256.',
			{ requiredBy: FOR_BULK, source: 'RFC 8301 section 3.1' },
		);
}
