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
	const claim = database.statement<{ fence: number }>(`
		INSERT INTO receipt (key, state, owner, fence, due_at, updated_at)
		VALUES (:key, 'claimed', :owner, 1, :until, :now)
		ON CONFLICT (key) DO UPDATE SET
			state = 'claimed', owner = :owner, fence = fence + 1, due_at = :until, content = NULL,
			updated_at = :now
		WHERE (state = 'claimed' AND due_at <= :now)
			OR (:resendUnknown = 1 AND (state = 'unknown' OR (state = 'dispatched' AND due_at <= :now)))
			OR (updated_at <= :now - :countsForMs AND (due_at IS NULL OR due_at <= :now))
		RETURNING fence`);
	const read = database.statement<ReceiptRow>(
		'SELECT state, due_at, content, updated_at FROM receipt WHERE key = :key',
	);
	const dispatch = database.statement(`
		UPDATE receipt SET state = 'dispatched', updated_at = :now
		WHERE ${HELD} AND state = 'claimed' AND due_at > :now`);
	/** The server's reply is the truth for as long as nobody else has claimed the key. */
	const settle = database.statement(`
		UPDATE receipt SET state = :state, content = :receipt, due_at = NULL, updated_at = :now
		WHERE ${HELD} AND state IN ('claimed', 'dispatched', 'unknown')`);
	const release = database.statement(`
		DELETE FROM receipt WHERE ${HELD} AND state IN ('claimed', 'dispatched')`);
	const forget = database.statement(`
		DELETE FROM receipt WHERE updated_at < :before AND (due_at IS NULL OR due_at <= :now)`);

	function ask(
		key: string,
		{ owner, leaseMs, resendUnknown, countsForMs }: Parameters<Receipts['claim']>[1],
	): ReceiptAnswer {
		const now = clock();
		const taken = claim.get({
			key,
			owner,
			until: now + leaseMs,
			now,
			resendUnknown: resendUnknown ? 1 : 0,
			countsForMs: countsForMs ?? null,
		});
		if (taken) return { answer: 'send', claim: { key, owner, fence: taken.fence } };
		const row = read.get({ key });
		if (row?.state === 'sent')
			return { answer: 'sent', receipt: row.content ?? '', at: row.updated_at };
		const until = row?.due_at ?? now;
		if (row && row.due_at !== null && until > now) return { answer: 'busy', until };
		const at = row?.updated_at ?? now;
		return { answer: 'unknown', ...(row?.content ? { receipt: row.content } : {}), at };
	}

	return {
		claim: (key, options) => database.share('kill', () => ask(key, options)),

		// On disk before the mail leaves: a forgotten dispatch would be a second mail.
		dispatch: async (held) =>
			(await database.share('powerCut', () => dispatch.run({ ...of(held), now: clock() }))) === 1,

		settle: async (held, { state, receipt }) =>
			(await database.share('kill', () =>
				settle.run({ ...of(held), state, receipt, now: clock() }),
			)) === 1,

		async release(held) {
			await database.share('kill', () => release.run(of(held)));
		},

		forget: (before) => database.alone('kill', () => forget.run({ before, now: clock() })),
	};
}

function of({ key, owner, fence }: ReceiptClaim) {
	return { key, owner, fence };
}
