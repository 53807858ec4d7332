import type { IDataObject } from 'n8n-workflow';

import { describePlan, Pacer, readProgress } from '../../mail/index';
import type { CampaignRecord, MailStore } from '../../mail/index';

/** A campaign as an item: what it is, how far it is, and how fast it goes. */
export async function describeCampaign(
	store: MailStore,
	record: CampaignRecord,
): Promise<IDataObject> {
	const { id, name, account, createdAt, finishedAt, stateSince } = record;
	const counts = await store.ledger.counts(id);
	const running = await readProgress(store.paceBook, id, store.clock());
	const remaining = counts.queued + counts.claimed + counts.dispatched + counts.deferred;
	const isFinished = record.state === 'running' && finishedAt !== undefined;
	return {
		campaignId: id,
		name,
		account,
		state: isFinished ? 'finished' : record.state,
		since: moment(isFinished ? finishedAt : stateSince),
		startedAt: moment(createdAt),
		recipients: remaining + counts.sent + counts.failed + counts.unknown,
		sent: counts.sent,
		failed: counts.failed,
		unknown: counts.unknown,
		deferred: counts.deferred,
		queued: counts.queued + counts.claimed,
		underWay: counts.dispatched,
		remaining,
		isSending: running !== undefined,
		...(running
			? {
					perMinute: running.perMinute,
					...(running.perMinute > 0
						? { secondsToGo: Math.round((running.remaining / running.perMinute) * 60) }
						: {}),
				}
			: {}),
		pace: await describePace(store, account),
	};
}

/** The account's limits, and what servers' replies made of them. */
async function describePace(store: MailStore, account: string): Promise<IDataObject> {
	const pacer = await Pacer.start({ book: store.paceBook, account });
	try {
		return {
			limits: describePlan(pacer.plan),
			slowedDown: pacer.moods().map(({ lane, mood, level, resumesInMs }) => ({
				provider: lane === '*' ? 'all' : lane,
				...(mood.stopped && resumesInMs > 0 ? { stoppedFor: mood.stopped } : {}),
				...(level > 0 ? { rate: `1/${2 ** level}` } : {}),
				...(resumesInMs > 0 ? { resumesAt: moment(Date.now() + resumesInMs) } : {}),
				reply: mood.why,
			})),
		};
	} finally {
		await pacer.close();
	}
}

function moment(time: number): string {
	return new Date(time).toISOString();
}
