import { randomUUID } from 'node:crypto';
import { StoreError } from '../store-error';
import type { MovableStore, Table } from './movable';

export interface MovedTable {
	table: string;
	rows: number;
}

/** A definition may hold attachments of many MB. */
const ROWS_AT_ONCE: Readonly<Record<string, number>> = { campaign_definition: 1, receipt: 200 };
const MANY = 1_000;

/**
 * Moves everything that a store holds into an empty one. The old one is frozen first, and stays so: a
 * move that broke off is taken up again where it ended, and two stores are never in use at once.
 *
 * @returns the tables with their rows, after both ends were counted
 * @throws StoreError in words for the user; what was moved by then stays
 */
export async function moveStore(
	from: MovableStore,
	to: MovableStore,
	onProgress: (moved: MovedTable) => void = () => undefined,
): Promise<MovedTable[]> {
	const tables = await commonTables(from, to);
	const token = await begin(from, to, tables);
	if ((await to.mark())?.state === 'arriving') {
		for (const table of tables) await copy(from, to, table, onProgress);
		await to.renumber();
	}
	const moved = await compare(from, to, tables);
	await to.setMark({ state: 'arrived', token, other: from.name });
	await from.setMark({ state: 'left', token, other: to.name });
	return moved;
}

/** Gives a move up that is under way: the old store is in use again, the new one empty. */
export async function cancelMove(from: MovableStore, to: MovableStore): Promise<void> {
	const mark = await from.mark();
	if (mark?.state !== 'leaving')
		throw problem('moved', from, `No move from ${from.name} is under way.`);
	const there = await to.mark();
	if (there?.token === mark.token) {
		await to.clear();
		await to.setMark(undefined);
	}
	await from.thaw();
}

/** @returns what names the move, a new one or the one that broke off */
async function begin(
	from: MovableStore,
	to: MovableStore,
	tables: readonly Table[],
): Promise<string> {
	const [mark, there] = [await from.mark(), await to.mark()];
	if (mark?.state === 'leaving' || mark?.state === 'left') {
		if (there?.token === mark.token) return mark.token;
		const what = mark.state === 'left' ? 'was moved' : 'is being moved';
		throw problem('moved', from, `${from.name} ${what} to ${mark.other} already.`);
	}
	if (mark?.state === 'arriving')
		throw problem('moving', from, `A move from ${mark.other} has not ended. End that one first.`);
	if (there?.state === 'leaving' || there?.state === 'left')
		throw problem(
			'moved',
			to,
			`${to.name} was itself moved to ${there.other}. Choose a new place.`,
		);
	for (const table of tables)
		if ((await to.count(table)) > 0)
			throw problem(
				'notEmpty',
				to,
				`${to.name} is not empty, and stores are not mixed. Choose a schema or a folder that no mail store is in.`,
			);
	const token = randomUUID();
	await to.setMark({ state: 'arriving', token, other: from.name });
	if (await from.freeze({ state: 'leaving', token, other: to.name })) return token;
	await to.setMark(undefined);
	throw problem(
		'inUse',
		from,
		`Mails are being sent by ${from.name} at this moment. Wait for the end of the campaign, or pause it; then start the move again.`,
	);
}

/** Goes on behind the last row that arrived: rows come in the order of their key. */
async function copy(
	from: MovableStore,
	to: MovableStore,
	table: Table,
	onProgress: (moved: MovedTable) => void,
): Promise<void> {
	const limit = ROWS_AT_ONCE[table.name] ?? MANY;
	let rows = await to.count(table);
	let after = await to.lastKey(table);
	for (;;) {
		const page = await from.read(table, { after, limit });
		if (page.length === 0) return;
		await to.write(table, page);
		after = page.at(-1);
		rows += page.length;
		onProgress({ table: table.name, rows });
	}
}

async function compare(
	from: MovableStore,
	to: MovableStore,
	tables: readonly Table[],
): Promise<MovedTable[]> {
	const moved: MovedTable[] = [];
	for (const table of tables) {
		const [rows, arrived] = [await from.count(table), await to.count(table)];
		if (rows !== arrived)
			throw problem(
				'failed',
				to,
				`Of ${rows} rows of "${table.name}" ${arrived} arrived in ${to.name}. The old store is as it was: end the move with --cancel, then start it again.`,
			);
		moved.push({ table: table.name, rows });
	}
	return moved;
}

/** @throws Error for a table that only one of them has: a mistake of ours */
async function commonTables(from: MovableStore, to: MovableStore): Promise<Table[]> {
	const there = new Map((await to.tables()).map((table) => [table.name, table]));
	return (await from.tables()).map(({ name, columns, key }) => {
		const known = there.get(name)?.columns;
		if (!known) throw new Error(`${to.name} has no table "${name}".`);
		return { name, key, columns: columns.filter((column) => known.includes(column)) };
	});
}

function problem(
	kind: ConstructorParameters<typeof StoreError>[0],
	{ name }: MovableStore,
	message: string,
): StoreError {
	return new StoreError(kind, name, message.charAt(0).toUpperCase() + message.slice(1));
}
