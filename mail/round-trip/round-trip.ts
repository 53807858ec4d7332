import { setTimeout as sleep } from 'node:timers/promises';

import { parseBounce } from '../bounce/read';
import { checkArrival } from '../deliverability/arrival';
import type { AuthenticationResult } from '../deliverability/authentication-results';
import type { Dns } from '../deliverability/dns';
import type { Finding } from '../deliverability/finding';
import type { ReceivedLine } from '../deliverability/received-line';
import type { ImapAccount } from '../mailbox/account';
import { Arrivals } from '../mailbox/arrivals';
import type { Arrival, FolderMarks } from '../mailbox/arrivals';
import { describeImapError } from '../mailbox/problem';
import type { MailboxProblem } from '../mailbox/problem';
import type { SmtpAccount } from '../smtp/account';
import { readReply } from '../smtp/reply';
import type { SendResult, SmtpPool } from '../smtp/send-result';
import type { Probe } from './probe';
import { bouncedTo, delayed, notArrived, notRemoved, notSent } from './words';

export interface RoundTripQuestion {
	pool: SmtpPool;
	account: Pick<SmtpAccount, 'host'>;
	mailbox: ImapAccount;
	probe: Probe;
	/** Names of the receiving servers whose verdict is believed, where the user knows them. */
	receivers?: readonly string[];
	/** How long to wait for it, in ms. */
	patienceMs: number;
	/** Between two looks, in ms. */
	pollMs?: number;
	/** Takes the mail out of the mailbox when it was looked at. */
	remove?: boolean;
	/** A view of the DNS, opened when the mail is there, to verify its signatures with. */
	openDns?: () => Dns;
	/** What an earlier try sent: it is looked for, and nothing is sent. */
	earlier?: SentProbe;
	clock?: () => number;
	signal?: AbortSignal;
}

/** A probe that has left, with all that a later try needs to find it. */
export interface SentProbe {
	probe: Probe;
	/** In ms since the epoch. */
	at: number;
	/** How far the mailbox's folders went before. */
	folders: FolderMarks;
}

export type RoundTrip = {
	findings: Finding[];
	/** Absent where nothing left. */
	sent?: SentProbe;
} & (
	| {
			outcome: 'arrived';
			folder: string;
			/** From the server's reply to the moment when it was seen. */
			seconds: number;
			/** As it lay in the mailbox. */
			raw: Buffer;
			cameIn?: ReceivedLine;
			results: AuthenticationResult[];
	  }
	| { outcome: 'notSent' | 'bounced' | 'notArrived' }
);

/** The mailbox cannot be opened: nothing was sent. */
export class MailboxUnavailable extends Error {
	constructor(readonly problem: MailboxProblem) {
		super(problem.message);
	}
}

const POLL_MS = 2_000;
/** Other folders than inbox and junk are asked each so many looks. */
const LOOKS_PER_ROUND = 5;
const MAX_BYTES = 40_000_000;
/** Pauses before further tries where the server only asks to come back. */
const PAUSES_MS = [2_000, 10_000];

/**
 * Sends one real mail and looks for it in the mailbox that it goes to: whether it arrives, where, how
 * soon, what its receiver thought of it, and whether it is still what was sent. The mailbox is opened
 * before anything is sent; after that nothing is thrown.
 *
 * @throws MailboxUnavailable
 */
export async function makeRoundTrip(question: RoundTripQuestion): Promise<RoundTrip> {
	const { pool, account, mailbox, probe, earlier, signal, clock = Date.now } = question;
	const arrivals = await openMailbox(mailbox, earlier?.folders, signal);
	try {
		if (!earlier) {
			const result = await send(pool, probe, signal);
			if (result.result !== 'accepted' && result.result !== 'unknown')
				return { outcome: 'notSent', findings: [notSent(account.host, result)] };
		}
		const sent = earlier ?? { probe, at: clock(), folders: arrivals.begin };
		return { ...(await waitFor(arrivals, question, sent)), sent };
	} finally {
		await arrivals.close();
	}
}

async function openMailbox(
	account: ImapAccount,
	since: FolderMarks | undefined,
	signal?: AbortSignal,
): Promise<Arrivals> {
	try {
		return await Arrivals.open(account, { ...(since && { since }), ...(signal && { signal }) });
	} catch (error) {
		throw new MailboxUnavailable(describeImapError(error, account));
	}
}

