import { describeSignatures, verifySignatures } from './arrived-signatures';
import { readAuthenticationResults } from './authentication-results';
import type { AuthenticationResult } from './authentication-results';
import type { Dns } from './dns';
import { organisation } from './dns-fix';
import { BY_NONE } from './finding';
import type { Finding, Receiver } from './finding';
import { domainOf, readMail } from './message-read';
import type { ReadMail } from './message-read';
import { checkReceived } from './message-received';
import { cameInBy } from './received-line';
import type { ReceivedLine } from './received-line';

/** A mail of ours, as it left and as it lies in the mailbox. */
export interface ArrivedMail {
	sent: Buffer;
	received: Buffer;
	folder: string;
	role: 'inbox' | 'junk' | 'other';
	/** From the server's reply to the moment when it was seen in the mailbox. */
	seconds: number;
	/** The hosts of the sending account and of the mailbox. */
	smtpHost: string;
	imapHost: string;
	/** Names of the receiving servers, where the user knows them. */
	receivers: readonly string[];
	/** Where the keys of its signatures are looked up; without it they are not verified. */
	dns?: Dns;
}

export interface JudgedArrival {
	findings: Finding[];
	/** The line by which the receiver took it in. */
	cameIn?: ReceivedLine;
	/** What the receiver itself wrote down. */
	results: AuthenticationResult[];
}

const FIELD = {
	area: 'roundTrip',
	requiredBy: BY_NONE,
	fixes: [],
	evidence: [],
	source: 'RFC 5321',
} as const;

/** Whose mailbox it is, by its IMAP host: what lands in junk there is unfit there. */
const OWNERS: readonly (readonly [Receiver, readonly string[]])[] = [
	['gmail', ['gmail.com', 'googlemail.com', 'google.com']],
	['yahoo', ['yahoo.com', 'aol.com', 'yahoo.co.jp']],
	['microsoft', ['office365.com', 'outlook.com', 'hotmail.com', 'live.com']],
	['apple', ['me.com', 'icloud.com', 'mac.com']],
];

/**
 * What became of a mail of ours on its way: where it landed, what its receiver thought of it, and whether
 * it is still what was sent. Never rejects for what is in the mail.
 */
export async function checkArrival(arrived: ArrivedMail): Promise<JudgedArrival> {
	const [sent, received] = await Promise.all([readMail(arrived.sent), readMail(arrived.received)]);
	// The mailbox's own server is known from the account, and not from what the mail says.
	const servers = [
		...arrived.receivers,
		...(isDomainName(arrived.imapHost) ? [arrived.imapHost] : []),
	];
	const cameIn = cameInBy(received.fields);
	const { results } = readAuthenticationResults(received.fields, servers, sent.fields);
	const signatures = arrived.dns
		? describeSignatures(
				await verifySignatures(arrived.received, arrived.dns),
				domainOf(sent.from[0]?.address ?? ''),
				results,
			)
		: [];
	return {
		findings: [
			landed(arrived),
			...within(arrived),
			...checkReceived(received.fields, servers, sent.fields),
			...signatures,
			compareContent(sent, received, arrived),
			...compareHeaders(sent, received),
		],
		...(cameIn && { cameIn }),
		results,
	};
}

