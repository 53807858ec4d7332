import type { MoveMark } from './mark';

export type Cell = string | number | boolean | Uint8Array | null;
export type Row = Record<string, Cell>;

export interface Table {
	name: string;
	columns: readonly string[];
	/** The columns of its primary key, in order. */
	key: readonly string[];
}

/**
 * One end of a move: a store as tables and rows, whatever they mean. So nothing that is added to the
 * store can be forgotten here.
 */
export interface MovableStore {
	/** As messages name it. */
	readonly name: string;
	/** All that belongs to the store, in an order in which a row comes after those it refers to. */
	tables(): Promise<Table[]>;
	count(table: Table): Promise<number>;
	/** In the order of the key. */
	read(table: Table, page: { after?: Row; limit: number }): Promise<Row[]>;
	/** The key of the last row. */
	lastKey(table: Table): Promise<Row | undefined>;
	/** All of them, or none. */
	write(table: Table, rows: readonly Row[]): Promise<void>;
	mark(): Promise<MoveMark | undefined>;
	setMark(mark: MoveMark | undefined): Promise<void>;
	/**
	 * Sets the mark, and refuses every write from then on, of those as well who opened it before.
	 *
	 * @returns false, and changes nothing, while mails are on their way by it
	 */
	freeze(mark: MoveMark): Promise<boolean>;
	/** Takes the mark away, and writes again. */
	thaw(): Promise<void>;
	/** Empties it, of what a move that is given up has brought. */
	clear(): Promise<void>;
	/** New rows are numbered behind those that came. */
	renumber(): Promise<void>;
	close(): Promise<void>;
}

/** Held by a sender whose lease still runs. */
export const IN_HAND = `state IN ('claimed', 'dispatched') AND due_at >`;

/** A table that somebody refers to comes before those that refer to it. */
export function inOrder(tables: readonly Table[]): Table[] {
	const first = ['campaign', 'recipient'];
	const rank = ({ name }: Table) => (first.includes(name) ? first.indexOf(name) : first.length);
	return tables.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}