async function send(
	pool: SmtpPool,
	{ envelope, raw }: Probe,
	signal?: AbortSignal,
): Promise<SendResult> {
	let result = await pool.send(envelope, raw, { signal });
	for (const pauseMs of PAUSES_MS) {
		const comesBack =
			result.result === 'refused' && readReply(result.reply).verdict === 'transient';
		if (!comesBack || !(await waited(pauseMs, signal))) break;
		result = await pool.send(envelope, raw, { signal });
	}
	return result;
}

async function waitFor(
	arrivals: Arrivals,
	question: RoundTripQuestion,
	{ probe, at: sentAt }: SentProbe,
): Promise<RoundTrip> {
	const { mailbox, patienceMs, pollMs = POLL_MS, signal, clock = Date.now } = question;
	const notes = new Map<string, Finding>();
	let problem: MailboxProblem | undefined;
	const since = clock();
	for (let look = 1; ; look += 1) {
		const isLast = clock() - since >= patienceMs || signal?.aborted === true;
		try {
			const where = isLast ? 'views' : look % LOOKS_PER_ROUND === 0 ? 'all' : 'likely';
			const news = signal?.aborted ? [] : await arrivals.look(where);
			problem = undefined;
			const found = news.find((arrival) => isProbe(arrival, probe));
			if (found) return await arrivedAs(found, arrivals, { ...question, probe }, clock() - sentAt);
			for (const report of await reportsIn(news, probe)) {
				if (report.kind === 'bounced')
					return { outcome: 'bounced', findings: [...notes.values(), report.finding] };
				notes.set(report.finding.title, report.finding);
			}
		} catch (error) {
			problem = describeImapError(error, mailbox, 'session');
		}
		if (isLast)
			return {
				outcome: 'notArrived',
				findings: [...notes.values(), notArrived(patienceMs, mailbox.host, problem)],
			};
		await waited(Math.min(pollMs, Math.max(patienceMs - (clock() - since), 1)), signal);
	}
}

async function arrivedAs(
	found: Arrival,
	arrivals: Arrivals,
	{ account, mailbox, probe, receivers = [], remove = false, openDns }: RoundTripQuestion,
	ms: number,
): Promise<RoundTrip> {
	const raw = await arrivals.whole(found, MAX_BYTES);
	const { folder, role } = found;
	const seconds = Math.max(Math.round(ms / 1_000), 0);
	const { findings, cameIn, results } = await checkArrival({
		...{ sent: probe.raw, received: raw, folder, role, seconds, receivers },
		smtpHost: account.host,
		imapHost: mailbox.host,
		...(openDns && { dns: openDns() }),
	});
	const isLeft = remove && !(await arrivals.remove(found).catch(() => false));
	return {
		outcome: 'arrived',
		...{ folder, seconds, raw, results },
		...(cameIn && { cameIn }),
		findings: isLeft ? [...findings, notRemoved(folder)] : findings,
	};
}

/** By our own field; by the Message-ID where a server keeps only what it knows. */
function isProbe({ start }: Arrival, { token, messageId }: Probe): boolean {
	const head = headOf(start);
	if (head.includes(token)) return true;
	return messageId !== undefined && head.includes(`<${messageId}>`) && /^message-id:/im.test(head);
}

/** The header block, unfolded. */
function headOf(start: Buffer): string {
	return (start.toString('latin1').split(/\r?\n\r?\n/, 1)[0] ?? '').replace(/\r?\n[ \t]+/g, ' ');
}

/** Bounces and delays that tell of this mail: they hold its token or its Message-ID, which nobody else knows. */
async function reportsIn(
	news: readonly Arrival[],
	{ token, messageId = token }: Probe,
): Promise<{ kind: 'bounced' | 'delayed'; finding: Finding }[]> {
	const reports: { kind: 'bounced' | 'delayed'; finding: Finding }[] = [];
	for (const { start } of news) {
		if (!start.includes(token) && !start.includes(messageId)) continue;
		const { kind, recipients, reportingMta } = await parseBounce(start);
		const [about] = recipients;
		if (!about) continue;
		if (kind === 'bounce')
			reports.push({ kind: 'bounced', finding: bouncedTo(about, reportingMta) });
		if (kind === 'delay') reports.push({ kind: 'delayed', finding: delayed(about, reportingMta) });
	}
	return reports;
}

/** @returns false when the signal came first */
async function waited(ms: number, signal?: AbortSignal): Promise<boolean> {
	try {
		await sleep(ms, undefined, signal && { signal });
		return true;
	} catch {
		return false;
	}
}
