import type { SuppressionReason } from '../model/event';
import type { NewSuppression, Suppression } from './store';

/**
 * Which reason stays when an address is suppressed for two. What the recipient said outweighs what
 * their server said, that outweighs what our user noted, and that a count of passing failures.
 */
export const REASON_STRENGTH: Readonly<Record<SuppressionReason, number>> = {
	complained: 5,
	unsubscribed: 4,
	hardBounce: 3,
	manual: 2,
	softBounces: 1,
};

/**
 * What a list holds after `added` arrives for an address that has the entry `known` there.
 *
 * The stronger reason stays, with its own detail. The same reason again is the newer word: its end
 * counts, and its detail where it brings one. Between two reasons the later end counts, so that a
 * passing complaint does not lift a lasting hard bounce. An entry that has expired says nothing any
 * more.
 */
export function mergeSuppression(
	known: Suppression | undefined,
	added: NewSuppression,
	now: number,
): Suppression {
	const { list = '' } = added;
	if (!known || hasExpired(known, now)) return { ...added, list, createdAt: now };
	if (added.reason === known.reason) {
		const says = added.detail === undefined && added.campaignId === undefined ? known : added;
		return {
			...added,
			list,
			campaignId: says.campaignId,
			detail: says.detail,
			createdAt: known.createdAt,
		};
	}
	const stronger = REASON_STRENGTH[added.reason] > REASON_STRENGTH[known.reason] ? added : known;
	return {
		...stronger,
		list,
		expiresAt: laterEnd(known, added),
		createdAt: known.createdAt,
	};
}

export function hasExpired(entry: Pick<NewSuppression, 'expiresAt'>, now: number): boolean {
	return entry.expiresAt !== undefined && entry.expiresAt <= now;
}

/** The later of two ends; none at all is later than any. */
function laterEnd(one: NewSuppression, other: NewSuppression): number | undefined {
	if (one.expiresAt === undefined || other.expiresAt === undefined) return undefined;
	return Math.max(one.expiresAt, other.expiresAt);
}
