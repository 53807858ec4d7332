import type { MailboxProblem } from './problem';
import type { WatchChange, WatchTiming } from './session-options';

/** What only a person can mend; it is reported without waiting whether it passes. */
const LASTING: ReadonlySet<MailboxProblem['code']> = new Set([
	'wrongPassword',
	'tokenRefused',
	'signInUnsupported',
	'certificate',
	'starttlsMissing',
	'wrongSecurity',
	'folderMissing',
	'notAMailServer',
]);
/** Servers lock accounts that try too often. */
const SIGN_IN_REFUSED: ReadonlySet<MailboxProblem['code']> = new Set([
	'wrongPassword',
	'tokenRefused',
]);

/** Nobody was there to be bothered by it: a server that restarts is found soon after it is back. */
const NOBODY_THERE: ReadonlySet<MailboxProblem['code']> = new Set([
	'hostNotFound',
	'nobodyListening',
]);

/** When to try again, and when to tell of a failure. */
export class Health {
	private failures = 0;
	private openedAt: number | undefined;
	private downSince: number | undefined;
	private toldLost = false;
	private toldConnected = false;

	constructor(
		private readonly timing: WatchTiming,
		private readonly clock: () => number,
		private readonly random: () => number,
		private readonly tell: (change: WatchChange) => void,
	) {}

	opened(): void {
		this.openedAt = this.clock();
	}

	/** Mail gets through. */
	good(): void {
		const since = this.downSince;
		this.downSince = undefined;
		if (!this.toldConnected) this.tell({ state: 'connected' });
		if (this.toldLost && since !== undefined) this.tell({ state: 'recovered', since });
		this.toldConnected = true;
		this.toldLost = false;
	}

	/** @returns ms to wait before the next try */
	failed(problem: MailboxProblem): number {
		const now = this.clock();
		if (this.openedAt !== undefined && now - this.openedAt >= this.timing.stableMs)
			this.failures = 0;
		this.openedAt = undefined;
		this.downSince ??= now;
		const lasting = LASTING.has(problem.code) || now - this.downSince >= this.timing.patienceMs;
		if (lasting && !this.toldLost) {
			this.toldLost = true;
			this.tell({ state: 'lost', problem, since: this.downSince });
		}
		const [first, longest] = this.pausesAfter(problem.code);
		const delay = Math.min(longest, first * 2 ** this.failures);
		this.failures = Math.min(this.failures + 1, 20);
		return delay * (1 - this.random() / 4);
	}

	private pausesAfter(code: MailboxProblem['code']): readonly [first: number, longest: number] {
		const { backoffMs, absentBackoffMs, signInBackoffMs } = this.timing;
		if (SIGN_IN_REFUSED.has(code)) return signInBackoffMs;
		return NOBODY_THERE.has(code) ? absentBackoffMs : backoffMs;
	}
}
