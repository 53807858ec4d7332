import type { RecipientOutcome } from '../model/outcome';
import { stopWithProcess } from '../model/process-end';
import type { CampaignRecord } from '../store/store';
import { takeIn } from './intake';
import type { IntakeBatch } from './intake';
import { keepLeases } from './lease';
import { watchOrders } from './orders';
import { ProgressCount } from './progress';
import type { CampaignRecipient } from './recipient';
import { Sending, STOPPED } from './sending';
import type { StopReason } from './sending';
import { readSettings } from './settings';
import type { CampaignRunOptions, CampaignSettings } from './settings';
import { skippedAsCancelled } from './skip';
import { takeUp } from './take-up';
import { Worklist } from './worklist';

export type { CampaignProgress } from './progress';
export type { CampaignRecipient } from './recipient';
export type { CampaignRunOptions } from './settings';

/**
 * One run of a campaign: exactly one outcome for each recipient given, told when it is final and
 * written down.
 *
 * 1. Everyone is taken in first: read, held against the suppression list, and put into the ledger.
 *    From then on the campaign can be finished without their source.
 * 2. Each is claimed under a lease, rendered, and sent. The ledger is told before the final dot
 *    leaves, and after the reply comes.
 * 3. Who is put off is tried again while patience lasts, and otherwise comes out as `deferred`.
 *
 * Several runs of one campaign, in one process or in several, share the work. A recipient who is in
 * another run's hands is waited for, as long as patience or two leases last, and taken over when that
 * run is gone.
 *
 * A recipient whose data does not fit the templates is `failed` by the content: their data can be
 * mended, so another run takes them in again. One whom the suppression list gained since an earlier
 * run stays `queued` in the ledger, and is left out of each run for as long as it holds them; that
 * keeps no campaign from being finished.
 *
 * Leaving the loop over the outcomes early stops the run as its signal does.
 *
 * @throws Error for settings that cannot work, StoreError when the store fails. What is on the wire
 *   then is still told; the other recipients are safe in the ledger.
 */
export async function* runCampaign(
	options: CampaignRunOptions,
): AsyncGenerator<RecipientOutcome, void> {
	const settings = readSettings(options);
	const { store, clock, campaignId } = settings;
	const progress = new ProgressCount(options.onProgress, clock);
	const worklist = new Worklist();
	const sending = new Sending(settings, worklist);

	const stop = () => {
		sending.stop({ ...STOPPED, retryAt: clock() });
	};
	options.signal?.addEventListener('abort', stop);
	if (options.signal?.aborted) stop();
	const processGoesOn = stopWithProcess(stop);
	const leases = keepLeases(store.ledger, settings);
	const orders = watchOrders(store.campaigns, campaignId, (order) => {
		sending.stop(orderedStop(order, clock()));
	});
	try {
		const record = await openCampaign(options);
		if (record && record.state !== 'running')
			sending.stop(orderedStop(record.state, record.stateSince));
		await store.ledger.expireDispatched(campaignId);
		const { recipients } = options;
		const batches =
			recipients === 'owed'
				? takeUp(settings)
				: record?.state === 'cancelled'
					? turnAway(recipients, record.stateSince)
					: takeIn(recipients, settings);
		for await (const { owed, done } of batches) {
			worklist.add(owed);
			for (const outcome of done) {
				progress.count(outcome, worklist.size);
				yield outcome;
			}
		}
		for await (const outcome of sending.outcomes()) {
			progress.count(outcome, worklist.size);
			yield outcome;
		}
		progress.report(worklist.size);
		await closeCampaign(settings);
	} finally {
		orders.stop();
		leases.stop();
		processGoesOn();
		options.signal?.removeEventListener('abort', stop);
	}
}

function openCampaign({
	store,
	campaign,
}: CampaignRunOptions): Promise<CampaignRecord | undefined> {
	const { id, define } = campaign;
	return define ? store.campaigns.define({ id, ...define }) : store.campaigns.get(id);
}

/** What a cancelled campaign was still about to send is deleted once more: it was in hand. */
async function closeCampaign({ store, campaignId, list }: CampaignSettings): Promise<void> {
	const record = await store.campaigns.get(campaignId);
	if (record?.state === 'cancelled') await store.campaigns.setState(campaignId, 'cancelled');
	else if (record) await store.campaigns.finish(campaignId, { list });
}

/** Nobody is taken into a campaign that was cancelled. */
async function* turnAway(
	recipients: AsyncIterable<CampaignRecipient> | Iterable<CampaignRecipient>,
	since: number,
): AsyncGenerator<IntakeBatch, void> {
	for await (const { index, address } of recipients)
		yield { owed: [], done: [skippedAsCancelled({ index, recipient: address.trim() }, since)] };
}

function orderedStop(order: 'paused' | 'cancelled', now: number): StopReason {
	const stop = { ...STOPPED, retryAt: now };
	return order === 'paused'
		? { ...stop, reason: 'The campaign is paused. Resume it to send this mail.' }
		: { ...stop, reason: 'The campaign was cancelled.', cancelledAt: now };
}
