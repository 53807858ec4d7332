import type { MailboxMarks } from '../store';
import type { Database } from './database';

interface MarkRow extends Record<string, string | number | null> {
	uid_validity: string;
	last_uid: number;
	seen: string;
	horizon: number | null;
	unread_until: number | null;
}

/** How far each mailbox was read; `seen` as JSON, bounded by the caller. */
export function createMailboxMarks(database: Database, clock: () => number): MailboxMarks {
	const read = database.statement<MarkRow>(`
		SELECT uid_validity, last_uid, seen, horizon, unread_until
		FROM mailbox_mark WHERE mailbox = :mailbox`);
	const write = database.statement(`
		INSERT INTO mailbox_mark 
			(mailbox, uid_validity, last_uid, seen, horizon, unread_until, updated_at)
		VALUES (:mailbox, :uidValidity, :lastUid, :seen, :horizon, :unreadUntil, :now)
		ON CONFLICT (mailbox) DO UPDATE SET
			uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
			seen = excluded.seen, horizon = excluded.horizon, unread_until = excluded.unread_until,
			updated_at = excluded.updated_at`);

	return {
		async get(mailbox) {
			const row = await database.read(() => read.get({ mailbox }));
			return (
				row && {
					uidValidity: row.uid_validity,
					lastUid: row.last_uid,
					seen: JSON.parse(row.seen) as string[],
					...(row.horizon === null ? {} : { horizon: row.horizon }),
					...(row.unread_until === null ? {} : { unreadUntil: row.unread_until }),
				}
			);
		},

		async set(mailbox, { uidValidity, lastUid, seen, horizon = null, unreadUntil = null }) {
			// On disk, since a forgotten mark hands the same messages on once more.
			await database.share('powerCut', () =>
				write.run({
					mailbox,
					uidValidity,
					lastUid,
					seen: JSON.stringify(seen),
					horizon,
					unreadUntil,
					now: clock(),
				}),
			);
		},
	};
}
