import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { ledgerModelContract } from './contract/ledger-model';
import { filePlace } from './file-place';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();

/** At length; some lives are played with the unit tests too. */
describe('the store in a file', () => {
	ledgerModelContract(() => filePlace(path.join(folder(), randomUUID(), 'mail.sqlite')), 300);
});
