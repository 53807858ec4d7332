import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CompiledMessage } from '../message/compile';
import { makeReference } from '../message/identity';
import type { SkipReason } from '../model/outcome';
import { estimateMs, laneOf, NO_PLAN } from '../pacing/plan';
import type { PacePlan } from '../pacing/plan';
import { Providers } from '../pacing/provider';
import { domainOf } from '../model/address';
import type { MailStore } from '../store/store';
import { checkRecipients, readRecipient } from './intake';
import type { Candidate } from './intake';
import { readPayload } from './recipient';
import type { CampaignRecipient } from './recipient';
import { identifyWith } from './settings';
import type { CampaignRunOptions } from './settings';

export interface RehearsalOptions extends Pick<
	CampaignRunOptions,
	| 'campaign'
	| 'list'
	| 'signingKey'
	| 'from'
	| 'bounceAddress'
	| 'skip'
	| 'resendUnknown'
	| 'message'
> {
	store: Pick<MailStore, 'ledger' | 'suppressions'>;
	recipients: AsyncIterable<CampaignRecipient> | Iterable<CampaignRecipient>;
	/** The same mail that takes a missing field for an error, where `message` leaves its place empty. */
	strict?: CompiledMessage;
	/** The same mail, signed, where it is to be: signing each copy would only cost time. */
	signed?: CompiledMessage;
	plan?: PacePlan;
	providers?: Providers;
	signal?: AbortSignal;
}

/** What a run would come to, as far as that can be told without a server. */
export interface Rehearsal {
	recipients: number;
	/** Whom a mail could be made for. */
	ready: number;
	/** By reason. */
	skipped: Partial<Record<SkipReason, number>>;
	failed: number;
	/** Everyone who would not be mailed, with the reason. */
	problems: RehearsedProblem[];
	/** Reasons of those who would fail, or get a mail with an empty place; the most frequent first. */
	reasons: { reason: string; recipients: number; example: string }[];
	/** In octets, of the mails that could be made; absent when there are none. */
	sizes?: { smallest: number; largest: number; mean: number; total: number; largestFor: string };
	/** The first mail that could be made, as it would leave. */
	sample?: { recipient: string; raw: Buffer };
	/** Mails by provider, or by domain where there is none; the most first. */
	providers: { provider: string; mails: number }[];
	/** How long the plan alone makes it last, in ms; 0 without limits. */
	leastMs: number;
}

export interface RehearsedProblem {
	index: number;
	recipient: string;
	outcome: 'failed' | 'skipped';
	skipReason?: SkipReason;
	reason: string;
}

/** Rendering goes on so long before the event loop has its turn, in ms. */
const TURN_MS = 15;
const BATCH = 2_000;

