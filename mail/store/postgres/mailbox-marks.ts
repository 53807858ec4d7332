import type { MailboxMarks } from '../store';
import type { Database } from './database';
import { CLOCK, NOW, statement } from './statement';

interface MarkRow {
	uid_validity: string;
	last_uid: number;
	seen: string;
	horizon: number | null;
	unread_until: number | null;
}

const READ = statement<MarkRow>(`
	SELECT uid_validity, last_uid, seen, horizon, unread_until
	FROM mailbox_mark WHERE mailbox = :mailbox`);
const WRITE = statement(`
	WITH ${CLOCK}
	INSERT INTO mailbox_mark
		(mailbox, uid_validity, last_uid, seen, horizon, unread_until, updated_at)
	VALUES (:mailbox, :uidValidity, :lastUid, :seen, :horizon, :unreadUntil, ${NOW})
	ON CONFLICT (mailbox) DO UPDATE SET
		uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
		seen = excluded.seen, horizon = excluded.horizon, unread_until = excluded.unread_until,
		updated_at = excluded.updated_at`);

/** How far each mailbox was read; `seen` as JSON, bounded by the caller. */
export function createMailboxMarks(database: Database): MailboxMarks {
	return {
		async get(mailbox) {
			const row = await database.get(READ, { mailbox });
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

		async set(mailbox, { seen, ...mark }) {
			await database.all(WRITE, { mailbox, ...mark, seen: JSON.stringify(seen) });
		},
	};
}
