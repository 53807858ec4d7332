import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder for the tests of one file; gone after them. */
export function temporaryFolder(): () => string {
	let folder = '';
	beforeAll(async () => {
		folder = await mkdtemp(path.join(tmpdir(), 'mail-store-'));
	});
	afterAll(async () => {
		await rm(folder, { recursive: true, force: true });
	});
	return () => folder;
}
