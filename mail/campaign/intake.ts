import { makeReference } from '../message/identity';
import { parseMailbox, recipientKey } from '../model/address';
import type { RecipientOutcome, RecipientRef } from '../model/outcome';
import type { MailStore, NewRecipient, SigningKey } from '../store/store';
import { writePayload } from './recipient';
import type { CampaignRecipient } from './recipient';
import { skipped, skippedAsServed, skippedAsSuppressed } from './skip';

/** A recipient whom the ledger holds now, and whom this run is to serve. */
export interface TakenIn extends RecipientRef {
	key: string;
	reference: string;
	/** Tries of earlier runs. */
	attempts: number;
}

/** What became of one batch: who is owed a mail, and who is not, with the reason. */
export interface IntakeBatch {
	owed: TakenIn[];
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
		const candidate = readRecipient(recipient, met);
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
	if (met.has(key))
		return skipped(
			ref,
			'duplicate',
			`${mailbox.address} stands in this list more than once; the first one counts.`,
		);
	met.add(key);
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
	const owed: TakenIn[] = [];
	for (const [position, { index, recipient, key }] of wanted.entries()) {
		const entry = entries[position];
		if (!entry) throw new Error('The mail store lost a recipient that it was given.');
		const served = skippedAsServed({ index, recipient }, entry);
		if (served) done.push(served);
		else owed.push({ index, recipient, key, reference: entry.reference, attempts: entry.attempts });
	}
	return { owed, done };
}

function toRow(
	{ key, recipient, payload }: Candidate,
	{ campaignId, signingKey }: IntakeOptions,
): NewRecipient {
	const reference = makeReference({ campaignId, key }, signingKey);
	return { key, address: recipient, reference, payload };
}
