import type { DatabaseSync } from 'node:sqlite';
import { fileProblem } from './problems';

/** "SMTS" in the file's header says that the database is ours (PRAGMA application_id). */
const APPLICATION_ID = 0x534d5453;

/** Step n takes a database from schema n to n + 1. A step that was released is never changed. */
export const MIGRATIONS: readonly string[] = [
	`
	-- A number instead of the name keeps the indexes over a million recipients small.
	CREATE TABLE campaign (
		id INTEGER PRIMARY KEY,
		name TEXT NOT NULL UNIQUE
	) STRICT;

	CREATE TABLE recipient (
		id INTEGER PRIMARY KEY,
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		key TEXT NOT NULL,
		address TEXT NOT NULL,
		reference TEXT NOT NULL UNIQUE,
		state TEXT NOT NULL,
		attempts INTEGER NOT NULL DEFAULT 0,
		queued_at INTEGER NOT NULL,
		-- Until when the row is left alone in this state: queued and deferred are due from then on,
		-- the lease of claimed and dispatched ends then. The other states are final.
		due_at INTEGER,
		owner TEXT,
		fence INTEGER NOT NULL DEFAULT 0,
		reply TEXT,
		reason TEXT,
		blame TEXT,
		message_id TEXT,
		feedback TEXT,
		updated_at INTEGER NOT NULL,
		UNIQUE (campaign, key),
		CHECK (CASE
			WHEN state IN ('queued', 'claimed', 'dispatched', 'deferred') THEN due_at IS NOT NULL
			WHEN state IN ('sent', 'failed', 'unknown') THEN due_at IS NULL
			ELSE FALSE
		END)
	) STRICT;

	CREATE INDEX recipient_by_state ON recipient (campaign, state, due_at);

	-- Apart from its recipient, so that a change of state rewrites few bytes.
	CREATE TABLE payload (
		recipient INTEGER PRIMARY KEY REFERENCES recipient (id),
		content TEXT NOT NULL
	) STRICT;

	-- Whatever makes an outcome final, what people told us about the recipient goes with it.
	CREATE TRIGGER payload_ends AFTER UPDATE OF state ON recipient
	WHEN NEW.state IN ('sent', 'failed', 'unknown')
	BEGIN
		DELETE FROM payload WHERE recipient = NEW.id;
	END;

	CREATE TABLE suppression (
		key TEXT PRIMARY KEY,
		address TEXT NOT NULL,
		reason TEXT NOT NULL,
		campaign TEXT,
		detail TEXT,
		created_at INTEGER NOT NULL,
		expires_at INTEGER
	) STRICT, WITHOUT ROWID;

	CREATE INDEX suppression_by_age ON suppression (created_at, key);

	CREATE TABLE signing_key (
		id TEXT PRIMARY KEY,
		sealed BLOB NOT NULL,
		created_at INTEGER NOT NULL
	) STRICT;

	CREATE TABLE mailbox_mark (
		mailbox TEXT PRIMARY KEY,
		uid_validity TEXT NOT NULL,
		last_uid INTEGER NOT NULL,
		seen TEXT NOT NULL,
		horizon INTEGER,
		unread_until INTEGER,
		updated_at INTEGER NOT NULL
	) STRICT;
	`,
	`
	CREATE TABLE receipt (
		key TEXT PRIMARY KEY,
		state TEXT NOT NULL,
		owner TEXT NOT NULL,
		fence INTEGER NOT NULL,
		-- The end of the lease, while there is one.
		due_at INTEGER,
		content TEXT,
		updated_at INTEGER NOT NULL,
		CHECK (CASE
			WHEN state IN ('claimed', 'dispatched') THEN due_at IS NOT NULL
			WHEN state = 'sent' THEN due_at IS NULL AND content IS NOT NULL
			WHEN state = 'unknown' THEN due_at IS NULL
			ELSE FALSE
		END)
	) STRICT, WITHOUT ROWID;

	CREATE INDEX receipt_by_age ON receipt (updated_at);
	`,
	`
	-- Suppressed for everything (list ''), or for the mails of one list.
	CREATE TABLE suppression_by_list (
		key TEXT NOT NULL,
		list TEXT NOT NULL DEFAULT '',
		address TEXT NOT NULL,
		reason TEXT NOT NULL,
		campaign TEXT,
		detail TEXT,
		created_at INTEGER NOT NULL,
		expires_at INTEGER,
		PRIMARY KEY (key, list)
	) STRICT, WITHOUT ROWID;

	INSERT INTO suppression_by_list (key, address, reason, campaign, detail, created_at, expires_at)
	SELECT key, address, reason, campaign, detail, created_at, expires_at FROM suppression;
	DROP TABLE suppression;
	ALTER TABLE suppression_by_list RENAME TO suppression;
	CREATE INDEX suppression_by_age ON suppression (created_at, key, list);

	CREATE TABLE soft_bounce (
		key TEXT NOT NULL,
		mail TEXT NOT NULL,
		at INTEGER NOT NULL,
		PRIMARY KEY (key, mail)
	) STRICT, WITHOUT ROWID;
	`,
	`
	ALTER TABLE campaign ADD COLUMN title TEXT NOT NULL DEFAULT '';
	ALTER TABLE campaign ADD COLUMN account TEXT NOT NULL DEFAULT '';
	ALTER TABLE campaign ADD COLUMN state TEXT NOT NULL DEFAULT 'running'
		CHECK (state IN ('running', 'paused', 'cancelled'));
	ALTER TABLE campaign ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE campaign ADD COLUMN state_since INTEGER NOT NULL DEFAULT 0;
	ALTER TABLE campaign ADD COLUMN finished_at INTEGER;

	-- Apart from its campaign: it may hold attachments, and the state is asked for every second.
	CREATE TABLE campaign_definition (
		campaign INTEGER PRIMARY KEY REFERENCES campaign (id),
		content TEXT NOT NULL
	) STRICT;

	CREATE TABLE pace_page (
		key TEXT PRIMARY KEY,
		content TEXT NOT NULL,
		updated_at INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;

	CREATE INDEX pace_page_by_age ON pace_page (updated_at);
	`,
	`
	CREATE TABLE tracking_site (
		id TEXT PRIMARY KEY,
		url TEXT NOT NULL,
		opened_at INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;

	CREATE TABLE tracking_campaign (
		campaign INTEGER PRIMARY KEY REFERENCES campaign (id),
		settings TEXT NOT NULL
	) STRICT;

	CREATE TABLE tracking_link (
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		number INTEGER NOT NULL,
		target TEXT NOT NULL,
		PRIMARY KEY (campaign, number),
		UNIQUE (campaign, target)
	) STRICT, WITHOUT ROWID;

	-- Mails that no row of the ledger stands for. Without an address, nobody is to know whose.
	CREATE TABLE tracked_mail (
		id INTEGER PRIMARY KEY,
		reference TEXT NOT NULL UNIQUE,
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		key TEXT,
		address TEXT,
		added_at INTEGER NOT NULL
	) STRICT;

	CREATE INDEX tracked_mail_by_campaign ON tracked_mail (campaign, id);

	CREATE TABLE tracking_event (
		id INTEGER PRIMARY KEY,
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		reference TEXT NOT NULL,
		event TEXT NOT NULL,
		link INTEGER NOT NULL,
		machine TEXT,
		at INTEGER NOT NULL,
		ip TEXT,
		user_agent TEXT
	) STRICT;

	CREATE INDEX tracking_event_by_age ON tracking_event (campaign, at, id);
	CREATE INDEX tracking_event_by_reference ON tracking_event (campaign, reference, at, id);

	-- What one recipient did, in few rows: link 0 is for every event, the others for clicks on that link.
	CREATE TABLE tracking_activity (
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		reference TEXT NOT NULL,
		event TEXT NOT NULL,
		link INTEGER NOT NULL,
		machine INTEGER NOT NULL,
		events INTEGER NOT NULL,
		first_at INTEGER NOT NULL,
		last_at INTEGER NOT NULL,
		PRIMARY KEY (campaign, reference, event, link, machine)
	) STRICT, WITHOUT ROWID;

	-- What all of them did, hour by hour: a report reads these and not the events.
	CREATE TABLE tracking_count (
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		hour INTEGER NOT NULL,
		event TEXT NOT NULL,
		link INTEGER NOT NULL,
		machine INTEGER NOT NULL,
		events INTEGER NOT NULL,
		recipients INTEGER NOT NULL,
		newcomers INTEGER NOT NULL,
		PRIMARY KEY (campaign, hour, event, link, machine)
	) STRICT, WITHOUT ROWID;

	CREATE INDEX recipient_with_feedback ON recipient (campaign, id) WHERE feedback IS NOT NULL;
	`,
	`
	-- Which mails of a mailbox were handed on, or are about to be. A list within the mark would be
	-- written anew for each mail.
	CREATE TABLE mailbox_mail (
		mailbox TEXT NOT NULL,
		digest TEXT NOT NULL,
		batch TEXT NOT NULL DEFAULT '',
		handed_on INTEGER NOT NULL DEFAULT 1,
		at INTEGER NOT NULL,
		PRIMARY KEY (mailbox, digest)
	) STRICT, WITHOUT ROWID;

	CREATE INDEX mailbox_mail_by_age ON mailbox_mail (at);

	INSERT INTO mailbox_mail (mailbox, digest, at)
	SELECT DISTINCT mailbox, value, updated_at FROM mailbox_mark, json_each(seen);
	ALTER TABLE mailbox_mark DROP COLUMN seen;
	`,
	`
	-- What the store says of a move that it has a part in; one row at most.
	CREATE TABLE store_move (
		one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
		state TEXT NOT NULL CHECK (state IN ('leaving', 'left', 'arriving', 'arrived')),
		token TEXT NOT NULL,
		other TEXT NOT NULL
	) STRICT;
	`,
	`
	-- What a node does in one execution: open until it has ended well. n8n does not name the execution
	-- that it retries, so a retry looks among the open ones for an equal mail at the same place.
	CREATE TABLE receipt_run (
		id TEXT PRIMARY KEY,
		node TEXT NOT NULL,
		open INTEGER NOT NULL CHECK (open IN (0, 1)),
		-- The run that goes on with what this one left.
		successor TEXT,
		updated_at INTEGER NOT NULL
	) STRICT;
	CREATE INDEX receipt_run_open ON receipt_run (node) WHERE open = 1;
	CREATE INDEX receipt_run_by_successor ON receipt_run (successor) WHERE successor IS NOT NULL;
	ALTER TABLE receipt ADD COLUMN digest TEXT;
	`,
	`
	-- The same recipients under a CHECK and a trigger that compare states one by one. For an IN with
	-- more than two, SQLite builds a table and drops it again each time a row changes: it took longer
	-- than the change itself.
	CREATE TABLE recipient_anew (
		id INTEGER PRIMARY KEY,
		campaign INTEGER NOT NULL REFERENCES campaign (id),
		key TEXT NOT NULL,
		address TEXT NOT NULL,
		reference TEXT NOT NULL UNIQUE,
		state TEXT NOT NULL,
		attempts INTEGER NOT NULL DEFAULT 0,
		queued_at INTEGER NOT NULL,
		due_at INTEGER,
		owner TEXT,
		fence INTEGER NOT NULL DEFAULT 0,
		reply TEXT,
		reason TEXT,
		blame TEXT,
		message_id TEXT,
		feedback TEXT,
		updated_at INTEGER NOT NULL,
		UNIQUE (campaign, key),
		CHECK (CASE
			WHEN state = 'queued' OR state = 'claimed' OR state = 'dispatched' OR state = 'deferred'
				THEN due_at IS NOT NULL
			WHEN state = 'sent' OR state = 'failed' OR state = 'unknown' THEN due_at IS NULL
			ELSE FALSE
		END)
	) STRICT;
	INSERT INTO recipient_anew
	SELECT id, campaign, key, address, reference, state, attempts, queued_at, due_at, owner, fence,
		reply, reason, blame, message_id, feedback, updated_at
	FROM recipient;

	CREATE TABLE payload_anew (
		recipient INTEGER PRIMARY KEY REFERENCES recipient_anew (id),
		content TEXT NOT NULL
	) STRICT;
	INSERT INTO payload_anew SELECT recipient, content FROM payload;

	DROP TABLE payload;
	DROP TABLE recipient;
	ALTER TABLE recipient_anew RENAME TO recipient;
	ALTER TABLE payload_anew RENAME TO payload;

	CREATE INDEX recipient_by_state ON recipient (campaign, state, due_at);
	CREATE INDEX recipient_with_feedback ON recipient (campaign, id) WHERE feedback IS NOT NULL;

	CREATE TRIGGER payload_ends AFTER UPDATE OF state ON recipient
	WHEN NEW.state = 'sent' OR NEW.state = 'failed' OR NEW.state = 'unknown'
	BEGIN
		DELETE FROM payload WHERE recipient = NEW.id;
	END;
	`,
	`
	-- What a check found the last time, and what the run before that one found.
	CREATE TABLE check_memory (
		key TEXT PRIMARY KEY,
		run TEXT NOT NULL,
		content TEXT NOT NULL,
		previous TEXT,
		previous_at INTEGER,
		updated_at INTEGER NOT NULL
	) STRICT;
	CREATE INDEX check_memory_by_age ON check_memory (updated_at);
	`,
	`
	-- All mails of one batch, for whoever has some of them in hand.
	CREATE INDEX mailbox_mail_by_batch ON mailbox_mail (mailbox, batch) WHERE batch <> '';
	`,
];

