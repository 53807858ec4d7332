import type { LedgerEntry } from '../store/store';
import type { IntakeBatch } from './intake';
import type { CampaignSettings } from './settings';
import { deferredOutcome } from './settlement';
import { skippedAsSuppressed } from './skip';
import type { Owed } from './worklist';

/** So many at once: a page leaves the event loop free. */
const PAGE = 2_000;

/**
 * Whom the ledger still owes a mail, in batches, without their source. Their index is their place in
 * this list. Who was suppressed meanwhile is `done`, and so is whose time comes after patience ends.
 */
export async function* takeUp(settings: CampaignSettings): AsyncGenerator<IntakeBatch, void> {
	const { store, campaignId, list, pace, clock, patienceMs, identityOf } = settings;
	let index = 0;
	for (let after: LedgerEntry | undefined; ;) {
		const page = await store.ledger.owed(campaignId, { limit: PAGE, after });
		if (page.length === 0) return;
		after = page.at(-1);
		await pace.learn(page.map(({ address }) => address));
		const suppressed = await store.suppressions.check(
			page.map(({ key }) => key),
			{ list },
		);
		const batch: IntakeBatch = { owed: [], done: [] };
		for (const entry of page) {
			const owed = toOwed(entry, index++, pace.laneOf(entry.address));
			const suppression = suppressed.get(entry.key);
			const { deferral } = owed;
			if (suppression) batch.done.push(skippedAsSuppressed(owed, suppression));
			else if (deferral && deferral.retryAt > clock() + patienceMs) {
				const { messageId } = identityOf(owed);
				batch.done.push(deferredOutcome(owed, deferral, { messageId, at: clock() }));
			} else batch.owed.push(owed);
		}
		yield batch;
	}
}

function toOwed(entry: LedgerEntry, index: number, lane: string): Owed {
	const { key, address, reference, attempts, queuedAt, retryAt, reply, blame } = entry;
	const owed: Owed = { index, recipient: address, key, reference, attempts, queuedAt, lane };
	if (retryAt === undefined) return owed;
	const reason = entry.reason ?? 'The server asked to try again later.';
	return { ...owed, deferral: { retryAt, reason, reply, blame } };
}
