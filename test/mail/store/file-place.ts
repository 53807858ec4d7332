import { DatabaseSync } from 'node:sqlite';
import { openStore } from '../../../mail/store/open';
import type { MailStore } from '../../../mail/store/store';
import type { Place } from './contract';
import { countRows } from './contract/count-rows';

/** A store in this file, for the contract of all stores. */
export function filePlace(file: string): Promise<Place> {
	const opened: MailStore[] = [];
	return Promise.resolve({
		async open({ clock, masterKey = 'the master key' } = {}) {
			const store = await openStore({ path: file, masterKey, clock });
			opened.push(store);
			return store;
		},
		async rows() {
			const raw = new DatabaseSync(file, { readOnly: true });
			try {
				const tables = raw.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
				return await countRows(tables as { name: string }[], ({ name }) =>
					Number(raw.prepare(`SELECT count(*) AS count FROM "${name}"`).get()?.count),
				);
			} finally {
				raw.close();
			}
		},
		async remove() {
			for (const store of opened) await store.close();
		},
	});
}