/**
 * Does everything for everyone that a run does before it connects: reads, skips, looks into ledger and
 * suppression list, and renders. Writes nothing down and sends nothing.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsal> {
	const count = new Count(options);
	const met = new Set<string>();
	let batch: Candidate[] = [];
	for await (const recipient of options.recipients) {
		if (options.signal?.aborted) break;
		const candidate = readRecipient(recipient, met, {
			gmailSpellings: false,
			roleAddresses: false,
			...options.skip,
		});
		count.recipients += 1;
		if ('outcome' in candidate) count.skip(candidate);
		else batch.push(candidate);
		if (batch.length < BATCH) continue;
		await count.renderAll(batch);
		batch = [];
	}
	await count.renderAll(batch);
	return count.sum();
}

class Count {
	recipients = 0;
	readonly #skipped = new Map<SkipReason, number>();
	readonly #problems: RehearsedProblem[] = [];
	readonly #reasons = new Map<string, { recipients: number; example: string }>();
	readonly #lanes = new Map<string, number>();
	readonly #providers: Providers;
	readonly #identityOf;
	#ready = 0;
	#sample: Rehearsal['sample'];
	#failed = 0;
	#total = 0;
	#smallest = Infinity;
	#largest = { size: 0, recipient: '' };

	constructor(private readonly options: RehearsalOptions) {
		this.#providers = options.providers ?? new Providers();
		this.#identityOf = identifyWith(options);
	}

	skip({ index, recipient, skipReason, reason }: Omit<RehearsedProblem, 'outcome'>): void {
		if (skipReason === undefined) return;
		this.#skipped.set(skipReason, (this.#skipped.get(skipReason) ?? 0) + 1);
		this.#problems.push({ index, recipient, outcome: 'skipped', skipReason, reason });
	}

	async renderAll(batch: readonly Candidate[]): Promise<void> {
		const { store, campaign, list = '', resendUnknown = false } = this.options;
		const { wanted, skipped } = await checkRecipients(batch, {
			store,
			campaignId: campaign.id,
			list,
			resendUnknown,
		});
		for (const outcome of skipped) this.skip(outcome);
		await this.#providers.learn(wanted.map(({ recipient }) => domainOf(recipient)));
		let turnSince = performance.now();
		for (const candidate of wanted) {
			this.#render(candidate);
			if (performance.now() - turnSince < TURN_MS) continue;
			await nextTurn();
			turnSince = performance.now();
		}
	}

	#render({ index, recipient, key, payload }: Candidate): void {
		const { message, strict, campaign, signingKey } = this.options;
		const content = readPayload(payload);
		if ('problem' in content) {
			this.#fail(index, recipient, content.problem);
			return;
		}
		const reference = makeReference({ campaignId: campaign.id, key }, signingKey);
		const to = { ...content, address: recipient };
		const rendered = message.render(to, this.#identityOf({ reference }));
		if (!rendered.ok) {
			this.#fail(index, recipient, rendered.problem);
			return;
		}
		const checked = strict?.render(to, this.#identityOf({ reference }));
		if (checked && !checked.ok) this.#note(checked.problem, recipient);
		if (!this.#sample) {
			const copy = this.options.signed?.render(to, this.#identityOf({ reference })) ?? rendered;
			if (copy.ok) this.#sample = { recipient, raw: copy.raw };
		}
		const size = rendered.wire.size;
		this.#ready += 1;
		this.#total += size;
		this.#smallest = Math.min(this.#smallest, size);
		if (size > this.#largest.size) this.#largest = { size, recipient };
		const lane = laneOf(domainOf(recipient), this.options.plan ?? NO_PLAN, this.#providers);
		this.#lanes.set(lane, (this.#lanes.get(lane) ?? 0) + 1);
	}

	#fail(index: number, recipient: string, reason: string): void {
		this.#failed += 1;
		this.#problems.push({ index, recipient, outcome: 'failed', reason });
		this.#note(reason, recipient);
	}

	#note(reason: string, example: string): void {
		const known = this.#reasons.get(reason);
		if (known) known.recipients += 1;
		else this.#reasons.set(reason, { recipients: 1, example });
	}

	sum(): Rehearsal {
		const lanes = [...this.#lanes].toSorted(([, a], [, b]) => b - a);
		const reasons = [...this.#reasons].map(([reason, about]) => ({ reason, ...about }));
		return {
			recipients: this.recipients,
			ready: this.#ready,
			skipped: Object.fromEntries(this.#skipped),
			failed: this.#failed,
			problems: this.#problems.toSorted((a, b) => a.index - b.index),
			reasons: reasons.toSorted((a, b) => b.recipients - a.recipients),
			...(this.#ready === 0
				? {}
				: {
						sizes: {
							smallest: this.#smallest,
							largest: this.#largest.size,
							mean: Math.round(this.#total / this.#ready),
							total: this.#total,
							largestFor: this.#largest.recipient,
						},
					}),
			...(this.#sample && { sample: this.#sample }),
			providers: lanes.map(([provider, mails]) => ({ provider, mails })),
			leastMs: estimateMs(this.options.plan ?? NO_PLAN, this.#lanes),
		};
	}
}
