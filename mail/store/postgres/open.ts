import { createSealer } from '../sealed';
import type { MailStore } from '../store';
import { StoreError } from '../store-error';
import { createCampaigns } from './campaigns';
import { createCheckMemory } from './check-memory';
import { ServerClock } from './clock';
import { Database } from './database';
import { createLedger } from './ledger';
import { createMailboxMarks } from './mailbox-marks';
import { createPaceBook } from './pace-book';
import { nameOfPlace } from './place';
import type { PostgresPlace } from './place';
import { createReceipts } from './receipts';
import { createReportStore } from './reports';
import { createSigningKeys } from './signing-keys';
import { createSuppressionList } from './suppressions';
import { createTrackingStore } from './tracking';

export interface OpenPostgresOptions {
	postgres: PostgresPlace;
	/** Seals the signing keys. Random, and the same at every opening, on every machine. */
	masterKey: string;
	/** For tests, ms since the epoch; left out, the server's clock counts. */
	clock?: () => number;
	/** For how long an operation is tried again while the server is gone, in ms; five minutes by default. */
	patienceMs?: number;
}

/** Opens the store in a PostgreSQL database, and makes or upgrades its tables. @throws StoreError */
export async function openPostgresStore(options: OpenPostgresOptions): Promise<MailStore> {
	const { postgres: place, masterKey, clock, patienceMs = 300_000 } = options;
	if (masterKey === '')
		throw new StoreError(
			'noMasterKey',
			nameOfPlace(place),
			`The mail store (${nameOfPlace(place)}) needs a master key to seal its signing keys. Give the installation an encryption key.`,
		);
	const database = await Database.open(place, { clock, patienceMs });
	const serverClock = new ServerClock(database);
	if (!clock) await serverClock.read();
	return {
		clock: clock ?? (() => serverClock.now()),
		ledger: createLedger(database, serverClock),
		suppressions: createSuppressionList(database),
		signingKeys: createSigningKeys(database, createSealer(masterKey)),
		mailboxMarks: createMailboxMarks(database),
		receipts: createReceipts(database),
		campaigns: createCampaigns(database),
		paceBook: createPaceBook(database),
		checkMemory: createCheckMemory(database),
		tracking: createTrackingStore(database),
		reports: createReportStore(database),
		close: () => database.close(),
	};
}