function landed({ folder, role, seconds, imapHost }: ArrivedMail): Finding {
	const after =
		seconds < 120 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`;
	if (role === 'junk') {
		const owner = ownerOf(imapHost);
		return {
			...FIELD,
			id: 'roundTrip.junk',
			subject: folder,
			status: 'fail',
			title: `The mail arrived after ${after}, in the junk folder "${folder}".`,
			why: 'Most people never look there. The receiver judges each mailbox by itself: one that opens your mail and moves it out of junk sees it in the inbox later.',
			requiredBy: owner ? { transactional: [owner], bulk: [owner] } : BY_NONE,
			fixes: [
				{
					kind: 'setting',
					text: 'Mend what is said on SPF, DKIM, DMARC and blocklists first (operations Domain and Server), then what Message says of the mail.',
				},
			],
		};
	}
	return {
		...FIELD,
		id: role === 'inbox' ? 'roundTrip.inbox' : 'roundTrip.otherFolder',
		subject: folder,
		status: role === 'inbox' ? 'pass' : 'info',
		title: `The mail arrived after ${after}, in ${role === 'inbox' ? 'the inbox' : `the folder "${folder}"`}.`,
		why:
			role === 'inbox'
				? 'That is where people see it. Another mailbox at the same receiver may see it elsewhere.'
				: 'A rule of the mailbox put it there, or the server sorts mail by itself.',
	};
}

function* within({ smtpHost, imapHost }: ArrivedMail): Generator<Finding> {
	if (!isDomainName(smtpHost) || organisation(smtpHost) !== organisation(imapHost)) return;
	yield {
		...FIELD,
		id: 'roundTrip.sameProvider',
		subject: organisation(imapHost),
		status: 'info',
		title: `The mail never left ${organisation(imapHost)}: account and mailbox are both there.`,
		why: 'A provider hardly judges the mail of its own users. A mailbox at another one tells more.',
	};
}

/** Is it still what was sent? A changed body breaks a signature that was made before. */
function compareContent(
	sent: ReadMail,
	received: ReadMail,
	{ sent: ours, received: theirs }: ArrivedMail,
): Finding {
	const base = { ...FIELD, subject: 'content', source: 'RFC 6376 section 3.4' } as const;
	const [before, after] = [bodyOf(ours), bodyOf(theirs)];
	if (before === after)
		return {
			...base,
			id: 'roundTrip.unchanged',
			status: 'pass',
			title: 'The mail arrived byte for byte as it was sent.',
			why: 'A signature made before it left is still valid.',
		};
	const differences = [...differencesOf(sent, received)];
	if (differences.length === 0)
		return {
			...base,
			id: 'roundTrip.reencoded',
			status: 'info',
			title: 'A server on the way wrote the mail in another encoding; what people see is the same.',
			why: 'A DKIM signature that was made before is broken by it. One that the last server makes is not.',
		};
	return {
		...base,
		id: 'roundTrip.changed',
		status: 'warning',
		title: `A server on the way changed the mail: ${differences.map(({ what }) => what).join(', ')}.`,
		why: 'A DKIM signature that was made before is broken by it, and people see something else than you wrote.',
		fixes: [
			{
				kind: 'setting',
				text: 'Find out which server adds a footer or rewrites links, and switch it off or let it sign afterwards.',
			},
		],
		evidence: differences.flatMap(({ evidence }) => evidence),
	};
}

function* differencesOf(
	sent: ReadMail,
	received: ReadMail,
): Generator<{ what: string; evidence: string[] }> {
	for (const [what, before, after] of [
		['the text', sent.text, received.text],
		['the HTML', sent.html, received.html],
	] as const) {
		const [one, other] = [plain(before), plain(after)];
		if (one !== other) yield { what, evidence: firstDifference(one, other) };
	}
	const list = ({ files }: ReadMail) => files.map(({ name, bytes }) => `${name} (${bytes} bytes)`);
	const [one, other] = [list(sent).join(', '), list(received).join(', ')];
	if (one !== other)
		yield {
			what: 'the files',
			evidence: [`sent: ${one || 'none'}`, `received: ${other || 'none'}`],
		};
}

/** What people read as who wrote and what about; mailing lists and gateways rewrite it. */
function* compareHeaders(sent: ReadMail, received: ReadMail): Generator<Finding> {
	const from = ({ from: [author] }: ReadMail) => author?.address.toLowerCase() ?? '';
	for (const [id, what, before, after] of [
		['subjectChanged', 'subject', plain(sent.subject), plain(received.subject)],
		['fromChanged', 'sender (From)', from(sent), from(received)],
	] as const) {
		if (before === after) continue;
		yield {
			...FIELD,
			id: `roundTrip.${id}`,
			subject: what,
			status: 'warning',
			title: `A server on the way changed the ${what}.`,
			why: 'A spam filter marks mail in this way, or the account may not send under this name.',
			evidence: [`sent: ${before}`, `received: ${after}`].map((line) => line.slice(0, 500)),
		};
	}
}

/** With the line ends that servers may change, and without blank lines at the end. */
function bodyOf(raw: Buffer): string {
	const text = raw.toString('latin1').replace(/\r\n?/g, '\n');
	const end = text.indexOf('\n\n');
	return end < 0 ? '' : text.slice(end + 2).trimEnd();
}

/** White space is what encodings change. */
function plain(text = ''): string {
	return text.replace(/\s+/g, ' ').trim();
}

const SHOWN = 120;

function firstDifference(one: string, other: string): string[] {
	let at = 0;
	while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
	const near = (text: string) => text.slice(Math.max(0, at - 20), at + SHOWN);
	return [`sent: …${near(one)}`, `received: …${near(other)}`];
}

function ownerOf(host: string): Receiver | undefined {
	const domain = organisation(host.toLowerCase());
	return OWNERS.find(([, domains]) => domains.includes(domain))?.[0];
}

function isDomainName(host: string): boolean {
	return /\.[a-z][a-z0-9-]*\.?$/i.test(host);
}
