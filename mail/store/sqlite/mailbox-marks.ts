import type { KnownMail, MailboxMarks } from '../store';
import type { Database } from './database';
import type { Steps } from './transactions';

interface MarkRow extends Record<string, string | number | null> {
	uid_validity: string;
	last_uid: number;
	horizon: number | null;
	unread_until: number | null;
}

interface MailRow extends Record<string, string | number> {
	digest: string;
	batch: string;
	handed_on: number;
}

/** A mail that comes up again later than that (moved back, restored) may be handed on again. */
const REMEMBERED_MS = 60 * 86_400_000;

export function createMailboxMarks(database: Database, clock: () => number): MailboxMarks {
	const readMark = database.statement<MarkRow>(`
		SELECT uid_validity, last_uid, horizon, unread_until
		FROM mailbox_mark WHERE mailbox = :mailbox`);
	const writeMark = database.statement(`
		INSERT INTO mailbox_mark
			(mailbox, uid_validity, last_uid, horizon, unread_until, updated_at)
		VALUES (:mailbox, :uidValidity, :lastUid, :horizon, :unreadUntil, :now)
		ON CONFLICT (mailbox) DO UPDATE SET
			uid_validity = excluded.uid_validity, last_uid = excluded.last_uid,
			horizon = excluded.horizon, unread_until = excluded.unread_until,
			updated_at = excluded.updated_at`);
	const readMail = database.statement<MailRow>(`
		SELECT digest, batch, handed_on FROM mailbox_mail
		WHERE mailbox = :mailbox AND digest = :digest`);
	const writeHandedOn = database.statement(`
		INSERT INTO mailbox_mail (mailbox, digest, at) VALUES (:mailbox, :digest, :now)
		ON CONFLICT (mailbox, digest) DO UPDATE SET handed_on = 1, at = excluded.at`);
	const writeTaken = database.statement(`
		INSERT INTO mailbox_mail (mailbox, digest, batch, handed_on, at)
		VALUES (:mailbox, :digest, :batch, 0, :now)
		ON CONFLICT (mailbox, digest) DO NOTHING`);
	const readBatch = database.statement<MailRow>(`
		SELECT digest, batch, handed_on FROM mailbox_mail
		WHERE mailbox = :mailbox AND batch = :batch AND batch <> ''`);
	const forget = database.statement('DELETE FROM mailbox_mail WHERE at < :before');

	function* takeAll(mailbox: string, digests: readonly string[], batch: string): Steps<MailRow[]> {
		for (const digest of digests) writeTaken.run({ mailbox, digest, batch, now: clock() });
		yield;
		const asked = digests.flatMap((digest) => readMail.get({ mailbox, digest }) ?? []);
		const batches = new Set(asked.map((mail) => mail.batch));
		const members = [...batches].flatMap((each) => readBatch.all({ mailbox, batch: each }));
		return [...asked, ...members];
	}

	return {
		async get(mailbox) {
			const row = await database.read(() => readMark.get({ mailbox }));
			return (
				row && {
					uidValidity: row.uid_validity,
					lastUid: row.last_uid,
					...(row.horizon === null ? {} : { horizon: row.horizon }),
					...(row.unread_until === null ? {} : { unreadUntil: row.unread_until }),
				}
			);
		},

		async set(mailbox, { uidValidity, lastUid, horizon, unreadUntil }, handedOn = []) {
			// On disk, since a forgotten mark hands the same messages on once more.
			await database.alone('powerCut', () => {
				const now = clock();
				for (const digest of handedOn) writeHandedOn.run({ mailbox, digest, now });
				if (handedOn.length > 0) forget.run({ before: now - REMEMBERED_MS });
				writeMark.run({ mailbox, uidValidity, lastUid, horizon, unreadUntil, now });
			});
		},

		async lookUp(mailbox, digests) {
			const rows = await database.readEach(digests, (digest) => readMail.get({ mailbox, digest }));
			return knownMails(rows);
		},

		async take(mailbox, digests, batch) {
			return knownMails(await database.inSteps('powerCut', () => takeAll(mailbox, digests, batch)));
		},
	};
}

function knownMails(rows: readonly (MailRow | undefined)[]): Map<string, KnownMail> {
	const known = new Map<string, KnownMail>();
	for (const row of rows)
		if (row) known.set(row.digest, { batch: row.batch, handedOn: row.handed_on === 1 });
	return known;
}
