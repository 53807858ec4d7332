import type { KnownMail, MailboxMarks } from '../store';
import type { Database } from './database';
import { CLOCK, NOW, statement } from './statement';

interface MarkRow {
	uid_validity: string;
	last_uid: number;
	horizon: number | null;
	unread_until: number | null;
}

interface MailRow {
	digest: string;
	batch: string;
	handed_on: boolean;
}

/** A mail that comes up again later than that (moved back, restored) may be handed on again. */
const REMEMBERED_MS = 60 * 86_400_000;

/** In one order, so that two processes with the same mails wait for each other instead of both. */
const EACH_DIGEST = 'SELECT DISTINCT unnest(:digests::text[]) AS digest ORDER BY digest';

const SQL = {
	readMark: statement<MarkRow>(`
		SELECT uid_validity, last_uid, horizon, unread_until
		FROM mailbox_mark WHERE mailbox = :mailbox`),
	writeMark: statement(`
		WITH ${CLOCK}
		INSERT INTO mailbox_mark
			(mailbox, uid_validity, last_uid, horizon, unread_until, updated_at)
		VALUES (:mailbox, :uidValidity, :lastUid, :horizon, :unreadUntil, ${NOW})
		ON CONFLICT (mailbox) DO UPDATE SET
			uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
			horizon = excluded.horizon, unread_until = excluded.unread_until,
			updated_at = excluded.updated_at`),
	readMails: statement<MailRow>(`
		SELECT digest, batch, handed_on FROM mailbox_mail
		WHERE mailbox = :mailbox AND digest = ANY (:digests::text[])`),
	readBatches: statement<MailRow>(`
		SELECT digest, batch, handed_on FROM mailbox_mail
		WHERE mailbox = :mailbox AND batch <> '' AND batch = ANY (:batches::text[])`),
	writeHandedOn: statement(`
		WITH ${CLOCK}, mail AS (${EACH_DIGEST})
		INSERT INTO mailbox_mail (mailbox, digest, batch, handed_on, at)
		SELECT :mailbox, digest, '', TRUE, ${NOW} FROM mail
		ON CONFLICT (mailbox, digest) DO UPDATE SET handed_on = TRUE, at = excluded.at`),
	writeTaken: statement(`
		WITH ${CLOCK}, mail AS (${EACH_DIGEST})
		INSERT INTO mailbox_mail (mailbox, digest, batch, handed_on, at)
		SELECT :mailbox, digest, :batch, FALSE, ${NOW} FROM mail
		ON CONFLICT (mailbox, digest) DO NOTHING`),
	forget: statement(`
		WITH ${CLOCK}
		DELETE FROM mailbox_mail WHERE at < ${NOW} - ${REMEMBERED_MS}`),
};

/** How far each mailbox was read, and which mails of it were handed on. */
export function createMailboxMarks(database: Database): MailboxMarks {
	const read = async (mailbox: string, digests: readonly string[]) =>
		knownMails(await database.all(SQL.readMails, { mailbox, digests }));

	return {
		async get(mailbox) {
			const row = await database.get(SQL.readMark, { mailbox });
			return (
				row && {
					uidValidity: row.uid_validity,
					lastUid: row.last_uid,
					...(row.horizon === null ? {} : { horizon: row.horizon }),
					...(row.unread_until === null ? {} : { unreadUntil: row.unread_until }),
				}
			);
		},

		set: (mailbox, mark, handedOn = []) =>
			database.transaction(async (session) => {
				if (handedOn.length > 0) {
					await session.all(SQL.writeHandedOn, { mailbox, digests: handedOn });
					await session.all(SQL.forget, {});
				}
				await session.all(SQL.writeMark, { mailbox, ...mark });
			}),

		lookUp: read,

		async take(mailbox, digests, batch) {
			await database.all(SQL.writeTaken, { mailbox, digests, batch });
			const asked = await read(mailbox, digests);
			const batches = [...new Set([...asked.values()].map((mail) => mail.batch))];
			const members = await database.all(SQL.readBatches, { mailbox, batches });
			return new Map([...asked, ...knownMails(members)]);
		},
	};
}

function knownMails(rows: readonly MailRow[]): Map<string, KnownMail> {
	return new Map(
		rows.map(({ digest, batch, handed_on: handedOn }) => [digest, { batch, handedOn }]),
	);
}
