import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { CompiledMessage } from '../message/compile';
import { makeReference } from '../message/identity';
import { domainOf, parseMailbox } from '../model/address';
import { isSlot } from '../pacing/pacer';
import type { Pacer } from '../pacing/pacer';
import type { SmtpPool } from '../smtp/send-result';
import { readResult, wordsOf } from './delivery';
import type { Delivery } from './delivery';
import { readPayload, writePayload } from './recipient';
import type { CampaignRecipient } from './recipient';
import { identifyWith } from './settings';
import type { CampaignRunOptions } from './settings';

export interface TrialOptions extends Pick<
	CampaignRunOptions,
	'campaign' | 'signingKey' | 'from' | 'bounceAddress' | 'pool' | 'message'
> {
	message: CompiledMessage;
	pool: SmtpPool;
	/** Who gets every mail of the trial, in place of the recipient. */
	to: readonly string[];
	/** Whose data the mails are rendered with; one mail each for everybody in `to`. */
	samples: readonly CampaignRecipient[];
	/** A trial counts against the account's limits like any mail. */
	pacer?: Pacer;
	/** How long the pace is waited for, in ms. */
	longestWaitMs?: number;
	signal?: AbortSignal;
}

/** One mail of a trial. */
export type TrialMail = {
	/** The sample's own index. */
	index: number;
	/** Whose data it has. */
	sample: string;
	/** Who got it. */
	to: string;
} & (
	| { outcome: 'sent'; reply: string; messageId: string; size: number }
	| { outcome: 'failed'; reason: string; reply?: string; messageId?: string }
);

/**
 * Sends the campaign's mail to given addresses, with the data of its first recipients: what arrives is
 * what they would get. The ledger hears nothing of it, so that each of them still gets their own; and
 * its bounces are of no campaign, so that they suppress nobody.
 */
export async function* sendTrial(options: TrialOptions): AsyncGenerator<TrialMail, void> {
	for (const sample of options.samples)
		for (const to of options.to) {
			if (options.signal?.aborted) return;
			yield {
				index: sample.index,
				sample: sample.address,
				to,
				...(await sendOne(sample, to, options)),
			};
		}
}

/** Under which name the trials of a campaign go. */
export function trialOf(campaignId: string): string {
	return `${campaignId} (test)`;
}

type Sent = Pick<
	Extract<TrialMail, { outcome: 'sent' }>,
	'outcome' | 'reply' | 'messageId' | 'size'
>;
type Failed = Omit<Extract<TrialMail, { outcome: 'failed' }>, 'index' | 'sample' | 'to'>;

async function sendOne(
	sample: CampaignRecipient,
	to: string,
	options: TrialOptions,
): Promise<Sent | Failed> {
	const { message, pool, pacer, signingKey, signal, longestWaitMs = 60_000 } = options;
	const parsed = parseMailbox(sample.address);
	const mailbox = parsed.ok ? parsed.mailbox : { name: '', address: to };
	const content = readPayload(writePayload(sample, mailbox));
	if ('problem' in content) return { outcome: 'failed', reason: content.problem };
	// A reference of its own each time: a server that has seen a Message-ID may drop the second mail.
	const campaignId = trialOf(options.campaign.id);
	const reference = makeReference({ campaignId, key: randomUUID() }, signingKey);
	const identity = identifyWith({ ...options, campaign: { id: campaignId } })({ reference });
	const rendered = message.render({ ...content, address: to }, identity);
	if (!rendered.ok) return { outcome: 'failed', reason: rendered.problem };
	const slot = pacer ? await slotFor(pacer, to, longestWaitMs) : undefined;
	if (pacer && !slot)
		return {
			outcome: 'failed',
			reason: 'The sending limit of this account is reached. Try again later.',
		};
	const { messageId } = rendered;
	const size = rendered.wire.size;
	const result = await pool.send(rendered.envelope, rendered.wire, { signal });
	if (result.result === 'notSent') slot?.giveBack();
	else slot?.finish();
	const delivery = readResult(result, true);
	if (delivery.became === 'sent')
		return { outcome: 'sent', reply: delivery.reply, messageId, size };
	return { outcome: 'failed', messageId, ...whyNot(delivery) };
}

function whyNot(delivery: Exclude<Delivery, { became: 'sent' }>): {
	reason: string;
	reply?: string;
} {
	switch (delivery.became) {
		case 'deferred':
		case 'failed':
			return { reason: delivery.reason, ...(delivery.reply ? { reply: delivery.reply } : {}) };
		case 'unknown':
		case 'accountRefused':
			return { reason: delivery.reason };
		case 'cutOff':
		case 'unreached':
			return { reason: wordsOf(delivery.problem) };
		case 'withdrawn':
			return { reason: 'The test was stopped before this mail was sent.' };
	}
}

async function slotFor(pacer: Pacer, to: string, longestWaitMs: number) {
	const until = performance.now() + longestWaitMs;
	const lane = pacer.providers.of(domainOf(to));
	for (;;) {
		const answer = pacer.ask(lane);
		if (isSlot(answer)) return answer;
		const leftMs = until - performance.now();
		if (leftMs <= 0 || answer.waitMs > longestWaitMs) return undefined;
		await changeOrTime(pacer, Math.min(answer.waitMs, leftMs, 1_000));
	}
}

async function changeOrTime(pacer: Pacer, ms: number): Promise<void> {
	const end = new AbortController();
	const timer = AbortSignal.timeout(Math.max(Math.ceil(ms), 1));
	const unlisten = pacer.listen(() => {
		end.abort();
	});
	await once(AbortSignal.any([timer, end.signal]), 'abort');
	unlisten();
}
