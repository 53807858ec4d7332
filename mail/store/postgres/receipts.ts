import type { ReceiptAnswer, ReceiptClaim, Receipts } from '../store';
import type { Database, Session } from './database';
import { CLOCK, NOW, statement } from './statement';

interface ReceiptRow {
	state: 'claimed' | 'dispatched' | 'sent' | 'unknown';
	owner: string;
	fence: number;
	due_at: number | null;
	content: string | null;
	updated_at: number;
	now: number;
}

const HELD = 'key = :key AND owner = :owner AND fence = :fence::bigint';

const SQL = {
	claim: statement<{ fence: number }>(`
		WITH ${CLOCK}
		INSERT INTO receipt (key, state, owner, fence, due_at, digest, updated_at)
		VALUES (:key, 'claimed', :owner, 1, ${NOW} + :leaseMs::bigint, :digest, ${NOW})
		ON CONFLICT (key) DO UPDATE SET
			state = 'claimed', owner = excluded.owner, fence = receipt.fence + 1,
			due_at = excluded.due_at, content = NULL, digest = excluded.digest,
			updated_at = excluded.updated_at
		WHERE (receipt.state = 'claimed' AND receipt.due_at <= ${NOW})
			OR (:resendUnknown AND (receipt.state = 'unknown'
				OR (receipt.state = 'dispatched' AND receipt.due_at <= ${NOW})))
			OR (receipt.updated_at <= ${NOW} - :countsForMs::bigint
				AND (receipt.due_at IS NULL OR receipt.due_at <= ${NOW}))
		RETURNING fence`),
	read: statement<ReceiptRow>(`
		WITH ${CLOCK}
		SELECT state, owner, fence, due_at, content, updated_at, ${NOW} AS now
		FROM receipt WHERE key = :key`),
	dispatch: statement<{ fence: number }>(`
		WITH ${CLOCK}
		UPDATE receipt SET state = 'dispatched', updated_at = ${NOW}
		WHERE ${HELD} AND state = 'claimed' AND due_at > ${NOW} RETURNING fence`),
	renew: statement<{ fence: number }>(`
		WITH ${CLOCK}
		UPDATE receipt SET due_at = ${NOW} + :leaseMs::bigint
		WHERE ${HELD} AND state IN ('claimed', 'dispatched') AND due_at > ${NOW} RETURNING fence`),
	/** The server's reply is the truth for as long as nobody else has claimed the key. */
	settle: statement<{ fence: number }>(`
		WITH ${CLOCK}
		UPDATE receipt SET state = :state, content = :receipt, due_at = NULL, updated_at = ${NOW}
		WHERE ${HELD} AND state IN ('claimed', 'dispatched', 'unknown') RETURNING fence`),
	release: statement(`
		DELETE FROM receipt WHERE ${HELD} AND state IN ('claimed', 'dispatched')`),
	openRun: statement(`
		WITH ${CLOCK},
		inherited AS (UPDATE receipt_run SET open = TRUE WHERE successor = :id AND id <> :id AND NOT open)
		INSERT INTO receipt_run (id, node, open, updated_at) VALUES (:id, :node, TRUE, ${NOW})
		ON CONFLICT (id) DO UPDATE SET open = TRUE, updated_at = excluded.updated_at`),
	closeRun: statement(`
		WITH ${CLOCK}
		UPDATE receipt_run SET open = FALSE, updated_at = ${NOW} WHERE id = :id OR successor = :id`),
	inherit: statement<{ id: string }>(`
		UPDATE receipt_run SET successor = :id WHERE id = (
			SELECT run.id FROM receipt_run AS run JOIN receipt ON receipt.key = run.id || ':' || :place
			WHERE run.node = :node AND (run.open OR :sameExecution) AND receipt.digest = :digest
			ORDER BY receipt.updated_at DESC LIMIT 1)
		RETURNING id`),
	forget: statement<{ forgotten: number }>(`
		WITH ${CLOCK},
		gone AS (
			DELETE FROM receipt
			WHERE updated_at < :before::bigint AND (due_at IS NULL OR due_at <= ${NOW}) RETURNING 1),
		runs AS (DELETE FROM receipt_run WHERE updated_at < :before::bigint)
		SELECT count(*) AS forgotten FROM gone`),
};

/**
 * Receipts of single mails. Who may write one is decided by owner and fence, in the statement itself.
 * Each try has an owner of its own, so a call whose answer was lost knows its work by it.
 */
export function createReceipts(database: Database): Receipts {
	/** What became of the row that this claim was made for. */
	async function ownRow({ get }: Session, { key, owner, fence }: ReceiptClaim) {
		const row = await get(SQL.read, { key });
		return row?.owner === owner && row.fence === fence ? row : undefined;
	}

	async function ask(
		{ get, again }: Session,
		key: string,
		{
			owner,
			leaseMs,
			resendUnknown = false,
			countsForMs,
			digest,
		}: Parameters<Receipts['claim']>[1],
	): Promise<ReceiptAnswer> {
		for (;;) {
			const taken = await get(SQL.claim, {
				key,
				owner,
				leaseMs,
				resendUnknown,
				countsForMs: countsForMs ?? null,
				digest: digest ?? null,
			});
			if (taken) return { answer: 'send', claim: { key, owner, fence: taken.fence } };
			const row = await get(SQL.read, { key });
			// Released between the two: there is a claim to be had now.
			if (!row) continue;
			const { state, fence, due_at: until, content, updated_at: at, now } = row;
			if (again && state === 'claimed' && row.owner === owner)
				return { answer: 'send', claim: { key, owner, fence } };
			if (state === 'sent') return { answer: 'sent', receipt: content ?? '', at };
			if (until !== null && until > now) return { answer: 'busy', until };
			if (state === 'claimed') continue;
			return { answer: 'unknown', ...(content ? { receipt: content } : {}), at };
		}
	}

	return {
		claim: (key, options) => database.run((session) => ask(session, key, options)),

		dispatch: (claim) =>
			database.run(async (session) => {
				if (await session.get(SQL.dispatch, { ...claim })) return true;
				if (!session.again) return false;
				const row = await ownRow(session, claim);
				return row?.state === 'dispatched' && (row.due_at ?? 0) > row.now;
			}),

		renew: async (claim, leaseMs) =>
			(await database.get(SQL.renew, { ...claim, leaseMs })) !== undefined,

		settle: (claim, { state, receipt }) =>
			database.run(async (session) => {
				if (await session.get(SQL.settle, { ...claim, state, receipt })) return true;
				return session.again && (await ownRow(session, claim))?.state === state;
			}),

		async release(claim) {
			await database.all(SQL.release, { ...claim });
		},

		async openRun({ id, node }) {
			await database.all(SQL.openRun, { id, node });
		},

		async closeRun(id) {
			await database.all(SQL.closeRun, { id });
		},

		async inherit({ id, node, sameExecution = false }, { place, digest }) {
			const from = await database.get(SQL.inherit, { id, node, sameExecution, place, digest });
			return from && `${from.id}:${place}`;
		},

		async forget(before) {
			return (await database.get(SQL.forget, { before }))?.forgotten ?? 0;
		},
	};
}
