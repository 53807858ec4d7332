import { makeReference } from '../message/identity';
import { parseMailbox, recipientKey } from '../model/address';
import type { RecipientOutcome, RecipientRef } from '../model/outcome';
import type { LedgerEntry, MailStore, NewRecipient, SigningKey } from '../store/store';
import type { Pace } from './pace';
import { writePayload } from './recipient';
import type { CampaignRecipient } from './recipient';
import { gmailMailbox, isRoleAddress } from './role-address';
import { skipped, skippedAsServed, skippedAsSuppressed } from './skip';
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

interface Candidate extends RecipientRef {
	key: string;
	payload: string;
}

function readRecipient(
	recipient: CampaignRecipient,
	met: Set<string>,
	skip: SkipOptions,
): Candidate | RecipientOutcome {
	const { index } = recipient;
	const parsed = parseMailbox(recipient.address);
	if (!parsed.ok) {
		const ref = { index, recipient: recipient.address.trim() };
		return skipped(ref, 'invalidAddress', parsed.problem);
	}
	const { mailbox } = parsed;
	const ref = { index, recipient: mailbox.address };
	const key = recipientKey(mailbox.address);
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

/** Suppressed ones leave, the others go into the ledger, and those served before leave too. */
async function enlist(
	batch: readonly Candidate[],
	done: RecipientOutcome[],
	options: IntakeOptions,
): Promise<IntakeBatch> {
	const keys = batch.map(({ key }) => key);
	const suppressed = await options.store.suppressions.check(keys, { list: options.list });
	const wanted: Candidate[] = [];
	for (const candidate of batch) {
		const entry = suppressed.get(candidate.key);
		if (entry) done.push(skippedAsSuppressed(candidate, entry));
		else wanted.push(candidate);
	}
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
