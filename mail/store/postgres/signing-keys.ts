import type { Sealer } from '../sealed';
import { freeKeyId, labelOfKey, newSecret } from '../signing-key';
import type { SigningKey, SigningKeys } from '../store';
import type { Database, Session } from './database';
import { lock } from './lock';
import { CLOCK, NOW, statement } from './statement';

interface KeyRow {
	id: string;
	sealed: Buffer;
}

const NEWEST_FIRST = statement<KeyRow>(
	'SELECT id, sealed FROM signing_key ORDER BY created_at DESC, number DESC',
);
const INSERT = statement(`
	WITH ${CLOCK} INSERT INTO signing_key (id, sealed, created_at) VALUES (:id, :sealed, ${NOW})`);

/**
 * Signing keys, sealed in their rows. One that cannot be opened (the master key has changed, or
 * another installation made it) is left in place and plays no part; when none can be opened, a new
 * one is made.
 */
export function createSigningKeys(database: Database, sealer: Sealer): SigningKeys {
	function opened(rows: readonly KeyRow[]): SigningKey[] {
		return rows.flatMap(({ id, sealed }) => {
			const secret = sealer.open(sealed, labelOfKey(id));
			return secret ? [{ id, secret }] : [];
		});
	}

	/** Under a lock, so that two processes that need the first key make one. */
	async function openOrMake(session: Session): Promise<SigningKey> {
		const { all } = session;
		await lock(session, 'signingKeys');
		const rows = await all(NEWEST_FIRST);
		const [known] = opened(rows);
		if (known) return known;
		const id = freeKeyId(rows, `the mail store (${database.place})`, database.place);
		const secret = newSecret();
		await all(INSERT, { id, sealed: sealer.seal(secret, labelOfKey(id)) });
		return { id, secret };
	}

	const readAll = async () => opened(await database.all(NEWEST_FIRST));

	return {
		async current() {
			const [known] = await readAll();
			return known ?? database.transaction(openOrMake);
		},
		all: readAll,
	};
}
