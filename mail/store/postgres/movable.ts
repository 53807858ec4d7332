import { createHash } from 'node:crypto';
import { READ_MARK } from '../move/mark';
import type { MoveMark } from '../move/mark';
import { IN_HAND, inOrder } from '../move/movable';
import type { Cell, MovableStore, Row, Table } from '../move/movable';
import { Line, quoted } from './line';
import { migrate } from './migrations';
import { nameOfPlace } from './place';
import type { PostgresPlace } from './place';
import { explain } from './problems';
import { arrayLiteral, bound } from './statement';
import type { Bound } from './statement';

/** Tables that are about the store itself. */
const NOT_MOVED = ['mail_store_migration', 'store_move'];

/** Counting a large table takes its time. */
const LONG_MS = 600_000;

interface ColumnRow {
	table: string;
	column: string;
	type: string;
	/** Its place in the primary key; null when it has none. */
	position: number | null;
}

const COLUMNS = `
	SELECT c.relname AS "table", a.attname AS "column", format_type(a.atttypid, NULL) AS type,
		array_position(k.conkey, a.attnum) AS position
	FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		AND a.attgenerated = ''
	LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid AND k.contype = 'p'
	WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND c.relkind = 'r'
	ORDER BY 1, a.attnum`;

/** The store in a schema, as one end of a move. Opened even where it was moved. @throws StoreError */
export async function openMovablePostgres(place: PostgresPlace): Promise<MovableStore> {
	const name = nameOfPlace(place);
	const line = new Line(place);
	const explained = async <T>(work: Promise<T>): Promise<T> => {
		try {
			return await work;
		} catch (error) {
			throw explain(error, name);
		}
	};
	const rows = <R extends object = Row>(sql: string, values: Bound[] = []): Promise<R[]> =>
		explained(line.query<R>(sql, values, LONG_MS));
	try {
		await explained(migrate(line, place, name, undefined));
		await rows(`SET statement_timeout = ${LONG_MS}`);
	} catch (error) {
		await line.close();
		throw error;
	}

	const columns = await rows<ColumnRow>(COLUMNS, [place.schema]);
	const typeOf = new Map(columns.map((one) => [`${one.table}.${one.column}`, one.type]));
	const all = tablesOf(columns);

	/** Commits, unless the work comes to `false`. */
	async function transact<T>(work: () => Promise<T>): Promise<T> {
		await rows('BEGIN');
		try {
			const result = await work();
			await rows(result === false ? 'ROLLBACK' : 'COMMIT');
			return result;
		} catch (error) {
			await rows('ROLLBACK').catch(() => {
				line.destroy();
			});
			throw error;
		}
	}

	async function putMark(mark: MoveMark | undefined): Promise<void> {
		await rows('DELETE FROM store_move');
		if (mark)
			await rows('INSERT INTO store_move (state, token, other) VALUES ($1, $2, $3)', [
				mark.state,
				mark.token,
				mark.other,
			]);
	}

	return {
		name: `PostgreSQL (${name})`,
		tables: () => Promise.resolve(all),
		async count(table) {
			const [counted] = await rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${table.name}`);
			return counted?.rows ?? 0;
		},
		async read(table, { after, limit }) {
			const { key } = table;
			const behind = after
				? `WHERE (${key.map(quoted).join()}) > (${key
						.map((one, n) => `$${n + 2}::text::${typeOf.get(`${table.name}.${one}`) ?? 'text'}`)
						.join()})`
				: '';
			const from = after ? key.map((one) => bound(after[one] as string | number)) : [];
			return await rows(
				`SELECT ${table.columns.map(quoted).join()} FROM ${table.name} ${behind}
				ORDER BY ${key.map(quoted).join()} LIMIT $1::int`,
				[String(limit), ...from.map((value) => (value === null ? null : String(value)))],
			);
		},
		async lastKey({ name: table, key }) {
			const order = key.map((one) => `${quoted(one)} DESC`).join();
			return (
				await rows(`SELECT ${key.map(quoted).join()} FROM ${table} ORDER BY ${order} LIMIT 1`)
			)[0];
		},
		async write({ name: table, columns: wanted }, page) {
			const made = [...wanted, ...(table === 'tracking_link' ? ['digest'] : [])];
			const arrays = made.map((column) => {
				const type = typeOf.get(`${table}.${column}`) ?? 'text';
				return arrayLiteral(page.map((row) => cellFor(type, valueOf(table, row, column))));
			});
			const unnested = made.map(
				(column, n) => `$${n + 1}::${typeOf.get(`${table}.${column}`) ?? 'text'}[]`,
			);
			await rows(
				`INSERT INTO ${table} (${made.map(quoted).join()}) OVERRIDING SYSTEM VALUE
				SELECT * FROM unnest(${unnested.join()})`,
				arrays,
			);
		},
		async mark() {
			return (await rows<MoveMark>(READ_MARK))[0];
		},
		setMark: (mark) => transact(() => putMark(mark)),
		freeze: (mark) =>
			transact(async () => {
				// Pages that were named and never written; the embedded store has none.
				await rows('DELETE FROM pace_page WHERE content IS NULL');
				await rows(`
					CREATE OR REPLACE FUNCTION refuse_since_moved() RETURNS trigger LANGUAGE plpgsql AS
					$$ BEGIN RAISE EXCEPTION 'moved' USING ERRCODE = 'SM001'; END $$`);
				// Waits for the writes that are under way, and lets nobody begin another.
				for (const table of all)
					await rows(`
						CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE ON ${table.name}
						FOR EACH STATEMENT EXECUTE FUNCTION refuse_since_moved()`);
				const [held] = await rows<{ held: boolean }>(`
					WITH clock AS (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now)
					SELECT EXISTS (SELECT 1 FROM recipient WHERE ${IN_HAND} (SELECT now FROM clock))
						OR EXISTS (SELECT 1 FROM receipt WHERE ${IN_HAND} (SELECT now FROM clock)) AS held`);
				if (held?.held !== false) return false;
				await putMark(mark);
				return true;
			}),
		thaw: () =>
			transact(async () => {
				for (const table of all) await rows(`DROP TRIGGER moved ON ${table.name}`);
				await putMark(undefined);
			}),
		clear: () =>
			transact(async () => {
				for (const table of all) await rows(`DELETE FROM ${table.name}`);
			}),
		async renumber() {
			const numbered = await rows<{ table: string; column: string }>(
				`SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns
				WHERE table_schema = $1 AND is_identity = 'YES'`,
				[place.schema],
			);
			for (const { table, column } of numbered)
				await rows(
					`SELECT setval(pg_get_serial_sequence($1, $2), coalesce(max(${quoted(column)}), 0) + 1, false)::text
					FROM ${quoted(table)}`,
					[`${quoted(place.schema)}.${quoted(table)}`, column],
				);
		},
		close: () => line.close(),
	};
}

function tablesOf(columns: readonly ColumnRow[]): Table[] {
	const byName = Map.groupBy(columns, ({ table }) => table);
	return inOrder(
		[...byName]
			.filter(([name]) => !NOT_MOVED.includes(name))
			.map(([name, own]) => ({
				name,
				columns: own.map(({ column }) => column),
				key: own
					.filter(({ position }) => position !== null)
					.sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
					.map(({ column }) => column),
			})),
	);
}

/** A link is found by the digest of its target, which the embedded store has no need of. */
function valueOf(table: string, row: Row, column: string): Cell {
	if (table === 'tracking_link' && column === 'digest')
		return createHash('sha256').update(String(row.target)).digest();
	return row[column] ?? null;
}

function cellFor(type: string, value: Cell): string | number | null {
	if (type === 'boolean') return value === null ? null : value ? 't' : 'f';
	if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
	return value as string | number | null;
}
