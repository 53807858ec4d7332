import type { SQLInputValue } from 'node:sqlite';
import { inOrder, IN_HAND } from '../move/movable';
import type { Cell, MovableStore, Row, Table } from '../move/movable';
import { READ_MARK } from '../move/mark';
import type { MoveMark } from '../move/mark';
import { Database } from './database';

/** Tables that are about the store itself. */
const NOT_MOVED = ['schema_migration', 'store_move'];
const WRITES = ['INSERT', 'UPDATE', 'DELETE'];

/** The store in a file, as one end of a move. Opened even where it was moved. @throws StoreError */
export async function openMovableFile(file: string): Promise<MovableStore> {
	const database = await Database.open(file, {
		clock: Date.now,
		patienceMs: 15_000,
		evenIfMoved: true,
	});
	const rows = (sql: string, values: Record<string, Cell | undefined> = {}): Promise<Row[]> =>
		database.read(() => database.statement(sql).all(bound(values)) as Row[]);
	const write = (work: () => void): Promise<void> => database.alone('powerCut', work);

	async function tables(): Promise<Table[]> {
		const found = await rows(`
			SELECT t.name AS "table", c.name AS "column", c.pk
			FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
			WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' ORDER BY t.name, c.cid`);
		const byName = Map.groupBy(found, (row) => String(row.table));
		return inOrder(
			[...byName]
				.filter(([name]) => !NOT_MOVED.includes(name))
				.map(([name, columns]) => ({
					name,
					columns: columns.map(({ column }) => String(column)),
					key: columns
						.filter(({ pk }) => pk !== 0)
						.sort((a, b) => Number(a.pk) - Number(b.pk))
						.map(({ column }) => String(column)),
				})),
		);
	}

	function putMark(mark: MoveMark | undefined): void {
		database.execute('DELETE FROM store_move');
		if (!mark) return;
		const { state, token, other } = mark;
		database
			.statement('INSERT INTO store_move (state, token, other) VALUES (:state, :token, :other)')
			.run({ state, token, other });
	}

	return {
		name: `the embedded store ${file}`,
		tables,
		async count({ name }) {
			return Number((await rows(`SELECT count(*) AS rows FROM ${name}`))[0]?.rows);
		},
		read({ name, columns, key }, { after, limit }) {
			const behind = after ? `WHERE (${key.join()}) > (${key.map((one) => `:${one}`).join()})` : '';
			return rows(
				`SELECT ${columns.join()} FROM ${name} ${behind} ORDER BY ${key.join()} LIMIT :limit`,
				{ ...(after && Object.fromEntries(key.map((one) => [one, after[one]]))), limit },
			);
		},
		async lastKey({ name, key }) {
			const order = key.map((one) => `${one} DESC`).join();
			return (await rows(`SELECT ${key.join()} FROM ${name} ORDER BY ${order} LIMIT 1`))[0];
		},
		write({ name, columns }, page) {
			const values = columns.map((column) => `:${column}`).join();
			const insert = database.statement(
				`INSERT INTO ${name} (${columns.join()}) VALUES (${values})`,
			);
			return write(() => {
				for (const row of page) insert.run(bound(row));
			});
		},
		async mark() {
			return (await rows(READ_MARK))[0] as MoveMark | undefined;
		},
		setMark: (mark) =>
			write(() => {
				putMark(mark);
			}),
		async freeze(mark) {
			const all = await tables();
			return await database.alone('powerCut', () => {
				for (const held of ['recipient', 'receipt'])
					if (
						database
							.statement(`SELECT 1 FROM ${held} WHERE ${IN_HAND} :now`)
							.get({ now: Date.now() })
					)
						return false;
				for (const { name } of all)
					for (const change of WRITES)
						database.execute(`
							CREATE TRIGGER moved_${name}_${change} BEFORE ${change} ON ${name}
							BEGIN SELECT RAISE(ABORT, 'moved'); END`);
				putMark(mark);
				return true;
			});
		},
		async thaw() {
			const all = await tables();
			await write(() => {
				for (const { name } of all)
					for (const change of WRITES) database.execute(`DROP TRIGGER moved_${name}_${change}`);
				putMark(undefined);
			});
		},
		async clear() {
			const all = await tables();
			await write(() => {
				for (const { name } of all.toReversed()) database.execute(`DELETE FROM ${name}`);
			});
		},
		renumber: () => Promise.resolve(),
		close: () => database.close(),
	};
}

/** SQLite knows no booleans. */
function bound(row: Record<string, Cell | undefined>): Record<string, SQLInputValue> {
	return Object.fromEntries(
		Object.entries(row).map(([name, value]) => [
			name,
			typeof value === 'boolean' ? Number(value) : (value ?? null),
		]),
	);
}
