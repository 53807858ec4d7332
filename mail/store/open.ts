import { createSealer } from './sealed';
import { Database } from './sqlite/database';
import { createLedger } from './sqlite/ledger';
import { createMailboxMarks } from './sqlite/mailbox-marks';
import { createSigningKeys } from './sqlite/signing-keys';
import { createSuppressionList } from './sqlite/suppressions';
import type { MailStore } from './store';
import { StoreError } from './store-error';

export interface StoreOptions {
	/** The database file; made, with its folder, where it is missing. `:memory:` for one that is forgotten. */
	path: string;
	/** What the signing keys are sealed under: a secret that is kept elsewhere. */
	masterKey: string;
	/** ms since the epoch. */
	clock?: () => number;
	/** How long a write waits while another process has the lock, in ms. */
	patienceMs?: number;
}

/**
 * Opens the embedded store. Several processes may have the same file open.
 *
 * @throws StoreError, in words for the user: a file that cannot be written, that is no database, that
 *   a newer version made, …
 */
export async function openStore(options: StoreOptions): Promise<MailStore> {
	const { path, masterKey, clock = Date.now, patienceMs = 10_000 } = options;
	if (masterKey === '')
		throw new StoreError(
			'noMasterKey',
			path,
			'The mail store needs a master key to seal its keys under.',
		);
	const database = await Database.open(path, { clock, patienceMs });
	return {
		ledger: createLedger(database, clock),
		suppressions: createSuppressionList(database, clock),
		signingKeys: createSigningKeys(database, createSealer(masterKey), clock),
		mailboxMarks: createMailboxMarks(database, clock),
		close: () => database.close(),
	};
}
