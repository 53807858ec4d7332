import { randomUUID } from 'node:crypto';

import type { PaceBook } from '../store/store';
import type { CampaignProgress } from './progress';

/** What others see of the runs of a campaign that are under way. */
export interface RunningProgress {
	/** When one of them last told (ms, the store's clock). */
	at: number;
	/** Recipients without an outcome, as far as the runs know. */
	remaining: number;
	/** Mails a minute that went out lately, by all of them. */
	perMinute: number;
}

/** A run's own progress, with its rate. */
export interface RunProgress extends CampaignProgress {
	/** Mails a minute that went out lately. */
	perMinute: number;
}

/** What each run that is under way told last, by the run's id. */
type Page = Partial<Record<string, RunningProgress>>;

/** A run that has not told for so long is over, or its process is, in ms. */
const STALE_MS = 15_000;
/** The rate is that of this time, in ms. */
const RATE_MS = 30_000;
/** How often a run tells, in ms. */
const EVERY_MS = 3_000;

const keyOf = (campaignId: string) => `progress ${campaignId}`;

/**
 * Writes down that a run is under way and how far it is, for `readProgress` of any process: from the
 * first moment on, and every few seconds even when nothing happens.
 *
 * @param clock the store's, in ms: the same for all processes
 * @returns `tell`, to be called with the run's progress, and `stop` for its end; a store that fails to
 *   take it is no failure of the run
 */
export function keepProgress(
	book: Pick<PaceBook, 'revise'>,
	campaignId: string,
	clock: () => number,
): { tell(progress: CampaignProgress): RunProgress; stop(): Promise<void> } {
	const run = randomUUID();
	const marks: { at: number; sent: number }[] = [{ at: clock(), sent: 0 }];
	let last = { remaining: 0, perMinute: 0 };
	let writing: Promise<void> | undefined;

	const write = (told: typeof last | undefined): void => {
		writing = book
			.revise([keyOf(campaignId)], ([text]) => {
				const at = clock();
				const page = livingRuns(text, at);
				if (told) page[run] = { at, ...told };
				else Reflect.deleteProperty(page, run);
				return { pages: [JSON.stringify(page)], result: undefined };
			})
			.catch(() => undefined)
			.finally(() => {
				writing = undefined;
			});
	};
	write(last);
	const timer = setInterval(() => {
		// A store slower than this is written to when it is ready, or the end could be overtaken.
		if (!writing) write(last);
	}, EVERY_MS);
	timer.unref();
	return {
		tell(progress) {
			const at = clock();
			const { sent } = progress.outcomes;
			marks.push({ at, sent });
			while (marks.length > 2 && at - (marks[0]?.at ?? at) > RATE_MS) marks.shift();
			const [oldest = { at, sent: 0 }] = marks;
			const spanMs = Math.max(at - oldest.at, 1);
			const perMinute = Math.round(((sent - oldest.sent) / spanMs) * 60_000);
			last = { remaining: progress.remaining, perMinute };
			return { ...progress, perMinute };
		},
		async stop() {
			clearInterval(timer);
			await writing;
			write(undefined);
			await writing;
		},
	};
}

/** How the runs of a campaign that are under way do together; undefined when there is none. */
export async function readProgress(
	book: Pick<PaceBook, 'read'>,
	campaignId: string,
	now: number,
): Promise<RunningProgress | undefined> {
	const key = keyOf(campaignId);
	const text = (await book.read([key])).get(key);
	const runs = Object.values(livingRuns(text, now)).filter((run) => run !== undefined);
	if (runs.length === 0) return undefined;
	return {
		at: Math.max(...runs.map(({ at }) => at)),
		remaining: Math.max(...runs.map(({ remaining }) => remaining)),
		perMinute: runs.reduce((sum, { perMinute }) => sum + perMinute, 0),
	};
}

function livingRuns(text: string | undefined, now: number): Page {
	const page = text === undefined ? {} : (JSON.parse(text) as Page);
	return Object.fromEntries(
		Object.entries(page).filter(([, run]) => run !== undefined && now - run.at < STALE_MS),
	);
}
