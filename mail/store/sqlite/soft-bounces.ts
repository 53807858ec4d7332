import type { Database } from './database';

/** Mails that bounced softly, each once, by the address that they went to. To be called in a transaction. */
export function createSoftBounces(database: Database): {
	count(bounce: { key: string; mail: string; at: number }, since: number): number;
	forget(key: string): void;
} {
	const keep = database.statement(`
		INSERT INTO soft_bounce (key, mail, at) VALUES (:key, :mail, :at)
		ON CONFLICT (key, mail) DO NOTHING`);
	const forgetOld = database.statement('DELETE FROM soft_bounce WHERE key = :key AND at < :since');
	const forgetAll = database.statement('DELETE FROM soft_bounce WHERE key = :key');
	const countKept = database.statement<{ mails: number }>(
		'SELECT count(*) AS mails FROM soft_bounce WHERE key = :key',
	);
	return {
		count({ key, mail, at }, since) {
			keep.run({ key, mail, at });
			forgetOld.run({ key, since });
			return countKept.get({ key })?.mails ?? 0;
		},
		forget(key) {
			forgetAll.run({ key });
		},
	};
}
