import type { SQLOutputValue } from 'node:sqlite';
import type { Sealer } from '../sealed';
import { freeKeyId, labelOfKey, newSecret } from '../signing-key';
import type { SigningKey, SigningKeys } from '../store';
import type { Database } from './database';

interface KeyRow extends Record<string, SQLOutputValue> {
	id: string;
	sealed: Uint8Array<ArrayBuffer>;
}

/**
 * Signing keys, sealed in the file. One that cannot be opened (the master key has changed, or
 * another installation made it) is left in place and plays no part; when none can be opened, a new
 * one is made.
 */
export function createSigningKeys(
	database: Database,
	sealer: Sealer,
	clock: () => number,
): SigningKeys {
	const newestFirst = database.statement<KeyRow>(
		'SELECT id, sealed FROM signing_key ORDER BY created_at DESC, rowid DESC',
	);
	const insert = database.statement('INSERT INTO signing_key VALUES (:id, :sealed, :now)');

	function opened(rows: readonly KeyRow[]): SigningKey[] {
		return rows.flatMap(({ id, sealed }) => {
			const secret = sealer.open(sealed, labelOfKey(id));
			return secret ? [{ id, secret }] : [];
		});
	}

	/** Under the write lock, so that two processes that need the first key make one. */
	function openOrMake(): SigningKey {
		const rows = newestFirst.all();
		const [known] = opened(rows);
		if (known) return known;
		const id = freeKeyId(rows, `the mail store ${database.file}`, database.file);
		const made = { id, secret: newSecret() };
		insert.run({ id: made.id, sealed: sealer.seal(made.secret, labelOfKey(id)), now: clock() });
		return made;
	}

	const readAll = () => database.read(() => opened(newestFirst.all()));

	return {
		async current() {
			const [known] = await readAll();
			return known ?? database.alone('powerCut', openOrMake);
		},
		all: readAll,
	};
}
