import type { RecipientOutcome } from '../model/outcome';

/** How far a run is. */
export interface CampaignProgress {
	/** Outcomes told so far, by their names. */
	outcomes: Record<RecipientOutcome['outcome'], number>;
	/** Recipients taken in who have no outcome yet. */
	remaining: number;
}

const EVERY_MS = 1_000;

/** Counts outcomes, and tells of it once a second at most. */
export class ProgressCount {
	readonly #outcomes: CampaignProgress['outcomes'] = {
		sent: 0,
		deferred: 0,
		failed: 0,
		unknown: 0,
		skipped: 0,
	};
	#toldAt = -Infinity;

	constructor(
		private readonly tell: ((progress: CampaignProgress) => void) | undefined,
		private readonly clock: () => number,
	) {}

	count({ outcome }: RecipientOutcome, remaining: number): void {
		this.#outcomes[outcome] += 1;
		if (!this.tell) return;
		const now = this.clock();
		if (now - this.#toldAt < EVERY_MS) return;
		this.#toldAt = now;
		this.report(remaining);
	}

	report(remaining: number): void {
		this.tell?.({ outcomes: { ...this.#outcomes }, remaining });
	}
}
