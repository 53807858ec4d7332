import type { Line } from './line';
import { quoted } from './line';
import type { PostgresPlace } from './place';
import { postgresProblem } from './problems';

/**
 * Step n takes a store from schema n to n + 1. A step that was released is never changed, and none
 * takes anything away: a worker of the version before may still be writing.
 *
 * Texts that are looked up or sorted are compared by their bytes (COLLATE "C"), as the embedded store
 * does; a database's own collation may change with the system under it, and spoil an index.
 *
 * Where the embedded store has triggers and foreign keys, here the statements themselves see to it:
 * a check for each row would cost more than the row.
 */
export const MIGRATIONS: readonly string[] = [
	`
	-- A number instead of the name keeps the indexes over millions of recipients small.
	CREATE TABLE campaign (
		id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		name TEXT COLLATE "C" NOT NULL UNIQUE,
		title TEXT NOT NULL DEFAULT '',
		account TEXT NOT NULL DEFAULT '',
		state TEXT COLLATE "C" NOT NULL DEFAULT 'running'
			CHECK (state IN ('running', 'paused', 'cancelled')),
		created_at BIGINT NOT NULL,
		state_since BIGINT NOT NULL,
		finished_at BIGINT
	);
	CREATE INDEX campaign_by_age ON campaign (created_at, id);

	-- Apart from its campaign: it may hold attachments, and the state is asked for every second.
	CREATE TABLE campaign_definition (
		campaign INTEGER PRIMARY KEY,
		content TEXT NOT NULL
	);

	-- Room is left on each page for the next versions of its rows: a recipient is written four times.
	CREATE TABLE recipient (
		id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		queued_at BIGINT NOT NULL,
		-- Until when the row is left alone in this state: queued and deferred are due from then on,
		-- the lease of claimed and dispatched ends then. The other states are final.
		due_at BIGINT,
		updated_at BIGINT NOT NULL,
		fence BIGINT NOT NULL DEFAULT 0,
		-- Which call has changed the state last: a call whose answer was lost knows its own work by it.
		ticket BIGINT,
		campaign INTEGER NOT NULL,
		attempts INTEGER NOT NULL DEFAULT 0,
		state TEXT COLLATE "C" NOT NULL,
		key TEXT COLLATE "C" NOT NULL,
		address TEXT NOT NULL,
		reference TEXT COLLATE "C" NOT NULL,
		owner TEXT COLLATE "C",
		reply TEXT,
		reason TEXT,
		blame TEXT,
		message_id TEXT,
		feedback TEXT,
		CONSTRAINT recipient_reference UNIQUE (reference),
		UNIQUE (campaign, key),
		CHECK (CASE
			WHEN state IN ('queued', 'claimed', 'dispatched', 'deferred') THEN due_at IS NOT NULL
			WHEN state IN ('sent', 'failed', 'unknown') THEN due_at IS NULL
			ELSE FALSE
		END)
	) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

	-- Who is owed a mail, and who is in somebody's hands. Whoever is served leaves both indexes, so
	-- that neither grows with what was done.
	CREATE INDEX recipient_due ON recipient (campaign, due_at, id)
		WHERE state IN ('queued', 'deferred', 'claimed');
	CREATE INDEX recipient_held ON recipient (campaign, owner)
		WHERE state IN ('claimed', 'dispatched');

	CREATE INDEX recipient_with_feedback ON recipient (campaign, id) WHERE feedback IS NOT NULL;

	-- Apart from its recipient, so that a change of state rewrites few bytes.
	CREATE TABLE payload (
		recipient BIGINT PRIMARY KEY,
		content TEXT NOT NULL
	) WITH (autovacuum_vacuum_scale_factor = 0.05);

	-- Suppressed for everything (list ''), or for the mails of one list.
	CREATE TABLE suppression (
		key TEXT COLLATE "C" NOT NULL,
		list TEXT COLLATE "C" NOT NULL DEFAULT '',
		address TEXT NOT NULL,
		reason TEXT COLLATE "C" NOT NULL,
		campaign TEXT,
		detail TEXT,
		created_at BIGINT NOT NULL,
		expires_at BIGINT,
		PRIMARY KEY (key, list)
	);
	CREATE INDEX suppression_by_age ON suppression (created_at, key, list);

	CREATE TABLE soft_bounce (
		key TEXT COLLATE "C" NOT NULL,
		mail TEXT COLLATE "C" NOT NULL,
		at BIGINT NOT NULL,
		PRIMARY KEY (key, mail)
	);

	CREATE TABLE signing_key (
		number INTEGER GENERATED ALWAYS AS IDENTITY,
		id TEXT COLLATE "C" PRIMARY KEY,
		sealed BYTEA NOT NULL,
		created_at BIGINT NOT NULL
	);

	CREATE TABLE mailbox_mark (
		mailbox TEXT COLLATE "C" PRIMARY KEY,
		uid_validity TEXT NOT NULL,
		last_uid BIGINT NOT NULL,
		seen TEXT NOT NULL,
		horizon BIGINT,
		unread_until BIGINT,
		updated_at BIGINT NOT NULL
	);

	CREATE TABLE receipt (
		key TEXT COLLATE "C" PRIMARY KEY,
		state TEXT COLLATE "C" NOT NULL,
		owner TEXT COLLATE "C" NOT NULL,
		fence BIGINT NOT NULL,
		-- The end of the lease, while there is one.
		due_at BIGINT,
		content TEXT,
		updated_at BIGINT NOT NULL,
		CHECK (CASE
			WHEN state IN ('claimed', 'dispatched') THEN due_at IS NOT NULL
			WHEN state = 'sent' THEN due_at IS NULL AND content IS NOT NULL
			WHEN state = 'unknown' THEN due_at IS NULL
			ELSE FALSE
		END)
	);
	CREATE INDEX receipt_by_age ON receipt (updated_at);

	-- A page that was named and never written has no content. Rewritten all the time, so kept in place.
	CREATE TABLE pace_page (
		key TEXT COLLATE "C" PRIMARY KEY,
		content TEXT,
		updated_at BIGINT NOT NULL
	) WITH (fillfactor = 50);

	CREATE TABLE tracking_site (
		id TEXT COLLATE "C" PRIMARY KEY,
		url TEXT NOT NULL,
		opened_at BIGINT NOT NULL
	);

	CREATE TABLE tracking_campaign (
		campaign INTEGER PRIMARY KEY,
		settings TEXT NOT NULL
	);

	-- A target is found by its digest (SHA-256): it may be longer than an index takes.
	CREATE TABLE tracking_link (
		campaign INTEGER NOT NULL,
		number INTEGER NOT NULL,
		target TEXT NOT NULL,
		digest BYTEA NOT NULL,
		PRIMARY KEY (campaign, number),
		UNIQUE (campaign, digest)
	);

	-- Mails that no row of the ledger stands for. Without an address, nobody is to know whose.
	CREATE TABLE tracked_mail (
		id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		reference TEXT COLLATE "C" NOT NULL UNIQUE,
		campaign INTEGER NOT NULL,
		key TEXT,
		address TEXT,
		added_at BIGINT NOT NULL
	);
	CREATE INDEX tracked_mail_by_campaign ON tracked_mail (campaign, id);

	CREATE TABLE tracking_event (
		id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		campaign INTEGER NOT NULL,
		reference TEXT COLLATE "C" NOT NULL,
		event TEXT COLLATE "C" NOT NULL,
		link INTEGER NOT NULL,
		machine TEXT,
		at BIGINT NOT NULL,
		ip TEXT,
		user_agent TEXT
	);
	CREATE INDEX tracking_event_by_age ON tracking_event (campaign, at, id);
	CREATE INDEX tracking_event_by_reference ON tracking_event (campaign, reference, at, id);

	-- What one recipient did, in few rows: link 0 is for every event, the others for clicks on that link.
	CREATE TABLE tracking_activity (
		campaign INTEGER NOT NULL,
		reference TEXT COLLATE "C" NOT NULL,
		event TEXT COLLATE "C" NOT NULL,
		link INTEGER NOT NULL,
		machine BOOLEAN NOT NULL,
		events BIGINT NOT NULL,
		first_at BIGINT NOT NULL,
		last_at BIGINT NOT NULL,
		PRIMARY KEY (campaign, reference, event, link, machine)
	);

	-- What all of them did, hour by hour: a report reads these and not the events.
	CREATE TABLE tracking_count (
		campaign INTEGER NOT NULL,
		hour BIGINT NOT NULL,
		event TEXT COLLATE "C" NOT NULL,
		link INTEGER NOT NULL,
		machine BOOLEAN NOT NULL,
		events BIGINT NOT NULL,
		recipients BIGINT NOT NULL,
		newcomers BIGINT NOT NULL,
		PRIMARY KEY (campaign, hour, event, link, machine)
	) WITH (fillfactor = 50);
	`,
	`
	-- Which mails of a mailbox were handed on, or are about to be. A list within the mark would be
	-- written anew for each mail; the one that is there is left for a worker of the version before.
	CREATE TABLE mailbox_mail (
		mailbox TEXT COLLATE "C" NOT NULL,
		digest TEXT COLLATE "C" NOT NULL,
		batch TEXT NOT NULL,
		handed_on BOOLEAN NOT NULL,
		at BIGINT NOT NULL,
		PRIMARY KEY (mailbox, digest)
	);
	CREATE INDEX mailbox_mail_by_age ON mailbox_mail (at);

	ALTER TABLE mailbox_mark ALTER COLUMN seen SET DEFAULT '[]';
	INSERT INTO mailbox_mail (mailbox, digest, batch, handed_on, at)
	SELECT DISTINCT mailbox, jsonb_array_elements_text(seen::jsonb), '', TRUE, updated_at
	FROM mailbox_mark;
	`,
	`
	-- What the store says of a move that it has a part in; one row at most.
	CREATE TABLE store_move (
		one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
		state TEXT NOT NULL CHECK (state IN ('leaving', 'left', 'arriving', 'arrived')),
		token TEXT NOT NULL,
		other TEXT NOT NULL
	);
	`,
	`
	-- What a node does in one execution: open until it has ended well. n8n does not name the execution
	-- that it retries, so a retry looks among the open ones for an equal mail at the same place.
	CREATE TABLE receipt_run (
		id TEXT COLLATE "C" PRIMARY KEY,
		node TEXT COLLATE "C" NOT NULL,
		open BOOLEAN NOT NULL,
		-- The run that goes on with what this one left.
		successor TEXT COLLATE "C",
		updated_at BIGINT NOT NULL
	);
	CREATE INDEX receipt_run_open ON receipt_run (node) WHERE open;
	CREATE INDEX receipt_run_by_successor ON receipt_run (successor) WHERE successor IS NOT NULL;
	ALTER TABLE receipt ADD COLUMN digest TEXT COLLATE "C";
	`,
	`
	-- What a check found the last time, and what the run before that one found.
	CREATE TABLE check_memory (
		key TEXT COLLATE "C" PRIMARY KEY,
		run TEXT NOT NULL,
		content TEXT NOT NULL,
		previous TEXT,
		previous_at BIGINT,
		updated_at BIGINT NOT NULL
	);
	CREATE INDEX check_memory_by_age ON check_memory (updated_at);
	`,
	`
	-- All mails of one batch, for whoever has some of them in hand.
	CREATE INDEX mailbox_mail_by_batch ON mailbox_mail (mailbox, batch) WHERE batch <> '';
	`,
	`
	-- Neither index names the state any more: a dispatch changes no column of an index, so that it is
	-- written in place, and not into each index once more.
	ALTER TABLE recipient ADD COLUMN held_by TEXT COLLATE "C"
		GENERATED ALWAYS AS (CASE WHEN state IN ('claimed', 'dispatched') THEN owner END) STORED;
	DROP INDEX recipient_due;
	DROP INDEX recipient_held;
	CREATE INDEX recipient_due ON recipient (campaign, due_at, id) WHERE due_at IS NOT NULL;
	CREATE INDEX recipient_held ON recipient (campaign, held_by) WHERE held_by IS NOT NULL;
	`,
];