/**
 * Refuses a database that is not ours, or that a newer version of ours wrote. Writes nothing.
 *
 * @returns the version of its schema; 0 for an empty one
 */
export function readSchemaVersion(handle: DatabaseSync, file: string): number {
	// In this order: tables that another process of ours has just made come with our mark, which is
	// then there to be read. The other way round they could pass for another program's.
	const tables = handle.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.tables;
	const mark = handle.prepare('PRAGMA application_id').get()?.application_id;
	if (mark !== APPLICATION_ID) {
		if (tables !== 0) throw fileProblem('foreign', file);
		return 0;
	}
	const version = Number(
		handle.prepare('SELECT max(version) AS version FROM schema_migration').get()?.version,
	);
	if (version > MIGRATIONS.length) throw fileProblem('newer', file);
	return version;
}

/**
 * Brings the schema up to date in one transaction. The version is read under the write lock: of two
 * processes that open the file at once, the second finds the work done.
 */
export function migrate(handle: DatabaseSync, file: string, now: number): void {
	if (readSchemaVersion(handle, file) === MIGRATIONS.length) return;
	handle.exec('BEGIN IMMEDIATE');
	try {
		const version = readSchemaVersion(handle, file);
		if (version === 0) {
			handle.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
			handle.exec(
				'CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT',
			);
		}
		const applied = handle.prepare('INSERT INTO schema_migration VALUES (?, ?)');
		for (const [index, step] of MIGRATIONS.entries()) {
			if (index < version) continue;
			handle.exec(step);
			applied.run(index + 1, now);
		}
		handle.exec('COMMIT');
	} catch (error) {
		if (handle.isTransaction) handle.exec('ROLLBACK');
		throw error;
	}
}
