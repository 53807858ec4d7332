import type { IExecuteFunctions } from 'n8n-workflow';

import type { SmtpAccount } from '../../mail/index';
import type { OpenedStore } from './mail-store';
import { storesInUse } from './mail-store';

type Account = Pick<SmtpAccount, 'host' | 'auth'>;

/** Accounts whose limits a store of this process has kept, by the account's key. */
const accounts = new Map<string, Set<string>>();

/** How long an answer about another store holds, in ms: it need not be asked at every execution. */
const ASKED_MS = 60_000;
const answers = new Map<string, { words: string | undefined; at: number }>();

/**
 * Says on the node's output where another store of this n8n knows the same campaign or account, or
 * holds suppressed addresses: one node of several was given the credential, or the store was not moved.
 */
export async function tellOfOtherStores(
	context: IExecuteFunctions,
	own: OpenedStore,
	used: { campaignId?: string; account?: Account },
): Promise<void> {
	for (const other of await storesInUse()) {
		if (other.key === own.key) continue;
		for (const words of await differences(own, other, used))
			context.addExecutionHints({ message: words, type: 'warning', location: 'outputPane' });
	}
	if (used.account) known(used.account).add(own.key);
}

async function differences(
	own: OpenedStore,
	other: OpenedStore,
	{ campaignId, account }: { campaignId?: string; account?: Account },
): Promise<string[]> {
	const words = [
		await remembered(`${own.key} ${other.key} suppressions`, async () => {
			const entries = await other.store.suppressions.count();
			return entries === 0
				? undefined
				: `${entries} suppressed addresses are in another mail store (${other.name}), and this node does not know them: it uses ${own.name}. Move the store, or choose the same credential in all mail nodes.`;
		}),
	];
	if (campaignId !== undefined)
		words.push(
			await remembered(`${own.key} ${other.key} campaign ${campaignId}`, async () => {
				const counts = await other.store.ledger.counts(campaignId);
				const recipients = Object.values(counts).reduce((sum, count) => sum + count, 0);
				return recipients === 0
					? undefined
					: `Another mail store (${other.name}) knows the campaign "${campaignId}" as well, with ${recipients} recipients. This node uses ${own.name}, and may mail people again whom the other has mailed. Choose the same credential in all mail nodes, or another campaign ID.`;
			}),
		);
	if (account && known(account).has(other.key))
		words.push(
			`The account at ${account.host} is used by nodes with different mail stores (${own.name}; ${other.name}), so its limits are kept in each of them by itself, and may be exceeded together. Choose the same credential in all mail nodes.`,
		);
	return words.filter((each) => each !== undefined);
}

function known({ host, auth }: Account): Set<string> {
	const key = JSON.stringify([host, auth?.user]);
	const stores = accounts.get(key) ?? new Set<string>();
	accounts.set(key, stores);
	return stores;
}

/** A store that cannot be asked now is not spoken of: this node does not need it. */
async function remembered(
	question: string,
	ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
	const before = answers.get(question);
	if (before && performance.now() - before.at < ASKED_MS) return before.words;
	const words = await ask().catch(() => undefined);
	answers.set(question, { words, at: performance.now() });
	return words;
}
