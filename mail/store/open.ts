import { openPostgresStore } from './postgres/open';
import type { OpenPostgresOptions } from './postgres/open';
import { createSealer } from './sealed';
import { createCampaigns } from './sqlite/campaigns';
import { createCheckMemory } from './sqlite/check-memory';
import { Database } from './sqlite/database';
import { createLedger } from './sqlite/ledger';
import { createMailboxMarks } from './sqlite/mailbox-marks';
import { createPaceBook } from './sqlite/pace-book';
import { createReceipts } from './sqlite/receipts';
import { createReportStore } from './sqlite/reports';
import { createSigningKeys } from './sqlite/signing-keys';
import { createSuppressionList } from './sqlite/suppressions';
import { createTrackingStore } from './sqlite/tracking';
import type { MailStore } from './store';
import { StoreError } from './store-error';

export interface OpenStoreOptions {
	/** The store's file, made with its folder when missing; `:memory:` for one that ends with us. */
	path: string;
	/** Seals the signing keys. Random, and the same at every opening. */
	masterKey: string;
	/** ms since the epoch; the system's clock when left out. Processes of one file share one clock. */
	clock?: () => number;
	/** For how long a write waits, in ms, while another process has the file locked; 15 s by default. */
	patienceMs?: number;
}

/**
 * Opens the store in a file, or the one in a PostgreSQL database. Several processes, and several
 * openings in one, may share it.
 *
 * @throws StoreError when it cannot be used; it says why, and what to do
 */
export async function openStore(
	options: OpenStoreOptions | OpenPostgresOptions,
): Promise<MailStore> {
	if ('postgres' in options) return await openPostgresStore(options);
	const { path, masterKey, clock = Date.now, patienceMs = 15_000 } = options;
	if (masterKey === '')
		throw new StoreError(
			'noMasterKey',
			path,
			`The mail store ${path} needs a master key to seal its signing keys. Give the installation an encryption key.`,
		);
	const database = await Database.open(path, { clock, patienceMs });
	return {
		clock,
		ledger: createLedger(database, clock),
		suppressions: createSuppressionList(database, clock),
		signingKeys: createSigningKeys(database, createSealer(masterKey), clock),
		mailboxMarks: createMailboxMarks(database, clock),
		receipts: createReceipts(database, clock),
		campaigns: createCampaigns(database, clock),
		paceBook: createPaceBook(database, clock),
		checkMemory: createCheckMemory(database, clock),
		tracking: createTrackingStore(database, clock),
		reports: createReportStore(database),
		close: () => database.close(),
	};
}
