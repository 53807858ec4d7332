import { setTimeout as sleep } from 'node:timers/promises';

import type { ImapAccount } from '../../../mail/mailbox/account';
import type { MailboxMessage } from '../../../mail/mailbox/message';
import type { MailboxWatch } from '../../../mail/mailbox/session';
import { watchMailbox } from '../../../mail/mailbox/session';
import type {
	MessageProblem,
	Verdict,
	WatchChange,
	WatchOptions,
	WatchTiming,
} from '../../../mail/mailbox/session-options';
import type { KnownMail, MailboxMark } from '../../../mail/store/store';

/** Everything shorter, so that a test sees in seconds what takes a minute in earnest. */
export const QUICK: Partial<WatchTiming> = {
	connectMs: 2_000,
	silenceMs: 1_500,
	heartbeatMs: 500,
	answerMs: 500,
	pollMs: 200,
	recheckMs: 400,
	backoffMs: [50, 400],
	absentBackoffMs: [50, 400],
	signInBackoffMs: [100, 400],
	patienceMs: 700,
	handlerBackoffMs: 20,
	stopGraceMs: 500,
};

export interface Watching {
	watch: MailboxWatch;
	/** What was handed on, in order. */
	messages: MailboxMessage[];
	subjects(): string[];
	changes: WatchChange[];
	problems: MessageProblem[];
	/** The mark as a store would have it; shared with the next watch to play a restart. */
	shelf: { mark?: MailboxMark; saves: number; mails?: Map<string, KnownMail> };
	/** The ids of the batches, in order. */
	batches: string[];
	stop(): Promise<void>;
}

const running = new Set<Watching>();

/** Starts a watch that writes down what it is told. */
export function startWatching(
	account: ImapAccount,
	options: Partial<Omit<WatchOptions, 'saveMark'>> & {
		shelf?: Watching['shelf'];
		verdict?: Verdict;
		saveMark?: (mark: MailboxMark, handedOn: readonly string[]) => Promise<void>;
		/** For watches that take one message at a time. */
		onMessage?: (message: MailboxMessage, signal: AbortSignal) => Promise<Verdict | undefined>;
	} = {},
): Watching {
	const shelf = options.shelf ?? { saves: 0 };
	const mails = (shelf.mails ??= new Map<string, KnownMail>());
	const save =
		options.saveMark ??
		((mark: MailboxMark) => {
			shelf.mark = structuredClone(mark);
			shelf.saves += 1;
			return Promise.resolve();
		});
	const watching: Watching = {
		messages: [],
		subjects: () => watching.messages.map(subjectOf),
		changes: [],
		problems: [],
		batches: [],
		shelf,
		stop: async () => {
			running.delete(watching);
			await watching.watch.stop();
		},
		watch: watchMailbox(account, {
			mailbox: 'INBOX',
			startWith: 'all',
			loadMark: () => Promise.resolve(shelf.mark && structuredClone(shelf.mark)),
			lookUp: (digests) => Promise.resolve(known(mails, digests)),
			take: (digests, batch) => {
				for (const digest of digests)
					if (!mails.has(digest)) mails.set(digest, { batch, handedOn: false });
				const asked = known(mails, digests);
				const batches = new Set([...asked.values()].map(({ batch }) => batch));
				const members = [...mails].filter(([, { batch }]) => batch !== '' && batches.has(batch));
				return Promise.resolve(new Map([...asked, ...members]));
			},
			onState: (change) => watching.changes.push(change),
			onProblem: (problem) => watching.problems.push(problem),
			...options,
			saveMark: async (mark, handedOn) => {
				await save(mark, handedOn);
				for (const digest of handedOn)
					mails.set(digest, { batch: mails.get(digest)?.batch ?? '', handedOn: true });
			},
			onMail: async (batch, signal) => {
				const given = await options.onMail?.(batch, signal);
				const verdicts: Verdict[] = [];
				for (const [position, message] of batch.messages.entries()) {
					const verdict = given?.[position] ?? (await options.onMessage?.(message, signal));
					verdicts.push(verdict ?? options.verdict ?? { action: 'leave' });
					watching.messages.push(message);
				}
				watching.batches.push(batch.id);
				return verdicts;
			},
			timing: { ...QUICK, ...options.timing },
		}),
	};
	running.add(watching);
	return watching;
}

function known(
	mails: ReadonlyMap<string, KnownMail>,
	digests: readonly string[],
): Map<string, KnownMail> {
	return new Map([...mails].filter(([digest]) => digests.includes(digest)));
}

/** For afterEach: ends what a failed test left running. */
export async function stopAllWatches(): Promise<void> {
	await Promise.all([...running].map((each) => each.stop()));
}

export function subjectOf({ raw }: Pick<MailboxMessage, 'raw'>): string {
	return /^subject: *(.*?)\r?$/im.exec(raw.toString('latin1'))?.[1] ?? '';
}

/** Waits until the condition holds; fails with what it was about. */
export async function eventually(
	what: string,
	condition: () => boolean | Promise<boolean>,
	timeoutMs = 8_000,
): Promise<void> {
	const deadline = Date.now() + timeoutMs;
	while (!(await condition())) {
		if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
		await sleep(10);
	}
}

let counter = 0;

/** A small mail with this subject, and a Message-ID of its own. */
export function mail(
	subject: string,
	body = 'Hello.',
	when: { written?: Date; arrived?: Date } = {},
): string {
	counter += 1;
	return [
		...(when.arrived ? [`Received: from a by b with LMTP; ${when.arrived.toUTCString()}`] : []),
		'From: MAILER-DAEMON@mx.example.test',
		'To: bounces@example.test',
		`Subject: ${subject}`,
		`Date: ${(when.written ?? new Date()).toUTCString()}`,
		`Message-ID: <${counter}.${Date.now()}@mx.example.test>`,
		'',
		body,
		'',
	].join('\r\n');
}

export function daysAgo(days: number): Date {
	return new Date(Date.now() - days * 86_400_000);
}
