import { makeReference } from '../message/identity';
import { parseMailbox, recipientKey } from '../model/address';
import type { RecipientOutcome, RecipientRef } from '../model/outcome';
import type { LedgerEntry, MailStore, NewRecipient, SigningKey } from '../store/store';
import type { Pace } from './pace';
import { writePayload } from './recipient';
import type { CampaignRecipient } from './recipient';
import { gmailMailbox, isRoleAddress } from './role-address';
import { skipped, skippedAsServed, skippedAsSuppressed } from './skip';
import type { SkippedOutcome } from './skip';
import type { Owed } from './worklist';

/** A recipient whom the ledger holds now, and whom this run is to serve. */
export interface TakenIn extends RecipientRef {
	key: string;
	reference: string;
	/** Tries of earlier runs. */
	attempts: number;
	/** When the campaign first took them in. */
	queuedAt: number;
	/** Who keeps pace with them: those of the same provider. */
	lane: string;
}

/** What became of one batch: who is owed a mail, and who is not, with the reason. */
export interface IntakeBatch {
	owed: Owed[];
	done: RecipientOutcome[];
}

export interface IntakeOptions {
	store: Pick<MailStore, 'ledger' | 'suppressions'>;
	campaignId: string;
	/** Whose suppressions count beside those for everything. */
	list: string;
	signingKey: SigningKey;
	/** Take up again those of whom nobody knows whether they were served. */
	resendUnknown: boolean;
	pace: Pace;
	skip: SkipOptions;
}

/** Whom to leave out besides. */
export interface SkipOptions {
	/** Spellings of one Gmail address, with dots or a +tag, are one recipient. */
	gmailSpellings: boolean;
	/** Addresses of a task, such as info@ and sales@. */
	roleAddresses: boolean;
}

/** One transaction each; small enough that reading a batch leaves the event loop free. */
const BATCH = 2_000;

/**
 * Recipients in, batches out: each address parsed, met once, not suppressed, and in the ledger as
 * `queued`. Who is not, is `done`; no recipient can stop the others.
 */
export async function* takeIn(
	recipients: AsyncIterable<CampaignRecipient> | Iterable<CampaignRecipient>,
	options: IntakeOptions,
): AsyncGenerator<IntakeBatch, void> {
	const met = new Set<string>();
	let batch: Candidate[] = [];
	let done: RecipientOutcome[] = [];
	let read = 0;
	for await (const recipient of recipients) {
		const candidate = readRecipient(recipient, met, options.skip);
		if ('outcome' in candidate) done.push(candidate);
		else batch.push(candidate);
		if (++read % BATCH !== 0) continue;
		yield await enlist(batch, done, options);
		batch = [];
		done = [];
	}
	yield await enlist(batch, done, options);
}

/** A recipient whose address can be mailed, not looked up anywhere yet. */
export interface Candidate extends RecipientRef {
	key: string;
	payload: string;
}

/** The address parsed, and met for the first time; who is not, is skipped. */
export function readRecipient(
	recipient: CampaignRecipient,
	met: Set<string>,
	skip: SkipOptions,
): Candidate | SkippedOutcome {
	const { index } = recipient;
	const parsed = parseMailbox(recipient.address);
	if (!parsed.ok) {
		const ref = { index, recipient: recipient.address.trim() };
		return skipped(ref, 'invalidAddress', parsed.problem);
	}
	const { mailbox } = parsed;
	const ref = { index, recipient: mailbox.address };
	const folded = recipientKey(mailbox.address);
	// One text where they are the same: a run holds those of all its recipients.
	const key = folded === mailbox.address ? mailbox.address : folded;
	if (skip.roleAddresses && isRoleAddress(mailbox.address))
		return skipped(
			ref,
			'roleAddress',
			`${mailbox.address} is the address of a task, not of a person, and this node leaves those out.`,
		);
	const mailboxKey = skip.gmailSpellings ? gmailMailbox(key) : key;
	if (met.has(mailboxKey))
		return skipped(
			ref,
			'duplicate',
			`${mailbox.address} stands in this list more than once; the first one counts.`,
		);
	met.add(mailboxKey);
	return { ...ref, key, payload: writePayload(recipient, mailbox) };
}

interface Checked {
	wanted: Candidate[];
	skipped: SkippedOutcome[];
}

async function leaveOutSuppressed(
	batch: readonly Candidate[],
	{ store, list }: Pick<IntakeOptions, 'store' | 'list'>,
): Promise<Checked> {
	const keys = batch.map(({ key }) => key);
	const entries = await store.suppressions.check(keys, { list });
	const wanted: Candidate[] = [];
	const left: SkippedOutcome[] = [];
	for (const candidate of batch) {
		const entry = entries.get(candidate.key);
		if (entry) left.push(skippedAsSuppressed(candidate, entry));
		else wanted.push(candidate);
	}
	return { wanted, skipped: left };
}

/** Whom an intake would take, and why it would not take the others; nothing is written down. */
export async function checkRecipients(
	batch: readonly Candidate[],
	options: Pick<IntakeOptions, 'store' | 'campaignId' | 'list' | 'resendUnknown'>,
): Promise<Checked> {
	const { wanted, skipped: left } = await leaveOutSuppressed(batch, options);
	const { store, campaignId, resendUnknown } = options;
	const known = await store.ledger.getMany(
		campaignId,
		wanted.map(({ key }) => key),
	);
	const served = new Map<string, SkippedOutcome>();
	for (const entry of known) {
		const isOpenAgain =
			(entry.state === 'unknown' && resendUnknown) ||
			(entry.state === 'failed' && entry.blame !== 'recipient');
		const as = isOpenAgain ? undefined : skippedAsServed({ index: 0, recipient: '' }, entry);
		if (as) served.set(entry.key, as);
	}
	const open: Candidate[] = [];
	for (const candidate of wanted) {
		const { index, recipient } = candidate;
		const as = served.get(candidate.key);
		if (as) left.push({ ...as, index, recipient });
		else open.push(candidate);
	}
	return { wanted: open, skipped: left };
}

/** Suppressed ones leave, the others go into the ledger, and those served before leave too. */
async function enlist(
	batch: readonly Candidate[],
	done: RecipientOutcome[],
	options: IntakeOptions,
): Promise<IntakeBatch> {
	const { wanted, skipped: suppressed } = await leaveOutSuppressed(batch, options);
	done.push(...suppressed);
	const entries = await options.store.ledger.enqueue(
		options.campaignId,
		wanted.map((candidate) => toRow(candidate, options)),
		{ reopenUnknown: options.resendUnknown },
	);
	await options.pace.learn(wanted.map(({ recipient }) => recipient));
	const owed: Owed[] = [];
	for (const [position, candidate] of wanted.entries()) {
		const { index, recipient } = candidate;
		const entry = entries[position];
		if (!entry) throw new Error('The mail store lost a recipient that it was given.');
		const served = skippedAsServed({ index, recipient }, entry);
		if (served) done.push(served);
		else owed.push(toOwed(candidate, entry, options.pace.laneOf(recipient)));
	}
	return { owed, done };
}

function toOwed({ index, recipient, key }: Candidate, entry: LedgerEntry, lane: string): Owed {
	const { reference, attempts, queuedAt } = entry;
	return { index, recipient, key, reference, attempts, queuedAt, lane };
}

function toRow(
	{ key, recipient, payload }: Candidate,
	{ campaignId, signingKey }: IntakeOptions,
): NewRecipient {
	const reference = makeReference({ campaignId, key }, signingKey);
	return { key, address: recipient, reference, payload };
}
