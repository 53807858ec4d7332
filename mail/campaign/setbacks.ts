import { judge } from '../bounce/judge';
import { domainOf } from '../model/address';
import { Providers } from '../pacing/provider';
import { SetbackTally } from '../report/figures';
import type { Setback, SetbackCount } from '../report/figures';
import type { LedgerEntry, MailStore } from '../store/store';

const PAGE = 5_000;

/**
 * Who was refused, or of whom a report came home, counted by event, reason and provider. Refusals are
 * judged as bounces are, from the server's words. A provider is known by its domains; other domains stand
 * for themselves.
 */
export async function countSetbacks(store: MailStore, campaignId: string): Promise<SetbackCount[]> {
	const tally = new SetbackTally();
	const providers = new Providers();
	for (let offset = 0; ; offset += PAGE) {
		const page = await store.reports.recipients(campaignId, {
			filter: { setback: true },
			limit: PAGE,
			offset,
		});
		for (const entry of page)
			tally.add({ ...setbackOf(entry), provider: providers.of(domainOf(entry.address)) });
		if (page.length < PAGE) return tally.counts();
	}
}

/** What a ledger row of a recipient with a setback says; what came home outweighs the refusal. */
export function setbackOf({ feedback, reply }: LedgerEntry): Omit<Setback, 'provider'> {
	if (feedback) return { event: feedback.event, reason: feedback.reason ?? 'undefined' };
	if (!reply) return { event: 'failed', reason: 'undefined' };
	return { event: 'failed', reason: judge({ action: 'failed', diagnostic: reply }).reason };
}