/** Ours, and nobody else's: what a lock of ours is named by. */
const LOCK = 0x534d5453;
/** A step over a large table takes its time; others wait for it here, and not at their first mail. */
const STEP_MS = 600_000;

/**
 * Refuses a schema that a newer version of ours wrote. Writes nothing.
 *
 * @returns the version; 0 where there is no store yet
 */
export async function readSchemaVersion(
	line: Line,
	{ schema }: PostgresPlace,
	place: string,
): Promise<number> {
	const table = `${quoted(schema)}.mail_store_migration`;
	// Read from the catalogue. What `to_regclass` says may be remembered from before the lock that
	// we have waited for, and another worker made the tables meanwhile.
	const [found] = await line.query<{ made: boolean }>(
		`SELECT count(*) > 0 AS made
		FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
		WHERE nspname = $1 AND relname = 'mail_store_migration'`,
		[schema],
	);
	if (!found?.made) return 0;
	const [latest] = await line.query<{ version: number }>(
		`SELECT coalesce(max(version), 0) AS version FROM ${table}`,
	);
	const version = latest?.version ?? 0;
	if (version > MIGRATIONS.length) throw postgresProblem('newer', place);
	return version;
}

/** `pg_current_xact_id`, by which we learn what became of a transaction. */
const OLDEST_SERVER = 130_000;

