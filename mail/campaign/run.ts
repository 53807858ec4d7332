import type { RecipientOutcome } from '../model/outcome';
import { takeIn } from './intake';
import { keepLeases } from './lease';
import { stopWithProcess } from './process-end';
import { ProgressCount } from './progress';
import { Sending, STOPPED } from './sending';
import { readSettings } from './settings';
import type { CampaignRunOptions } from './settings';
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
 * run stays `queued` in the ledger, and is left out of each run for as long as it holds them.
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
	try {
		await store.ledger.expireDispatched(campaignId);
		for await (const { owed, done } of takeIn(options.recipients, settings)) {
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
	} finally {
		leases.stop();
		processGoesOn();
		options.signal?.removeEventListener('abort', stop);
	}
}
