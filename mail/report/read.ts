import type { MailStore } from '../store/store';
import type { CampaignCounts } from './figures';

/** The counts of one campaign as they stand now; undefined when the store does not know it. */
export async function readCounts(
	store: MailStore,
	campaignId: string,
): Promise<CampaignCounts | undefined> {
	const campaign = await store.campaigns.get(campaignId);
	if (!campaign) return undefined;
	const [states, feedback, singleMails, events] = await Promise.all([
		store.ledger.counts(campaignId),
		store.reports.feedbackCounts(campaignId),
		store.reports.countSingleMails(campaignId),
		store.tracking.counts(campaignId),
	]);
	return { campaign, states, feedback, singleMails, events };
}
