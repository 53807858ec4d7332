import type { IDataObject } from 'n8n-workflow';

import type { LedgerEntry, MailStore } from '../../mail/index';
import { setbackOf } from '../../mail/index';

/** Recipients out of the ledger, with what each did; what is not known is left out. */
export async function describeRecipients(
	store: MailStore,
	campaignId: string,
	entries: readonly LedgerEntry[],
): Promise<IDataObject[]> {
	const deeds = await deedsOf(store, campaignId, entries);
	return entries.map((entry) => {
		const { feedback, retryAt, reply, reason, messageId } = entry;
		return {
			campaignId,
			email: entry.address,
			state: entry.state,
			attempts: entry.attempts,
			queuedAt: time(entry.queuedAt),
			changedAt: time(entry.updatedAt),
			...(retryAt === undefined ? {} : { retryAt: time(retryAt) }),
			...(messageId === undefined ? {} : { messageId }),
			...(reply === undefined ? {} : { reply }),
			...(reason === undefined ? {} : { problem: reason }),
			...(feedback || entry.state === 'failed' ? { reason: setbackOf(entry).reason } : {}),
			...(feedback
				? {
						feedback: feedback.event,
						feedbackAt: time(feedback.at),
						...(feedback.status === undefined ? {} : { status: feedback.status }),
						...(feedback.diagnostic ? { diagnostic: feedback.diagnostic } : {}),
					}
				: {}),
			...deeds.get(entry.reference),
		};
	});
}

/** Mails that were sent one by one. */
export async function describeMails(
	store: MailStore,
	campaignId: string,
	mails: Awaited<ReturnType<MailStore['reports']['singleMails']>>,
): Promise<IDataObject[]> {
	const deeds = await deedsOf(store, campaignId, mails);
	return mails.map(({ reference, address, sentAt }) => ({
		campaignId,
		email: address,
		state: 'sent',
		changedAt: time(sentAt),
		...deeds.get(reference),
	}));
}

/** What people did, by reference: `openedAt`, `opens` and so on; of machines only that they did. */
async function deedsOf(
	store: MailStore,
	campaignId: string,
	mails: readonly { reference: string }[],
): Promise<Map<string, IDataObject>> {
	const deeds = new Map<string, IDataObject>();
	const activities = await store.tracking.activities(
		campaignId,
		mails.map(({ reference }) => reference),
	);
	for (const { reference, event, link, machine, events, firstAt } of activities) {
		if (link !== 0) continue;
		const deed = deeds.get(reference) ?? {};
		const times = TIMES[event];
		if (machine) deed[`${event}ByMachine`] = true;
		else {
			deed[`${event}At`] = time(firstAt);
			if (times) deed[times] = events;
		}
		deeds.set(reference, deed);
	}
	return deeds;
}

const TIMES: Readonly<Record<string, string>> = { opened: 'opens', clicked: 'clicks' };

function time(at: number): string {
	return new Date(at).toISOString();
}
