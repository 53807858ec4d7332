import type { ReceiptAnswer, ReceiptClaim, Receipts } from '../store';
import type { Database } from './database';

interface ReceiptRow extends Record<string, string | number | null> {
	state: 'claimed' | 'dispatched' | 'sent' | 'unknown';
	due_at: number | null;
	content: string | null;
	updated_at: number;
}

const HELD = 'key = :key AND owner = :owner AND fence = :fence';

/** Receipts of single mails. Who may write one is decided by owner and fence, in the statement itself. */
export function createReceipts(database: Database, clock: () => number): Receipts {
	/** By far the most: a key that nobody has claimed. RETURNING would cost as much again. */
	const claimNew = database.statement(`
		INSERT INTO receipt (key, state, owner, fence, due_at, digest, updated_at)
		VALUES (:key, 'claimed', :owner, 1, :until, :digest, :now) ON CONFLICT (key) DO NOTHING`);
	const claim = database.statement<{ fence: number }>(`
		INSERT INTO receipt (key, state, owner, fence, due_at, digest, updated_at)
		VALUES (:key, 'claimed', :owner, 1, :until, :digest, :now)
		ON CONFLICT (key) DO UPDATE SET
			state = 'claimed', owner = :owner, fence = fence + 1, due_at = :until, content = NULL,
			digest = :digest, updated_at = :now
		WHERE (state = 'claimed' AND due_at <= :now)
			OR (:resendUnknown = 1 AND (state = 'unknown' OR (state = 'dispatched' AND due_at <= :now)))
			OR (updated_at <= :now - :countsForMs AND (due_at IS NULL OR due_at <= :now))
		RETURNING fence`);
	const read = database.statement<ReceiptRow>(
		'SELECT state, due_at, content, updated_at FROM receipt WHERE key = :key',
	);
	const dispatch = database.statement(`
		UPDATE receipt SET state = 'dispatched'
		WHERE ${HELD} AND state = 'claimed' AND due_at > :now`);
	const renew = database.statement(`
		UPDATE receipt SET due_at = :until
		WHERE ${HELD} AND state IN ('claimed', 'dispatched') AND due_at > :now`);
	/** The server's reply is the truth for as long as nobody else has claimed the key. */
	const settle = database.statement(`
		UPDATE receipt SET state = :state, content = :receipt, due_at = NULL, updated_at = :now
		WHERE ${HELD} AND state <> 'sent'`);
	const release = database.statement(`
		DELETE FROM receipt WHERE ${HELD} AND state IN ('claimed', 'dispatched')`);
	const forget = database.statement(`
		DELETE FROM receipt WHERE updated_at < :before AND (due_at IS NULL OR due_at <= :now)`);
	const openRun = database.statement(`
		INSERT INTO receipt_run (id, node, open, updated_at) VALUES (:id, :node, 1, :now)
		ON CONFLICT (id) DO UPDATE SET open = 1, updated_at = :now`);
	const openInherited = database.statement(
		'UPDATE receipt_run SET open = 1 WHERE successor = :id AND open = 0',
	);
	const closeRun = database.statement(
		'UPDATE receipt_run SET open = 0, updated_at = :now WHERE id = :id OR successor = :id',
	);
	const inherit = database.statement<{ id: string }>(`
		UPDATE receipt_run SET successor = :id WHERE id = (
			SELECT run.id FROM receipt_run AS run JOIN receipt ON receipt.key = run.id || ':' || :place
			WHERE run.node = :node AND (run.open = 1 OR :sameExecution = 1) AND receipt.digest = :digest
			ORDER BY receipt.updated_at DESC LIMIT 1)
		RETURNING id`);
	const forgetRuns = database.statement('DELETE FROM receipt_run WHERE updated_at < :before');

	function ask(
		key: string,
		{ owner, leaseMs, resendUnknown, countsForMs, digest }: Parameters<Receipts['claim']>[1],
	): ReceiptAnswer {
		const now = clock();
		const row = { key, owner, until: now + leaseMs, now, digest };
		if (claimNew.run(row) === 1) return { answer: 'send', claim: { key, owner, fence: 1 } };
		const taken = claim.get({ ...row, resendUnknown: resendUnknown ? 1 : 0, countsForMs });
		if (taken) return { answer: 'send', claim: { key, owner, fence: taken.fence } };
		const known = read.get({ key });
		if (known?.state === 'sent')
			return { answer: 'sent', receipt: known.content ?? '', at: known.updated_at };
		const until = known?.due_at ?? now;
		if (known && known.due_at !== null && until > now) return { answer: 'busy', until };
		const at = known?.updated_at ?? now;
		return { answer: 'unknown', ...(known?.content ? { receipt: known.content } : {}), at };
	}

	return {
		claim: (key, options) => database.share('kill', () => ask(key, options)),

		dispatch: async (held, { onDisk = false } = {}) => {
			const changed = await database.share(onDisk ? 'powerCut' : 'soonPowerCut', () =>
				dispatch.run({ ...of(held), now: clock() }),
			);
			return changed === 1;
		},

		renew: async (held, leaseMs) => {
			const now = clock();
			const changed = await database.share('kill', () =>
				renew.run({ ...of(held), until: now + leaseMs, now }),
			);
			return changed === 1;
		},

		settle: async (held, { state, receipt }) =>
			(await database.share('kill', () =>
				settle.run({ ...of(held), state, receipt, now: clock() }),
			)) === 1,

		async release(held) {
			await database.share('kill', () => release.run(of(held)));
		},

		openRun: ({ id, node }) =>
			database.share('kill', () => {
				openRun.run({ id, node, now: clock() });
				openInherited.run({ id });
			}),

		async closeRun(id) {
			await database.share('powerCut', () => closeRun.run({ id, now: clock() }));
		},

		async inherit({ id, node, sameExecution }, { place, digest }) {
			const by = { id, node, sameExecution: sameExecution ? 1 : 0 };
			const from = await database.share('kill', () => inherit.get({ ...by, place, digest }));
			return from && `${from.id}:${place}`;
		},

		forget: (before) =>
			database.alone('kill', () => {
				forgetRuns.run({ before });
				return forget.run({ before, now: clock() });
			}),
	};
}

function of({ key, owner, fence }: ReceiptClaim) {
	return { key, owner, fence };
}