/**
 * Refuses a server that cannot hold a store.
 *
 * @returns its version, in its own words
 */
export async function checkServer(line: Line, place: string): Promise<string> {
	const [server] = await line.query<{ version: string; number: number; standby: boolean }>(`
		SELECT current_setting('server_version') AS version,
			current_setting('server_version_num')::int AS number,
			pg_is_in_recovery() AS standby`);
	if (!server || server.number < OLDEST_SERVER) throw postgresProblem('tooOld', place);
	if (server.standby) throw postgresProblem('notWritable', place);
	return server.version;
}

/**
 * Brings the schema up to date in one transaction, and under a lock that is the schema's own: of ten
 * workers that start at once one does the work, and the others find it done.
 */
export async function migrate(
	line: Line,
	address: PostgresPlace,
	place: string,
	now: number | undefined,
): Promise<void> {
	await checkServer(line, place);
	if ((await readSchemaVersion(line, address, place)) === MIGRATIONS.length) return;
	const schema = quoted(address.schema);
	await line.query('BEGIN');
	try {
		await line.query(`SET LOCAL statement_timeout = ${STEP_MS}`);
		await line.query(
			'SELECT pg_advisory_xact_lock($1::int, hashtext($2))',
			[String(LOCK), address.schema],
			STEP_MS,
		);
		const version = await readSchemaVersion(line, address, place);
		if (version === 0) {
			await makeSchema(line, address.schema);
			await line.query(
				`CREATE TABLE ${schema}.mail_store_migration (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)`,
			);
		}
		for (const [index, step] of MIGRATIONS.entries()) {
			if (index < version) continue;
			await line.query(step, [], STEP_MS);
			await line.query(
				`INSERT INTO ${schema}.mail_store_migration VALUES ($1::int,
				coalesce($2::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint))`,
				[String(index + 1), now === undefined ? null : String(now)],
			);
		}
		await line.query('COMMIT');
	} catch (error) {
		await line.query('ROLLBACK').catch(() => {
			line.destroy();
		});
		throw error;
	}
}

/** Somebody who may not make a schema may still be given one. */
async function makeSchema(line: Line, schema: string): Promise<void> {
	const [found] = await line.query<{ made: boolean }>(
		'SELECT count(*) > 0 AS made FROM pg_namespace WHERE nspname = $1',
		[schema],
	);
	if (!found?.made) await line.query(`CREATE SCHEMA ${quoted(schema)}`);
}
