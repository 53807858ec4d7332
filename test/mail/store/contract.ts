import type { MailStore } from '../../../mail/store/store';
import { campaignsContract } from './contract/campaigns';
import { cleanUpContract } from './contract/clean-up';
import { checkMemoryContract } from './contract/check-memory';
import { ledgerContract } from './contract/ledger';
import { ledgerModelContract } from './contract/ledger-model';
import { mailboxMarksContract } from './contract/mailbox-marks';
import { paceBookContract } from './contract/pace-book';
import { receiptsContract } from './contract/receipts';
import { reportsContract } from './contract/reports';
import { signingKeysContract } from './contract/signing-keys';
import { suppressionsContract } from './contract/suppressions';
import { trackingContract } from './contract/tracking';

/** Where a store is kept: each opening is another connection to the same data. */
export interface Place {
	open(options?: { clock?: () => number; masterKey?: string }): Promise<MailStore>;
	/** How many rows each table has that has any, counted without the store. */
	rows(): Promise<Record<string, number>>;
	/** Closes what was opened and removes the data. */
	remove(): Promise<void>;
}

/** Makes a new, empty place. */
export type MakePlace = () => Promise<Place>;

/**
 * What every backend of the store promises.
 *
 * @param options.lives how many random lives of a campaign are played
 */
export function storeContract(
	backend: string,
	makePlace: MakePlace,
	options: { lives?: number } = {},
): void {
	describe(`the store in ${backend}`, () => {
		ledgerContract(makePlace);
		ledgerModelContract(makePlace, options.lives ?? 150);
		suppressionsContract(makePlace);
		signingKeysContract(makePlace);
		mailboxMarksContract(makePlace);
		receiptsContract(makePlace);
		campaignsContract(makePlace);
		cleanUpContract(makePlace);
		paceBookContract(makePlace);
		checkMemoryContract(makePlace);
		trackingContract(makePlace);
		reportsContract(makePlace);

		describe('closing', () => {
			it('may be done twice, and lets what was asked for before be written', async () => {
				const place = await makePlace();
				const store = await place.open();
				const written = store.suppressions.add([
					{ key: 'ada@example.com', address: 'ada@example.com', reason: 'manual' },
				]);
				await Promise.all([store.close(), store.close()]);
				await store.close();
				expect(await written).toBe(1);
				const again = await place.open();
				expect(await again.suppressions.count()).toBe(1);
				await place.remove();
			});

			it('makes later calls fail with a sentence that says so', async () => {
				const place = await makePlace();
				const store = await place.open();
				await store.close();
				await expect(store.ledger.counts('spring')).rejects.toMatchObject({
					name: 'StoreError',
					problem: 'closed',
				});
				await place.remove();
			});
		});
	});
}
