import type { PaceBook } from '../store/store';
import type { CampaignProgress } from './progress';

/** How far a campaign's run was when it last told: what others see of it while it goes on. */
export interface RunningProgress extends CampaignProgress {
	/** When that was (ms, the store's clock), and since when it runs. */
	at: number;
	startedAt: number;
	/** Mails a minute that went out lately. */
	perMinute: number;
}

/** A run that has not told for so long is over, or its process is, in ms. */
const STALE_MS = 15_000;
/** The rate is that of this time, in ms. */
const RATE_MS = 30_000;
/** How often the page is written, in ms. */
const EVERY_MS = 3_000;

const keyOf = (campaignId: string) => `progress ${campaignId}`;

/**
 * Writes down how far a run is, for `readProgress` of any process.
 *
 * @returns `tell`, to be called with the run's progress, and `stop` for its end; a store that fails to
 *   take it is not waited for
 */
export function keepProgress(
	book: Pick<PaceBook, 'revise'>,
	campaignId: string,
	clock: () => number,
): { tell(progress: CampaignProgress): RunningProgress; stop(): void } {
	const startedAt = clock();
	const marks: { at: number; sent: number }[] = [{ at: startedAt, sent: 0 }];
	let last: RunningProgress | undefined;
	const write = (running: RunningProgress) => {
		const text = JSON.stringify(running);
		book
			.revise([keyOf(campaignId)], () => ({ pages: [text], result: undefined }))
			.catch(() => undefined);
	};
	// A slow pace has long times without an outcome: the run says that it lives all the same.
	const timer = setInterval(() => {
		if (last) write((last = { ...last, at: clock() }));
	}, EVERY_MS);
	timer.unref();
	return {
		tell(progress) {
			const at = clock();
			marks.push({ at, sent: progress.outcomes.sent });
			while (marks.length > 2 && at - (marks[0]?.at ?? at) > RATE_MS) marks.shift();
			const [oldest = { at, sent: 0 }] = marks;
			const spanMs = Math.max(at - oldest.at, 1);
			const perMinute = Math.round(((progress.outcomes.sent - oldest.sent) / spanMs) * 60_000);
			last = { ...progress, at, startedAt, perMinute };
			return last;
		},
		stop() {
			clearInterval(timer);
			if (last) write({ ...last, remaining: 0 });
		},
	};
}

/** The run that is under way, if one is. Of several that share a campaign, the one that told last. */
export async function readProgress(
	book: Pick<PaceBook, 'read'>,
	campaignId: string,
	now: number,
): Promise<RunningProgress | undefined> {
	const key = keyOf(campaignId);
	const text = (await book.read([key])).get(key);
	if (text === undefined) return undefined;
	const running = JSON.parse(text) as RunningProgress;
	return now - running.at < STALE_MS && running.remaining > 0 ? running : undefined;
}
