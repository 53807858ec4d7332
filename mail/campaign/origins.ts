import { checkReference, referencesIn } from '../message/identity';
import type { LedgerEntry, MailStore } from '../store/store';

/**
 * The ledger's entries for every genuine reference in these texts, each once. A reference that we did
 * not sign is none.
 */
export async function findOrigins(
	texts: readonly string[],
	store: MailStore,
): Promise<LedgerEntry[]> {
	const candidates = referencesIn(texts);
	if (candidates.length === 0) return [];
	const signingKeys = await store.signingKeys.all();
	const genuine = new Set<string>();
	for (const candidate of candidates) {
		const reference = checkReference(candidate, signingKeys);
		if (reference !== undefined) genuine.add(reference);
	}
	const origins: LedgerEntry[] = [];
	for (const reference of genuine) {
		const entry = await store.ledger.findByReference(reference);
		if (entry) origins.push(entry);
	}
	return origins;
}
