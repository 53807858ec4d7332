import { randomUUID } from 'node:crypto';
import type { CompiledMessage, MessageIdentity } from '../message/compile';
import { makeReference, messageIdFor, returnPathFor } from '../message/identity';
import { domainOf } from '../model/address';
import type { Pacer } from '../pacing/pacer';
import type { SmtpPool } from '../smtp/send-result';
import type { MailStore, SigningKey } from '../store/store';
import type { SkipOptions } from './intake';
import { paceOf, UNPACED } from './pace';
import type { Pace } from './pace';
import type { CampaignProgress } from './progress';
import type { CampaignRecipient } from './recipient';

/** What a run is given. Times are in ms. */
export interface CampaignRunOptions {
	store: Pick<MailStore, 'ledger' | 'suppressions' | 'campaigns'>;
	pool: SmtpPool;
	message: CompiledMessage;
	/**
	 * Each recipient is mailed once a campaign, over all runs that name the same id. With a definition,
	 * another run can finish it without what this one was given.
	 */
	campaign: { id: string; define?: { name: string; account: string; definition: string } };
	/** The list that is mailed: who is suppressed for it is skipped, beside who is for everything. */
	list?: string;
	/** Signs Message-IDs and return paths (`store.signingKeys.current()`). */
	signingKey: SigningKey;
	/** The address in From: its domain stands in Message-IDs, and bounces go to it by default. */
	from: string;
	/** Where bounces go: the return path is this address with the recipient's reference behind a `+`. */
	bounceAddress?: string;
	/** `owed`: those whom the ledger still owes a mail, without their source. */
	recipients: AsyncIterable<CampaignRecipient> | Iterable<CampaignRecipient> | 'owed';
	/** How many messages at once: the account's `limits.connections`. */
	concurrency: number;
	/**
	 * For how long after a recipient's first try this run tries them again, where the server's reply
	 * names a time that fits; and for how long it waits for a server that is gone. Two minutes.
	 */
	patienceMs?: number;
	/** How fast, and to whom; it is told what the server said. Left out: as fast as it goes. */
	pacer?: Pacer;
	/**
	 * How long this run waits for the pace; whose turn is later than that comes out as `deferred`. An
	 * hour.
	 */
	longestWaitMs?: number;
	/** How long after they were first taken in a recipient is still tried. Four days (RFC 5321). */
	giveUpAfterMs?: number;
	skip?: Partial<SkipOptions>;
	/** How long a claim lasts when this process dies or freezes. Half a minute; prolonged while it runs. */
	leaseMs?: number;
	/** Mail those again of whom nobody knows whether they have it. They may then have it twice. */
	resendUnknown?: boolean;
	/** Put addresses that the server says do not exist on the suppression list. Yes by default. */
	suppressRefused?: boolean;
	/** Ends the run: what is on the wire is finished, within two seconds, the rest is `deferred`. */
	signal?: AbortSignal;
	/** ms since the epoch; the same clock as the store's. */
	clock?: () => number;
	/** Who claims; a run of its own by default. */
	owner?: string;
	/** Called at most once a second, and at the end. */
	onProgress?: (progress: CampaignProgress) => void;
}

/** The same with nothing left open. */
export interface CampaignSettings {
	store: Pick<MailStore, 'ledger' | 'suppressions' | 'campaigns'>;
	pool: SmtpPool;
	message: CompiledMessage;
	campaignId: string;
	pace: Pace;
	longestWaitMs: number;
	giveUpAfterMs: number;
	skip: SkipOptions;
	/** `''` when no list is named. */
	list: string;
	signingKey: SigningKey;
	concurrency: number;
	patienceMs: number;
	leaseMs: number;
	resendUnknown: boolean;
	suppressRefused: boolean;
	clock: () => number;
	owner: string;
	identityOf: (recipient: { reference: string }) => MessageIdentity;
}

const HOUR = 3_600_000;

/** @throws Error in words for the user: a bounce address that leaves no room for the reference */
export function readSettings(options: CampaignRunOptions): CampaignSettings {
	const { store, pool, message, signingKey, owner = randomUUID(), clock = Date.now } = options;
	const { patienceMs = 120_000, leaseMs = 30_000, pacer, skip } = options;
	const { longestWaitMs = HOUR, giveUpAfterMs = 96 * HOUR } = options;
	return {
		store,
		pool,
		message,
		signingKey,
		owner,
		clock,
		patienceMs,
		leaseMs,
		campaignId: options.campaign.id,
		list: options.list ?? '',
		pace: pacer ? paceOf(pacer) : UNPACED,
		longestWaitMs,
		giveUpAfterMs,
		skip: { gmailSpellings: false, roleAddresses: false, ...skip },
		concurrency: Math.max(Math.floor(options.concurrency), 1),
		resendUnknown: options.resendUnknown ?? false,
		suppressRefused: options.suppressRefused ?? true,
		identityOf: identifyWith(options),
	};
}

/** What each copy is known by; made of campaign, recipient and key, so the same in every run. */
export function identifyWith(
	options: Pick<CampaignRunOptions, 'campaign' | 'from' | 'bounceAddress' | 'signingKey'>,
): CampaignSettings['identityOf'] {
	const { campaign, from, bounceAddress, signingKey } = options;
	const fromDomain = domainOf(from);
	const returnPath = (reference: string): string => {
		if (bounceAddress === undefined) return from;
		const path = returnPathFor(reference, bounceAddress);
		if (!path.ok) throw new Error(path.problem);
		return path.address;
	};
	// All references have one length: if there is room for this one, there is for all.
	returnPath(makeReference({ campaignId: campaign.id, key: '' }, signingKey));
	return ({ reference }) => ({
		reference,
		campaignId: campaign.id,
		messageId: messageIdFor(reference, fromDomain),
		returnPath: returnPath(reference),
	});
}
