import type { RememberedCheck } from './store';

/** A row of the table `check_memory`, in both backends. */
export interface CheckMemoryRow extends Record<string, string | number | null> {
	run: string;
	content: string;
	/** What the run before this one kept. */
	previous: string | null;
	previous_at: number | null;
	updated_at: number;
}

/**
 * What a run compares with: what the last other run kept, and never what one of its own tries did, nor what
 * a run kept that never came to its end, for that one told nobody.
 */
export function lastFor(
	row: CheckMemoryRow | undefined,
	run: string,
	isOver: (run: string) => boolean,
): RememberedCheck | undefined {
	if (!row) return undefined;
	if (row.run !== run && isOver(row.run)) return { content: row.content, at: row.updated_at };
	if (row.previous === null) return undefined;
	return { content: row.previous, at: row.previous_at ?? row.updated_at };
}
