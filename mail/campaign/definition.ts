import type { CampaignTemplate } from '../message/compile';
import type { PacePlan } from '../pacing/plan';
import type { CampaignRunOptions } from './run';

/**
 * All that a campaign is apart from its recipients and its secrets: with it, and with what the ledger
 * owes, any process that has the account can finish it.
 */
export interface CampaignDefinition {
	template: CampaignTemplate;
	missing: 'error' | 'empty';
	/** How fast the one who began it wanted it to go, besides what the account allows. */
	plan: PacePlan;
	/** It was signed with a key of the domain's own: unsigned it must not go on. */
	isSigned: boolean;
	run: Pick<
		CampaignRunOptions,
		| 'from'
		| 'bounceAddress'
		| 'list'
		| 'patienceMs'
		| 'giveUpAfterMs'
		| 'longestWaitMs'
		| 'resendUnknown'
		| 'suppressRefused'
	>;
}

/** Grows when an older version of this package could not read what a newer one wrote. */
const VERSION = 1;

export function writeDefinition(definition: CampaignDefinition): string {
	return JSON.stringify({ version: VERSION, ...definition });
}

/** @returns undefined for what a newer version wrote, or nobody of us */
export function readDefinition(text: string): CampaignDefinition | undefined {
	try {
		const { version, ...definition } = JSON.parse(text) as CampaignDefinition & {
			version?: unknown;
		};
		return version === VERSION ? definition : undefined;
	} catch {
		return undefined;
	}
}
