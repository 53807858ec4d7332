import { randomBytes, randomInt } from 'node:crypto';
import type { SQLOutputValue } from 'node:sqlite';
import type { Sealer } from '../sealed';
import type { SigningKey, SigningKeys } from '../store';
import { StoreError } from '../store-error';
import type { Database } from './database';

const KEY_IDS = Array.from('abcdefghijklmnopqrstuvwxyz234567');
const SECRET_BYTES = 32;

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
			const secret = sealer.open(sealed, label(id));
			return secret ? [{ id, secret }] : [];
		});
	}

	/** Under the write lock, so that two processes that need the first key make one. */
	function openOrMake(): SigningKey {
		const rows = newestFirst.all();
		const [known] = opened(rows);
		if (known) return known;
		const made = { id: freeId(rows), secret: randomBytes(SECRET_BYTES) };
		insert.run({ id: made.id, sealed: sealer.seal(made.secret, label(made.id)), now: clock() });
		return made;
	}

	function freeId(rows: readonly KeyRow[]): string {
		const free = KEY_IDS.filter((id) => !rows.some((row) => row.id === id));
		const id = free.length > 0 ? free[randomInt(free.length)] : undefined;
		if (id === undefined)
			throw new StoreError(
				'noFreeKeyId',
				database.file,
				`The mail store ${database.file} holds ${rows.length} signing keys, and none of them opens with this installation's encryption key. Give the installation its former encryption key back, or choose a new path for the store.`,
			);
		return id;
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

function label(id: string): string {
	return `signing key ${id}`;
}
