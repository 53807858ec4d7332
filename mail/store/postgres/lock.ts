import type { Session } from './database';
import { statement } from './statement';

/** Which kind of thing a lock is for; what is locked is named besides. */
export type LockName = 'suppressions' | 'softBounces' | 'signingKeys' | 'tracking' | 'checkMemory';

/** By the hashes' order, so that two who lock several never wait for each other. */
const LOCK = statement(`
	SELECT pg_advisory_xact_lock(hash)::text
	FROM (
		SELECT DISTINCT hashtextextended(current_schema() || :kind || name, 0) AS hash
		FROM unnest(:names::text[]) AS name ORDER BY 1) AS locks`);

/**
 * Waits until no other transaction holds one of these, and holds them until its own ends. What is
 * read after it was written by whoever held them before.
 */
export async function lock(
	{ all }: Session,
	kind: LockName,
	names: readonly string[] = [''],
): Promise<void> {
	await all(LOCK, { kind: `:${kind}:`, names });
}
