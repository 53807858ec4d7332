import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import { storeContract } from './contract';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();

storeContract('a file', () => {
	const file = path.join(folder(), randomUUID(), 'mail.sqlite');
	const opened: MailStore[] = [];
	return Promise.resolve({
		async open({ clock, masterKey = 'the master key' } = {}) {
			const store = await openStore({ path: file, masterKey, clock });
			opened.push(store);
			return store;
		},
		async remove() {
			for (const store of opened) await store.close();
		},
	});
});
