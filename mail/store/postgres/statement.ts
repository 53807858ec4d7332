/*
 * What goes to PostgreSQL and comes back: statements with named parameters, and values as it can
 * keep them.
 */

export type Value = string | number | boolean | Buffer | readonly (string | number | null)[];
export type Parameters = Readonly<Record<string, Value | null | undefined>>;

/** A statement and the order of its parameters; prepared by each connection on first use. */
export interface Statement<R extends object = object> {
	readonly text: string;
	readonly names: readonly string[];
	/** The shape of its rows: what the SQL selects, which TypeScript cannot check. */
	readonly row?: R;
}

/** Parameters are named `:name`; a cast (`::text`) is none. */
export function statement<R extends object = object>(sql: string): Statement<R> {
	const names: string[] = [];
	const text = sql.replace(/(?<!:):([a-z]\w*)/gi, (_, name: string) => {
		if (!names.includes(name)) names.push(name);
		return `$${names.indexOf(name) + 1}`;
	});
	return { text, names };
}

/**
 * The store's time, ms since the epoch: PostgreSQL's clock, which all workers share, or the one that
 * a test gives as `:now`. To be read once a statement, as `(SELECT now FROM clock)`: a volatile
 * function in a condition would keep the index from being used.
 */
export const CLOCK = `clock AS MATERIALIZED (
	SELECT coalesce(:now::bigint, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS now)`;
export const NOW = '(SELECT now FROM clock)';

/** In the statement's own order. What is left out is NULL. */
export function inOrder({ names }: Statement, parameters: Parameters): Bound[] {
	return names.map((name) => bound(parameters[name]));
}

export type Bound = string | boolean | Buffer | null;

export function bound(value: Parameters[string]): Bound {
	if (value === undefined || value === null) return null;
	if (typeof value === 'string') return encodeText(value);
	if (typeof value === 'number') return whole(value);
	if (Array.isArray(value)) return arrayLiteral(value as readonly (string | number | null)[]);
	return value as boolean | Buffer;
}

/**
 * The schema keeps whole numbers only: fractions of a ms are rounded up, and without end is as far as
 * whole numbers go.
 *
 * @throws RangeError for what is no number
 */
function whole(value: number): string {
	if (Number.isNaN(value)) throw new RangeError('A number for the mail store is no number.');
	const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number;
	return String(Math.min(Math.max(Math.ceil(value), MIN_SAFE_INTEGER), MAX_SAFE_INTEGER));
}

const MARK = '\u0001';

/**
 * PostgreSQL's text holds every character but U+0000, so that one is written as U+0001 U+0001, and
 * U+0001 as U+0001 U+0002: nothing is lost, and the order stays.
 */
export function encodeText(text: string): string {
	return /[\u0000\u0001]/.test(text)
		? text.replaceAll(MARK, `${MARK}\u0002`).replaceAll('\u0000', `${MARK}${MARK}`)
		: text;
}

export function decodeText(text: string): string {
	if (!text.includes(MARK)) return text;
	return text.replace(/\u0001([\u0001\u0002])/g, (_, which) => (which === MARK ? '\u0000' : MARK));
}

/** For `$1::text[]` and `$1::bigint[]` (PostgreSQL manual, 8.15.2). */
export function arrayLiteral(values: readonly (string | number | null)[]): string {
	return `{${values.map(arrayElement).join(',')}}`;
}

function arrayElement(value: string | number | null): string {
	if (value === null) return 'NULL';
	if (typeof value === 'number') return whole(value);
	const text = encodeText(value);
	return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}
